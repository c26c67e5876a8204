// Stations for tests that break things: made once by init, copied as often as needed, opened with whatever clock the test has.
// Nothing is simulated here: it is the product's own composition over real folders.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerifyRequest } from '../../src/cli/index.ts';
import type { VerifyResult } from '../../src/custody/index.ts';
import { initStation } from '../../src/daemon/init.ts';
import { placesOf } from '../../src/daemon/places.ts';
import { type OpenStationOptions, openArchive, openStation, type Station } from '../../src/daemon/station.ts';
import { vaultFolderOf } from '../../src/daemon/vaults.ts';
import { verifyStation } from '../../src/daemon/verify.ts';
import type { Entry, EntryOf, Receipt } from '../../src/evidence/index.ts';
import { type AcquisitionResult, type DockOrder, dockFolder, recoverSpool } from '../../src/ingest/index.ts';
import { type Config, readConfig, silentLog } from '../../src/platform/index.ts';

/** Who acts in these tests. */
export const ACTOR: Entry['actor'] = { kind: 'person', name: 'tester' };

/**
 * Settings that keep a station quick and to itself: nothing is looked into, no docks are watched, any camera may come, and the spool has
 * no reserve, so that the disk itself says when it is full.
 */
const CAMERAS = '[cameras]\nunknown = "allow"\nroots = []\nusb = false\n';
const QUICK = '\n[media]\nexamine = false\n\n[limits]\nspool_reserve_mib = 0\n';

/** A signal that never aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** Makes a station in a folder that is empty or not there; returns the path of its configuration. */
export async function makeStation(folder: string): Promise<string> {
  const { config } = await initStation({ directory: folder, actor: 'tester', version: '0' });
  const text = readFileSync(config, 'utf8');
  const quiet = text.replace(/^\[cameras\]\n(?:[^[\n].*\n)*/m, CAMERAS);
  assert.notEqual(quiet, text, 'a new configuration has a [cameras] table');
  writeFileSync(config, quiet + QUICK);
  return config;
}

/** A copy of a whole station under another folder; returns the path of its configuration. */
export function copyStation(config: string, to: string): string {
  cpSync(join(config, '..'), to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return join(to, 'docket.toml');
}

/** Opens a station as a command does. The caller closes it. */
export async function openIt(config: string | Config, options: Partial<OpenStationOptions> = {}): Promise<Station> {
  const read = typeof config === 'string' ? await readConfig(config) : config;
  return openStation(read, { log: silentLog, command: 'test', waitMs: 0, ...options });
}

/** Docks a folder as `docket dock` does: recovery first, then the folder. */
export async function dock(
  config: string,
  order: Omit<DockOrder, 'actor'>,
  options: Partial<OpenStationOptions> = {},
): Promise<AcquisitionResult> {
  await using station = await openIt(config, options);
  await recoverSpool(station.ports);
  return await dockFolder(station.ports, { ...order, actor: ACTOR }, () => undefined, never());
}

/** Verifies a station from its configuration, every byte unless told otherwise. */
export async function verify(config: string, request: Partial<VerifyRequest> = {}): Promise<VerifyResult> {
  return verifyStation(await readConfig(config), { quick: false, ...request }, () => undefined, never());
}

/** Every entry of a kind that is on record, from the ledger itself. */
export async function entriesOf<K extends Entry['kind']>(config: string, kind: K): Promise<EntryOf<K>[]> {
  await using archive = await openArchive(await readConfig(config));
  const view = archive.ports.ledger.view(archive.ports.tiles);
  const found: EntryOf<K>[] = [];
  for await (const { bytes } of view.entries(0)) {
    const entry = JSON.parse(bytes.toString('utf8')) as EntryOf<K>; // the ledger holds canonical JSON of entries only
    if (entry.kind === kind) found.push(entry);
  }
  return found;
}

/** Outcomes of a receipt by path. */
export function outcomesOf(receipt: Receipt): Record<string, string> {
  return Object.fromEntries(receipt.files.map((file) => [file.path.text, file.outcome]));
}

/** The paths of a station's state. */
export async function placesIn(config: string): Promise<ReturnType<typeof placesOf> & { readonly vault: string }> {
  const read = await readConfig(config);
  return { ...placesOf(read), vault: vaultFolderOf(read) ?? '' };
}
