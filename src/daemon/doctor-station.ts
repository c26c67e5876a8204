// The lines of docket doctor about a station's own files and its daemon.
// Never opens anything for writing: whether a folder can be written to is asked of the system.
import { access, constants } from 'node:fs/promises';
import { openCatalog } from '../catalog/index.ts';
import type { CheckLine } from '../cli/index.ts';
import { errnoOf, type Failure, isFailure, keyLabel } from '../evidence/index.ts';
import { compareWithStore, KeyHistory, type LedgerReader, openLedgerReader, readHeadKeys } from '../ledger/index.ts';
import { type Config, freeBytes, openDigestPool, systemClock } from '../platform/index.ts';
import { nextKeyPath } from '../seal/index.ts';
import { doubtful, failed, passed } from '../vault/index.ts';
import { openRing, signerInForce } from './keys.ts';
import { type LastBackup, readLastBackup } from './last-backup.ts';
import { placesOf } from './places.ts';
import { tileStoreOf } from './tiles.ts';
import { openVault } from './vaults.ts';

const MIB = 1_048_576;
const GIB = 1024 * MIB;
const DAY_MS = 86_400_000;
/** Below this much room for footage, in bytes, somebody should know: it is less than one camera's card. */
const LITTLE_ROOM_BYTES = 32 * GIB;
/** A backup older than this is of little use, in days: cameras were registered since, and the ledger went on. */
const BACKUP_DAYS = 30;

/** A size for people. */
export function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}

/** The key: there, only its owner's, and the one in force. */
export async function checkKey(config: Config): Promise<CheckLine[]> {
  try {
    const ring = await openRing(config);
    const keys = (await keysOf(config)) ?? KeyHistory.of(config.station.public_key);
    const signer = signerInForce(config, ring, keys);
    const since = keys.handovers.at(-1);
    const fits = since === undefined ? 'fits station.public_key' : `in force since ${since.entry.at}`;
    const lines = [passed('key', `${config.paths.key}: readable by its owner only, ${fits}`)];
    return ring.next === undefined ? lines : [...lines, unfinishedLine(config, signer === ring.next)];
  } catch (error) {
    return [lineOf('key', error)];
  }
}

function unfinishedLine({ paths }: Config, committed: boolean): CheckLine {
  const name = 'key replacement';
  const what = `${nextKeyPath(paths.key)} stands: a replacement was begun`;
  return committed
    ? doubtful(name, `${what} and is on record`, 'Start docketd, or run docket keys replace again: either finishes it')
    : doubtful(name, what, 'Run docket keys replace again, or remove that file');
}

/** The keys as the head tells them; undefined where it cannot be read, which its own line tells. */
async function keysOf(config: Config): Promise<KeyHistory | undefined> {
  try {
    return await readHeadKeys(placesOf(config).head, config.station.public_key);
  } catch (error) {
    if (!isFailure(error) || error.code === 'key-foreign') throw error;
    return undefined;
  }
}

/** The state folder and the disk of the spool. */
export async function checkState(config: Config): Promise<CheckLine[]> {
  const { state } = config.paths;
  const reserve = config.limits.spool_reserve_mib * MIB;
  try {
    await access(state, constants.R_OK | constants.W_OK | constants.X_OK);
    const free = await freeBytes(state);
    const room = `${state}: writable, ${gib(free)} free, ${gib(reserve)} of them kept (limits.spool_reserve_mib)`;
    if (free <= reserve) return [failed('state', room, 'Free space on this disk: no camera is copied until then')];
    if (free - reserve < LITTLE_ROOM_BYTES)
      return [doubtful('state', room, 'Free space on this disk: one full camera would not fit')];
    return [passed('state', room)];
  } catch (error) {
    const errno = errnoOf(error) ?? 'unknown error';
    return [
      failed('state', `${state} cannot be used: ${errno}`, AS_SERVICE[errno] ?? 'Mount its disk, or: docket restore'),
    ];
  }
}

/** The head: sound in itself, and a continuation of what stands in the vault; that is asked only of vaults that answer. */
export async function checkHead(config: Config, vaultsAnswer: boolean): Promise<CheckLine[]> {
  try {
    await using head = await openLedgerReader({ path: placesOf(config).head, verifier: config.station.public_key });
    const { size } = head.state().checkpoint;
    const standing = vaultsAnswer ? await compareHead(config, head) : [];
    return [passed('ledger', `${size} entries, signed and whole`), ...standing];
  } catch (error) {
    return [lineOf('ledger', error)];
  }
}

async function compareHead(config: Config, head: LedgerReader): Promise<CheckLine[]> {
  const name = 'ledger and vault';
  try {
    await using opening = new AsyncDisposableStack();
    const vault = opening.use(await openVault(config, opening.use(openDigestPool())));
    const tiles = tileStoreOf(vault, config.station.name);
    const { standing, checkpoint } = await compareWithStore(head.view(tiles), tiles);
    return [standingLine(name, standing, head.state().checkpoint.size - (checkpoint?.size ?? 0))];
  } catch (error) {
    return [lineOf(name, error)];
  }
}

function standingLine(name: string, standing: 'new' | 'missing' | 'behind' | 'current', ahead: number): CheckLine {
  const waiting = ahead === 0 ? 'the vault has every entry' : `the vault has all but ${ahead} entries`;
  switch (standing) {
    case 'current':
      return ahead === 0
        ? passed(name, waiting)
        : doubtful(name, waiting, 'docketd publishes by itself; if this stays, look at: docket status');
    case 'new':
      return doubtful(name, 'nothing was published yet', 'Start docketd, or dock something');
    case 'behind':
      return doubtful(
        name,
        'the vault shows an older ledger than was published there',
        'Find out who put an old copy back, then: docket verify',
      );
    case 'missing':
      return failed(
        name,
        'the vault holds nothing of this ledger, and did',
        'Look whether the right disk is mounted, then: docket verify',
      );
  }
}

/** The catalog; it can be made again at any time. */
export async function checkCatalog(config: Config): Promise<CheckLine[]> {
  const { catalog: path } = placesOf(config);
  try {
    await using catalog = await openCatalog({ path, mode: 'read' });
    const size = await sizeOfHead(config);
    if (size === undefined) return [];
    const what = `${catalog.appliedSize} of ${size} entries applied`;
    return [catalog.appliedSize >= size ? passed('catalog', what) : doubtful('catalog', what, 'docket rebuild')];
  } catch (error) {
    if (isFailure(error, 'catalog-broken') || isFailure(error, 'format-newer'))
      return [doubtful('catalog', error.message, error.next)];
    return [lineOf('catalog', error)];
  }
}

/** Entries of the ledger; undefined where its head cannot be read, which its own line tells. */
async function sizeOfHead(config: Config): Promise<number | undefined> {
  try {
    await using head = await openLedgerReader({ path: placesOf(config).head, verifier: config.station.public_key });
    return head.state().checkpoint.size;
  } catch (error) {
    if (isFailure(error) && (error.code.startsWith('ledger-') || error.code === 'format-newer')) return undefined;
    throw error;
  }
}

/** The last backup. */
export async function checkBackup(config: Config): Promise<CheckLine[]> {
  const last = await readLastBackup(placesOf(config).lastBackup);
  const next = 'docket backup FOLDER, on a disk that is kept elsewhere';
  if (last === undefined)
    return [doubtful('backup', 'never made here: without station.key nothing can be sealed again', next)];
  const days = Math.floor((systemClock.now() - Date.parse(last.at)) / DAY_MS);
  const what = `${days} day(s) old, ${last.ledgerSize} entries: ${last.folder}`;
  if (!(await holdsKeyInForce(config, last)))
    return [failed('backup', `${what}: it does not hold the key that is in force now`, next)];
  return [days > BACKUP_DAYS ? doubtful('backup', what, next) : passed('backup', what)];
}

/** A backup from before the key was replaced brings back a station that cannot seal. */
async function holdsKeyInForce(config: Config, { keys: held }: LastBackup): Promise<boolean> {
  const keys = await keysOf(config).catch((error: unknown) => {
    if (isFailure(error)) return undefined; // told by the line of the key
    throw error;
  });
  if (keys === undefined || keys.handovers.length === 0) return true;
  return held?.includes(keyLabel(keys.newest)) === true;
}

/** What to do where the system refuses this user. */
const AS_SERVICE: Readonly<Record<string, string>> = {
  EACCES: 'Run doctor as the user of the service: sudo -u docket docket doctor',
  EPERM: 'Run doctor as the user of the service: sudo -u docket docket doctor',
};

/** The line of a failure; a defect is thrown on. */
export function lineOf(check: string, error: unknown): CheckLine {
  if (!isFailure(error) || error.code === 'cancelled') throw error;
  return failed(check, error.message, AS_SERVICE[errnoBehind(error)] ?? error.next);
}

function errnoBehind({ cause }: Failure): string {
  return errnoOf(cause) ?? '';
}
