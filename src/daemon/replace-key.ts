// docket keys replace: a station goes on with a new key. Each step is durable before the next, and may be cut off:
//   1. everything waiting is recorded and published   2. station.key.next is made   3. a backup holds it
//   4. the entry key.replaced is committed under both keys: THE COMMIT POINT   5. it is published   6. the new key takes the old one's place
// Up to 3 nothing has changed and the same key is used again; after 4 every opening of the station does the rest. Never beside docketd.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnWork, ReplacedKey, ReplaceKeyRequest } from '../cli/index.ts';
import type { VerifyResult } from '../custody/index.ts';
import {
  type EntryOf,
  Failure,
  finding,
  formatInstant,
  formatKeyLine,
  isFailure,
  type Signer,
} from '../evidence/index.ts';
import { recoverSpool } from '../ingest/index.ts';
import { type Config, silentLog } from '../platform/index.ts';
import { ensureNextKey, nextKeyPath } from '../seal/index.ts';
import { backupStation } from './backup.ts';
import { NEXT_KEY } from './backup-files.ts';
import { spoolInHand } from './in-hand.ts';
import { finishReplacement } from './keys.ts';
import { readLastBackup } from './last-backup.ts';
import { placesOf } from './places.ts';
import { openStation, type Station } from './station.ts';
import { verifyStation } from './verify.ts';

type Replaced = Omit<ReplacedKey, 'verified'>;

/**
 * Replaces the key, or finishes a replacement that was cut off, and verifies. Failures: 'station-locked' (docketd runs), 'key-waits' (something
 * sealed is not on record), 'key-unsaved' (no backup holds the new key), vault-*, and as a backup.
 */
export async function replaceKey(
  config: Config,
  request: ReplaceKeyRequest,
  onWork: OnWork,
  signal: AbortSignal,
): Promise<ReplacedKey> {
  const replaced = await replaceUnderLock(config, request, signal);
  return { ...replaced, verified: await verifyOrTell(config, onWork, signal) };
}

/** The key is replaced whatever comes of it: a vault that is away must not make that look like a failure. */
async function verifyOrTell(config: Config, onWork: OnWork, signal: AbortSignal): Promise<VerifyResult> {
  try {
    return await verifyStation(config, { quick: true }, onWork, signal);
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { ok: false, checked: {}, findings: [finding('read-failed', 'verify', error.message)] };
  }
}

async function replaceUnderLock(config: Config, request: ReplaceKeyRequest, signal: AbortSignal): Promise<Replaced> {
  await using station = await openAlone(config);
  if (station.replaced) return { ...lastOf(station), resumed: true, backup: null };
  await settleAll(station);
  const next = await ensureNextKey(config.paths.key, config.station.name);
  const backup = await savedIn(config, request.backup);
  signal.throwIfAborted();
  handOver(station, request, next);
  // Crash here, or a vault that is away: the new key is in force, and whatever opens the station next goes on with this line.
  await finishReplacement(config, station.ports);
  return { ...lastOf(station), resumed: false, backup };
}

async function openAlone(config: Config): Promise<Station> {
  try {
    return await openStation(config, { log: silentLog, command: 'docket keys replace', waitMs: 0, needsVault: true });
  } catch (error) {
    if (!isFailure(error, 'station-locked')) throw error;
    const why = 'a docketd that runs would go on sealing with the old key, so stop it first: systemctl stop docketd';
    throw new Failure('station-locked', `${error.message}; ${why}`, { cause: error, facts: error.facts });
  }
}

/** What is sealed and not on record would be under a key that is no longer in force where its entry will stand. */
async function settleAll({ config, ports }: Station): Promise<void> {
  const { waiting } = await recoverSpool(ports);
  const [first] = waiting;
  const { acquisitions } = await spoolInHand(placesOf(config).spool);
  if (first !== undefined || acquisitions.size > 0)
    throw new Failure(
      'key-waits',
      `${acquisitions.size} acquisition(s) wait in the spool, sealed with the key that is to go: ${first?.reason.message ?? 'they are not finished'}`,
      { facts: { waiting: acquisitions.size }, cause: first?.reason },
    );
  await ports.publisher.publish();
}

/** The backup that holds the new key: whoever lost that key could not go on. One is made in `outDir` unless the last one holds it. */
async function savedIn(config: Config, outDir: string | undefined): Promise<string> {
  const { folder, holds } = await lastBackup(config);
  if (holds && folder !== undefined) return folder;
  if (outDir !== undefined) {
    await backupStation(config, outDir);
    return await savedIn(config, undefined); // read back
  }
  const where =
    folder === undefined ? 'no backup is noted' : `the last one, ${folder}, does not hold it or is not mounted`;
  throw new Failure('key-unsaved', `the new key must be in a backup before it comes into force, and ${where}`);
}

async function lastBackup(config: Config): Promise<{ readonly folder: string | undefined; readonly holds: boolean }> {
  const folder = (await readLastBackup(placesOf(config).lastBackup))?.folder;
  if (folder === undefined) return { folder, holds: false };
  const own = await readFile(nextKeyPath(config.paths.key));
  const kept = await readFile(join(folder, NEXT_KEY)).catch(() => undefined); // one that cannot be read is as good as none
  return { folder, holds: kept?.equals(own) === true };
}

function handOver({ ports }: Station, { reason, actor }: ReplaceKeyRequest, next: Signer): void {
  const entry: EntryOf<'key.replaced'> = {
    v: 1,
    kind: 'key.replaced',
    at: formatInstant(ports.clock.now()),
    actor: { kind: 'person', name: actor },
    old: formatKeyLine(ports.signer),
    new: formatKeyLine(next),
    reason,
  };
  ports.recorder.handOver(entry, next);
}

function lastOf({ config, ports }: Station): Pick<Replaced, 'station' | 'old' | 'new' | 'index' | 'reason'> {
  const last = ports.ledger.state().keys.handovers.at(-1);
  if (last === undefined) throw new Error('defect: no key was replaced');
  const { index, entry } = last;
  return { station: config.station.name, old: entry.old, new: entry.new, index, reason: entry.reason };
}
