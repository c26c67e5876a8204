// Bringing a tile store up to a head: full tiles, partial tiles, and last the checkpoint, which never goes back.
// Idempotent: after a crash anywhere the same call does the rest, and every object written ahead of the checkpoint is written again
// with the same bytes. Never drops anything from the head; the ledger does, once this has returned.
import { Failure } from '../evidence/index.ts';
import { encodeBundle, hashEntries } from './bundle.ts';
import type { Checkpoint } from './checkpoint.ts';
import { prunedBelow } from './head-check.ts';
import type { HeadRows } from './head-rows.ts';
import type { TileStore } from './store.ts';
import { hashesAt, MAX_LEVEL, TILE_WIDTH, tilePath } from './tile.ts';

/** Writes what the store lacks of the tree of `target`. Throws Failure 'vault-mismatch' or what the store throws. */
export async function putTree(
  rows: HeadRows,
  target: Checkpoint,
  store: TileStore,
  signal?: AbortSignal,
): Promise<void> {
  const floor = rows.firstEntry() ?? target.size;
  for (let level = 0; level <= MAX_LEVEL; level += 1) {
    const count = hashesAt(target.size, level);
    for (let at = prunedBelow(floor, level); at < count; at += TILE_WIDTH) {
      signal?.throwIfAborted();
      const width = Math.min(TILE_WIDTH, count - at);
      if (level === 0) await putEntries(rows, at, width, store);
      else
        await put(
          store,
          tilePath(level, at / TILE_WIDTH, width),
          width,
          mustHold(rows.tile(level, at / TILE_WIDTH, width)),
        );
    }
  }
}

async function putEntries(rows: HeadRows, from: number, width: number, store: TileStore): Promise<void> {
  const entries = mustHold(rows.entries(from, from + width));
  const index = from / TILE_WIDTH;
  await put(store, tilePath('entries', index, width), width, encodeBundle(entries));
  await put(store, tilePath(0, index, width), width, hashEntries(entries));
}

/** A full object is read back, because the head lets go of its rows afterwards; a partial one stays in the head. */
async function put(store: TileStore, path: string, width: number, bytes: Buffer): Promise<void> {
  if (width < TILE_WIDTH) return store.putPartial(path, bytes);
  await store.putFull(path, bytes);
  const back = await store.read(path);
  if (back?.equals(bytes) !== true)
    throw new Failure('vault-mismatch', `${path} was written to the vault, but other bytes were read back`);
}

/** Puts the checkpoint in place and reads it back. Throws Failure 'vault-mismatch' or what the store throws. */
export async function putCheckpoint(store: TileStore, target: Checkpoint): Promise<void> {
  await store.replaceCheckpoint(target.text);
  if ((await store.readCheckpoint()) !== target.text)
    throw new Failure('vault-mismatch', 'the checkpoint was written to the vault, but another one was read back');
}

function mustHold<T>(rows: T | undefined): T {
  if (rows === undefined)
    throw new Failure('ledger-corrupt', 'the ledger head lacks rows that it has not published yet');
  return rows;
}
