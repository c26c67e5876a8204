// Copying a published ledger into another store: tiles and bundles of one signed state, each proven before it is written, the checkpoint last.
// Never copies bytes as they are found: what is written once and locked must be right.
import { Failure } from '../evidence/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import { putCheckpoint, putHandovers } from './publish.ts';
import type { TileStore } from './store.ts';
import { hashesAt, MAX_LEVEL, TILE_WIDTH, type TileKind, type TileName, tilePath } from './tile.ts';
import type { LedgerView } from './view.ts';

/** How a tree is copied. */
export interface CopyTreeOptions {
  /** Full tiles of the first `from` entries are known to stand already. */
  readonly from: number;
  readonly signal?: AbortSignal | undefined;
}

/** Writes what the store lacks of the tree of `target`; durable when it resolves. Throws Failure 'vault-mismatch', 'vault-conflict', or what the stores throw. */
export async function copyTree(
  view: LedgerView,
  target: Checkpoint,
  store: TileStore,
  { from, signal }: CopyTreeOptions,
): Promise<void> {
  for (const name of objectsOf(target.size, from)) {
    signal?.throwIfAborted();
    await copyObject(view, name, store);
  }
  await putHandovers(view.state().keys, target, store, 0); // few, and without them nobody could believe the newest checkpoint
}

/** Gives a store the checkpoint of a tree that stands there in full. */
export async function copyCheckpoint(target: Checkpoint, store: TileStore): Promise<void> {
  await putCheckpoint(store, target, 0);
}

/** Tiles and bundles of a tree of `size` that may lack in a store that has all of the first `from` entries. */
function* objectsOf(size: number, from: number): Iterable<TileName> {
  const kinds: readonly TileKind[] = ['entries', ...Array.from({ length: MAX_LEVEL + 1 }, (_, level) => level)];
  for (const kind of kinds) {
    const level = kind === 'entries' ? 0 : kind;
    const count = hashesAt(size, level);
    for (let index = Math.floor(hashesAt(from, level) / TILE_WIDTH); index * TILE_WIDTH < count; index += 1)
      yield { kind, index, width: Math.min(TILE_WIDTH, count - index * TILE_WIDTH) };
  }
}

async function copyObject(view: LedgerView, name: TileName, store: TileStore): Promise<void> {
  const path = tilePath(name.kind, name.index, name.width);
  const bytes = await view.object(name);
  const there = await store.read(path);
  if (there?.equals(bytes) === true) return;
  if (there !== undefined) throw new Failure('vault-conflict', `other bytes stand at ${path}`);
  await (name.width < TILE_WIDTH ? store.putPartial(path, bytes) : store.putFull(path, bytes));
}
