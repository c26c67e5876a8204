// Bringing a tile store up to a head: entries first, then tiles, and last the checkpoint, which never goes back.
// Idempotent: after a crash anywhere the same call does the rest, and every object written ahead of the checkpoint is written again
// with the same bytes. Never drops anything from the head; the ledger does, once this has returned.
import { Failure } from '../evidence/index.ts';
import { encodeBundle, hashEntries } from './bundle.ts';
import type { Checkpoint } from './checkpoint.ts';
import { handoverPath } from './handover.ts';
import { prunedBelow } from './head-check.ts';
import type { HeadRows } from './head-rows.ts';
import type { KeyHistory } from './key-history.ts';
import type { TileStore } from './store.ts';
import { hashesAt, MAX_LEVEL, TILE_WIDTH, tilePath } from './tile.ts';

/** Writes the entry bundles that the store lacks of `target`. Throws as putTiles. */
export async function putEntries(
  rows: HeadRows,
  target: Checkpoint,
  store: TileStore,
  signal?: AbortSignal,
): Promise<void> {
  for (const { at, width } of missingOf(rows, target, 0, signal))
    await put(
      store,
      tilePath('entries', at / TILE_WIDTH, width),
      width,
      encodeBundle(mustHold(rows.entries(at, at + width))),
    );
}

/** Writes the tiles that the store lacks of the tree of `target`. Throws Failure 'vault-mismatch' or what the store throws. */
export async function putTiles(
  rows: HeadRows,
  target: Checkpoint,
  store: TileStore,
  signal?: AbortSignal,
): Promise<void> {
  for (let level = 0; level <= MAX_LEVEL; level += 1)
    for (const { at, width } of missingOf(rows, target, level, signal)) {
      const tile =
        level === 0 ? hashEntries(mustHold(rows.entries(at, at + width))) : rows.tile(level, at / TILE_WIDTH, width);
      await put(store, tilePath(level, at / TILE_WIDTH, width), width, mustHold(tile));
    }
}

/** First hash and width of each tile of a level that the head has not let go of. */
function* missingOf(
  rows: HeadRows,
  target: Checkpoint,
  level: number,
  signal: AbortSignal | undefined,
): Iterable<{ readonly at: number; readonly width: number }> {
  const count = hashesAt(target.size, level);
  for (let at = prunedBelow(rows.firstEntry() ?? target.size, level); at < count; at += TILE_WIDTH) {
    signal?.throwIfAborted();
    yield { at, width: Math.min(TILE_WIDTH, count - at) };
  }
}

/** A full object is read back, because the head lets go of its rows afterwards; a partial one stays in the head. */
async function put(store: TileStore, path: string, width: number, bytes: Buffer): Promise<void> {
  if (width < TILE_WIDTH) return store.putPartial(path, bytes);
  await store.putFull(path, bytes);
  const back = await store.read(path);
  if (back?.equals(bytes) !== true)
    throw new Failure('vault-mismatch', `${path} was written to the vault, but other bytes were read back`);
}

/** Writes the handovers that a store with the first `since` entries may lack of `target`. Throws what the store throws. */
export async function putHandovers(
  keys: KeyHistory,
  target: Checkpoint,
  store: TileStore,
  since: number,
): Promise<void> {
  for (const [at, { checkpoint, text }] of keys.handovers.entries())
    if (checkpoint.size > since && checkpoint.size <= target.size)
      await store.putFull(handoverPath(at + 1), Buffer.from(text, 'utf8'));
}

/** Puts the checkpoint in place where the entries before `since` stand already, and compares what stands there then. Throws Failure 'vault-mismatch' or what the store throws. */
export async function putCheckpoint(store: TileStore, target: Checkpoint, since: number): Promise<void> {
  await store.replaceCheckpoint(target.text, since);
  if ((await store.holdsCheckpoint?.(target.text)) === true) return;
  if ((await store.readCheckpoint()) !== target.text)
    throw new Failure('vault-mismatch', 'the checkpoint was written to the vault, but another one was read back');
}

function mustHold<T>(rows: T | undefined): T {
  if (rows === undefined)
    throw new Failure('ledger-corrupt', 'the ledger head lacks rows that it has not published yet');
  return rows;
}
