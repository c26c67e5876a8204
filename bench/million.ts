// A station with a million items: how fast the catalog answers, how much of the ledger a proof reads, how soon docketd is ready.
// Entries go through the ledger and the catalog in batches and are published to a directory vault; there are no payloads behind them.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openCatalog } from '../src/catalog/index.ts';
import { placesOf } from '../src/daemon/places.ts';
import { tileStoreOf } from '../src/daemon/tiles.ts';
import { openVault } from '../src/daemon/vaults.ts';
import { encodeEntry } from '../src/evidence/index.ts';
import { type Ledger, openLedger, openLedgerReader, type TileStore, verifyInclusion } from '../src/ledger/index.ts';
import { type Config, openDigestPool, readConfig, systemClock } from '../src/platform/index.ts';
import { openStationKey } from '../src/seal/index.ts';
import { askCatalog, batches, TARGETS } from './catalog.ts';
import { catalogEntries, makeRandom } from './catalog-data.ts';
import type { Context } from './context.ts';
import { atMost, type Line, median, type Report } from './report.ts';
import { makeStation, startDaemon } from './station.ts';

const ITEMS = 1_000_000;
const BATCH_ENTRIES = 2_000;
/** Batches between two publications. */
const PUBLISH_BATCHES = 50;
const PROOFS = 300;
/** Starts of docketd; the first comes after everything was closed in order, like all others. */
const STARTS = 5;
/** Tiles of 256 hashes that a proof in a tree of a million may touch: one per level on the way up, and the edge of each level. */
const MAX_TILES = 6;

/** Measures the catalog, proofs and the start of the daemon at a million items. */
export async function benchMillion(context: Context): Promise<readonly Report[]> {
  const folder = join(context.folder, 'station-million');
  const config = await readConfig(await makeStation(folder, { examine: true }));
  try {
    const made = await fill(config, context.say);
    return [await measureCatalog(config, made), await measureProofs(config), await measureStart(config)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fills the station; returns what the catalog took per second. */
async function fill(config: Config, say: (text: string) => void): Promise<Line> {
  const places = placesOf(config);
  const signer = await openStationKey(config.paths.key, config.station.name);
  await using digests = openDigestPool();
  await using vault = await openVault(config, digests);
  await using ledger = await openLedger({ path: places.head, signer });
  await using catalog = await openCatalog({ path: places.catalog, mode: 'write' });
  const tiles = tileStoreOf(vault, config.station.name);
  let [applied, applyMs, batchNumber] = [0, 0, 0];
  for (const batch of batches(catalogEntries({ items: ITEMS }), BATCH_ENTRIES)) {
    const { firstIndex } = ledger.append(batch.map(({ entry }) => encodeEntry(entry)));
    const before = systemClock.elapsedMs();
    catalog.apply(batch.map(({ entry }, at) => ({ index: firstIndex + at, entry })));
    applyMs += systemClock.elapsedMs() - before;
    applied += batch.length;
    batchNumber += 1;
    if (batchNumber % PUBLISH_BATCHES !== 0) continue;
    await publish(ledger, tiles);
    say(`${applied} entries appended, applied and published`);
  }
  await publish(ledger, tiles);
  return { what: `entries applied (${applied})`, value: `${((applied / applyMs) * 1000).toFixed(0)} /s` };
}

async function publish(ledger: Ledger, tiles: TileStore): Promise<void> {
  await ledger.publish(tiles);
}

async function measureCatalog(config: Config, made: Line): Promise<Report> {
  const rows = await askCatalog(placesOf(config).catalog, ITEMS);
  const lines = rows.map(({ what, p50, p99 }): Line => {
    const limit = TARGETS.get(what);
    const value = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    return limit === undefined ? { what, value } : { ...atMost(what, p99, limit, 'ms'), value };
  });
  return {
    name: 'million',
    title: 'the catalog with a million items',
    lines: [...lines, made],
    notes: ['Targets are held against p99.'],
  };
}

/** Each proof from a reader of its own, so that nothing is remembered from the proof before. */
async function measureProofs(config: Config): Promise<Report> {
  await using digests = openDigestPool();
  await using vault = await openVault(config, digests);
  const tiles = tileStoreOf(vault, config.station.name);
  await using reader = await openLedgerReader({ path: placesOf(config).head, verifier: config.station.public_key });
  const { size, root } = reader.state().checkpoint;
  const random = makeRandom(7);
  const reads: number[] = [];
  const times: number[] = [];
  for (let n = 0; n < PROOFS; n += 1) {
    const index = Math.floor(random() * size);
    let count = 0;
    const counting = {
      read: (path: string): Promise<Buffer | undefined> => {
        count += 1;
        return tiles.read(path);
      },
    };
    const before = systemClock.elapsedMs();
    const proof = await reader.view(counting).inclusionProof(index, size);
    times.push(systemClock.elapsedMs() - before);
    reads.push(count);
    const leaf = await reader.view(tiles).leafHash(index);
    if (!verifyInclusion(leaf, index, size, proof, root))
      throw new Error(`the proof of entry ${index} does not verify`);
  }
  return {
    name: 'million',
    title: `proofs in a ledger of ${size} entries`,
    lines: [
      atMost('tiles read from the vault for a proof, most', Math.max(...reads), MAX_TILES, 'tiles', 0),
      { what: 'tiles read, median', value: `${median(reads)}` },
      { what: 'time for a proof, median', value: `${median(times).toFixed(2)} ms` },
    ],
    notes: [`${PROOFS} entries by chance, each proof checked against the signed root.`],
  };
}

async function measureStart(config: Config): Promise<Report> {
  const times: number[] = [];
  for (let n = 0; n < STARTS; n += 1) {
    await using daemon = await startDaemon(config.file);
    times.push(daemon.readyMs);
  }
  return {
    name: 'million',
    title: 'start of docketd with a million items, until it is ready',
    lines: [
      atMost('start, median', median(times) / 1000, 1, 's'),
      {
        what: 'fastest and slowest',
        value: `${Math.min(...times).toFixed(0)} ms, ${Math.max(...times).toFixed(0)} ms`,
      },
    ],
    notes: [`${STARTS} starts after an orderly stop, from the page cache.`],
  };
}
