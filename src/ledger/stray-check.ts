// Every object under a ledger's prefix is looked at: older partial tiles must be beginnings of the full ones, and nothing else may be there.
// Reads the list once; keeps a few tiles in memory; never writes.
import { isFailure } from '../evidence/index.ts';
import { decodeBundle, hashEntries } from './bundle.ts';
import { type Findings, formatIndices } from './findings.ts';
import { parseHandoverPath } from './handover.ts';
import { HASH_BYTES } from './hashing.ts';
import type { HeadView } from './head-view.ts';
import type { KeyHistory } from './key-history.ts';
import type { TileStore } from './store.ts';
import { CHECKPOINT_PATH, hashesAt, parseTilePath, TILE_WIDTH, type TileName, tilePath } from './tile.ts';
import { describeTile, differences, readFailed, split } from './tree-check.ts';

/** What the check needs. */
export interface StrayCheckParts {
  readonly store: TileStore;
  readonly head: HeadView | undefined;
  /** Their handovers are looked at by the check of the keys. */
  readonly keys: KeyHistory;
  /** Entries of the tree already checked in full. */
  readonly size: number;
  /** True hashes of damaged tiles and of the right edge, by path. */
  readonly truth: ReadonlyMap<string, Buffer>;
  readonly findings: Findings;
  readonly signal: AbortSignal | undefined;
}

/** Checks what the pass over the tree did not: every listed object that is not a tile or bundle of the tree of `size`. */
export async function checkStrays(parts: StrayCheckParts): Promise<void> {
  const known = new KnownTiles(parts);
  for await (const path of parts.store.list()) {
    parts.signal?.throwIfAborted();
    if (path === CHECKPOINT_PATH) continue;
    if (isHandover(parts.keys, path)) continue;
    const name = parseTilePath(path);
    if (name === undefined)
      parts.findings.add('object-stray', path, 'it is neither a checkpoint nor a tile nor a handover');
    else if (!isOfTree(name, parts.size)) await checkOne(parts, known, path, name);
  }
}

function isHandover({ handovers }: KeyHistory, path: string): boolean {
  const number = parseHandoverPath(path);
  return number !== undefined && number <= handovers.length + 1; // the next one, where it does not hold, is named already
}

/** True for the tiles and bundles that a tree of `size` consists of: the pass over the tree has checked them. */
function isOfTree({ kind, index, width }: TileName, size: number): boolean {
  const count = hashesAt(size, kind === 'entries' ? 0 : kind);
  return width === Math.min(TILE_WIDTH, count - index * TILE_WIDTH);
}

async function checkOne(parts: StrayCheckParts, known: KnownTiles, path: string, name: TileName): Promise<void> {
  try {
    const truth = await known.read(name.kind === 'entries' ? 0 : name.kind, name.index, name.width);
    if (truth === undefined) return parts.findings.add('object-stray', path, 'no checkpoint reaches it');
    const bytes = await parts.store.read(path);
    if (bytes === undefined) return; // listed a moment ago and not needed: a partial tile may be deleted once the full one is there
    if (name.kind === 'entries') checkEntries(parts, path, name, bytes, truth);
    else checkTile(parts, path, name, bytes, truth);
  } catch (error) {
    if (!isFailure(error) || error.code === 'cancelled') throw error;
    parts.findings.add('read-failed', path, readFailed(error));
  }
}

function checkTile(parts: StrayCheckParts, path: string, { width }: TileName, bytes: Buffer, truth: Buffer): void {
  if (bytes.length !== width * HASH_BYTES)
    return parts.findings.add('tile-altered', path, `the tile has ${bytes.length} bytes, not ${width * HASH_BYTES}`);
  const wrong = differences(bytes, split(truth.subarray(0, bytes.length)));
  if (wrong.length > 0) parts.findings.add('tile-altered', path, describeTile(wrong));
}

function checkEntries(
  parts: StrayCheckParts,
  path: string,
  { index, width }: TileName,
  bytes: Buffer,
  truth: Buffer,
): void {
  const { entries, exact } = decodeBundle(bytes);
  const wrong = differences(truth, split(hashEntries(entries.slice(0, width))));
  for (let at = entries.length; at < width; at += 1) wrong.push(at);
  const positions = wrong.map((at) => index * TILE_WIDTH + at);
  if (wrong.length > 0)
    parts.findings.add(
      'entry-altered',
      path,
      `${wrong.length === 1 ? 'entry' : 'entries'} ${formatIndices(positions)} not what the tree says`,
    );
  else if (!exact || entries.length !== width)
    parts.findings.add('entry-altered', path, `after its ${width} entries the bundle holds bytes that belong to none`);
}

/** True hashes of any tile, from what the pass left, the checked store, or the head; remembers the last ones, since lists are mostly sorted. */
class KnownTiles {
  readonly #parts: StrayCheckParts;
  readonly #last = new Map<number, { readonly index: number; readonly bytes: Buffer }>();

  constructor(parts: StrayCheckParts) {
    this.#parts = parts;
  }

  /** At least `width` hashes, or undefined when nothing reaches so far. */
  async read(level: number, index: number, width: number): Promise<Buffer | undefined> {
    const { size, truth, head, store } = this.#parts;
    const known = Math.min(TILE_WIDTH, hashesAt(size, level) - index * TILE_WIDTH);
    if (width > known) return head?.rows.tile(level, index, width);
    const path = tilePath(level, index, known);
    const kept = truth.get(path);
    if (kept !== undefined) return kept;
    const last = this.#last.get(level);
    if (last?.index === index) return last.bytes;
    const bytes = await store.read(path);
    // A damaged tile beyond those kept is reported already; its older copies cannot be compared with it.
    if (bytes === undefined || bytes.length !== known * HASH_BYTES) return head?.rows.tile(level, index, width);
    this.#last.set(level, { index, bytes });
    return bytes;
  }
}
