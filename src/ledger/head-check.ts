// The check of a head's rows on every open: everything the head holds is recomputed up to its signed root.
// Costs the length of the unpublished tail, at most 255 hashes per level besides; never reads a store.
import { Failure, isFailure, type Verifier } from '../evidence/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import { handoverPath } from './handover.ts';
import { HASH_BYTES, hashAt, leafHash } from './hashing.ts';
import type { HeadRows } from './head-rows.ts';
import type { HeadState } from './head-view.ts';
import { KeyHistory } from './key-history.ts';
import { CompactRange, type EdgeHash, TILE_HEIGHT } from './range.ts';
import { hashesAt, MAX_LEVEL, rightEdge, TILE_WIDTH } from './tile.ts';

/** A head that fits its signed root. */
export interface CheckedHead {
  readonly checkpoint: Checkpoint;
  readonly published: Checkpoint | undefined;
  readonly keys: KeyHistory;
  /** The tree of all entries. */
  readonly range: CompactRange;
}

/** Entries whose full bundles and tiles are pruned from a head that is published up to `size`. */
export function prunedBelow(size: number, level: number): number {
  return Math.floor(hashesAt(size, level) / TILE_WIDTH) * TILE_WIDTH;
}

/** Checks a head whose first key is `first`. Throws Failure 'ledger-corrupt', 'ledger-foreign' or 'key-foreign'. */
export function checkHead(rows: HeadRows, first: Verifier, path: string): CheckedHead {
  const wrong = (what: string): Failure => new Failure('ledger-corrupt', `the ledger head ${path} is damaged: ${what}`);
  const { checkpoint, published, keys } = openTexts(rows, first, path);
  const floor = rows.firstEntry() ?? checkpoint.size;
  if (floor % TILE_WIDTH !== 0 || floor > checkpoint.size) throw wrong('its first entries are missing');
  if (floor > prunedBelow(published?.size ?? 0, 0))
    throw wrong(`entries before ${floor} are missing and were never published`);
  checkExtents(rows, floor, checkpoint.size, wrong);
  const range = rangeAt(floor, rows, wrong);
  const signed = signedStates(published, keys);
  checkSigned(range, signed, wrong);
  for (let at = floor; at < checkpoint.size; at += TILE_WIDTH) {
    const entries = rows.entries(at, Math.min(at + TILE_WIDTH, checkpoint.size));
    if (entries === undefined) throw wrong(`an entry after ${at} is missing`);
    for (const entry of entries) {
      for (const hash of range.push(leafHash(entry)))
        if (!isHeld(rows, hash))
          throw wrong(`the hash ${hash.position} of level ${hash.level} does not fit the entries`);
      checkSigned(range, signed, wrong);
    }
  }
  if (!range.root().equals(checkpoint.root)) throw wrong('its entries and hashes do not add up to its signed root');
  return { checkpoint, published, keys, range };
}

/** Signed states beside the newest one, by their size. */
function signedStates(published: Checkpoint | undefined, keys: KeyHistory): ReadonlyMap<number, [Checkpoint, string]> {
  const states = keys.handovers.map((each): [Checkpoint, string] => [each.checkpoint, 'the handover to a new key']);
  if (published !== undefined) states.push([published, 'the checkpoint it published']);
  return new Map(states.map((each) => [each[0].size, each]));
}

function checkSigned(
  range: CompactRange,
  signed: ReturnType<typeof signedStates>,
  wrong: (what: string) => Failure,
): void {
  const [checkpoint, what] = signed.get(range.size) ?? [];
  if (checkpoint !== undefined && !range.root().equals(checkpoint.root))
    throw wrong(`${what} at ${range.size} does not fit its entries`);
}

/** The signed texts of a head, its keys among them. Throws Failure 'ledger-corrupt', 'ledger-foreign' or 'key-foreign'. */
export function openTexts(rows: HeadRows, first: Verifier, path: string): HeadState {
  try {
    const texts = rows.texts();
    const keys = openKeys(rows, KeyHistory.of(first), path); // after the texts: a replacement in between is none of theirs
    const checkpoint = keys.open(texts.checkpoint, `the ledger head ${path}`);
    const published =
      texts.published === null ? undefined : keys.open(texts.published, `the published checkpoint in ${path}`);
    if (published !== undefined && published.size > checkpoint.size)
      throw new Failure('ledger-corrupt', `the ledger head ${path} is older than what it published`);
    if (keys.size > checkpoint.size)
      throw new Failure('ledger-corrupt', `the ledger head ${path} is older than its newest key`);
    return { checkpoint, published, keys };
  } catch (error) {
    if (isFailure(error, 'signature-invalid')) throw new Failure('ledger-corrupt', error.message, { cause: error });
    throw error;
  }
}

/** The keys of a head; `known` are not opened again. Throws Failure as KeyHistory.with. */
export function openKeys(rows: HeadRows, known: KeyHistory, path: string): KeyHistory {
  return rows
    .handovers()
    .slice(known.handovers.length)
    .reduce(
      (keys, text) => keys.with(text, `${handoverPath(keys.handovers.length + 1)} in the ledger head ${path}`),
      known,
    );
}

function checkExtents(rows: HeadRows, floor: number, size: number, wrong: (what: string) => Failure): void {
  for (const [level, { count, low, high }] of rows.extents()) {
    const from = prunedBelow(floor, level);
    const to = hashesAt(size, level);
    if (level > MAX_LEVEL || low < from || high >= to || count > to - from)
      throw wrong(`it holds rows of level ${level} that do not belong to it`);
  }
}

/** The tree of the first `floor` entries, from the hashes held of its right edge. */
function rangeAt(floor: number, rows: HeadRows, wrong: (what: string) => Failure): CompactRange {
  const range = new CompactRange();
  for (const { level, index, width } of rightEdge(floor)) {
    const hashes = rows.tile(level, index, width);
    if (hashes === undefined) throw wrong(`hashes of level ${level} are missing`);
    for (let at = 0; at < hashes.length / HASH_BYTES; at += 1)
      range.pushSubtree(hashAt(hashes, at), level * TILE_HEIGHT);
  }
  return range;
}

function isHeld(rows: HeadRows, { level, position, hash }: EdgeHash): boolean {
  return rows.edge(level, position, position + 1)?.equals(hash) === true;
}
