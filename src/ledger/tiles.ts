// Tiles that are proven before they are used: from the head while it holds them, else from the store, checked hash by hash up to
// what the head holds. Keeps at most CACHED_TILES of them. Never returns a byte that does not fit the head's signed root.
import { Failure } from '../evidence/index.ts';
import { decodeBundle, hashEntries } from './bundle.ts';
import { hashAt, perfectRoot } from './hashing.ts';
import type { HeadView } from './head-view.ts';
import type { TileStore } from './store.ts';
import { FULL_TILE_BYTES, TILE_WIDTH, tilePath } from './tile.ts';

/** Proven full tiles kept in memory: 128 of 8 KiB are 1 MiB, and cover the way to the root of any entry many times over. */
const CACHED_TILES = 128;

/** Reads and proves tiles and bundles of one ledger. */
export class ProvenTiles {
  readonly #head: HeadView;
  readonly #store: Pick<TileStore, 'read'>;
  readonly #cache = new Map<string, Buffer>();
  #bundle: { readonly index: number; readonly entries: readonly Buffer[] } | undefined;

  constructor(head: HeadView, store: Pick<TileStore, 'read'>) {
    this.#head = head;
    this.#store = store;
  }

  /** At least the first `width` hashes of a tile that the tree has. Throws Failure 'vault-mismatch' when the store's is missing or does not fit. */
  async tile(level: number, index: number, width: number): Promise<Buffer> {
    const path = tilePath(level, index);
    const cached = this.#cache.get(path);
    if (cached !== undefined) return this.#keep(path, cached);
    const held = this.#head.rows.tile(level, index, width);
    if (held !== undefined) return held;
    // Not held any more, therefore published in full: rows leave the head only after that.
    const bytes = await this.#store.read(path);
    if (bytes === undefined) throw new Failure('vault-mismatch', `the ledger tile ${path} is missing from the vault`);
    const expected = await this.#rootOf(level, index);
    if (bytes.length !== FULL_TILE_BYTES || !perfectRoot(bytes).equals(expected))
      throw new Failure('vault-mismatch', `the ledger tile ${path} in the vault does not fit the tree`);
    return this.#keep(path, bytes);
  }

  /** The entries of a bundle: the first `width` from the head, or all 256 from the store. Throws Failure 'vault-mismatch'. */
  async entries(index: number, width: number): Promise<readonly Buffer[]> {
    if (this.#bundle?.index === index) return this.#bundle.entries;
    const from = index * TILE_WIDTH;
    const held = this.#head.rows.entries(from, from + width);
    if (held !== undefined) return held;
    const path = tilePath('entries', index);
    const bytes = await this.#store.read(path);
    if (bytes === undefined)
      throw new Failure('vault-mismatch', `the ledger entries ${path} are missing from the vault`);
    const { entries, exact } = decodeBundle(bytes);
    const expected = await this.#rootOf(0, index);
    if (!exact || entries.length !== TILE_WIDTH || !perfectRoot(hashEntries(entries)).equals(expected))
      throw new Failure('vault-mismatch', `the ledger entries ${path} in the vault do not fit the tree`);
    this.#bundle = { index, entries };
    return entries;
  }

  /** Proven root of a full tile: its hash one level up. */
  async #rootOf(level: number, index: number): Promise<Buffer> {
    const place = index % TILE_WIDTH;
    const parent = await this.tile(level + 1, Math.floor(index / TILE_WIDTH), place + 1);
    return hashAt(parent, place);
  }

  #keep(path: string, bytes: Buffer): Buffer {
    this.#cache.delete(path); // again at the end: the first key is the one used longest ago
    this.#cache.set(path, bytes);
    const oldest = this.#cache.keys().next();
    if (this.#cache.size > CACHED_TILES && oldest.done !== true) this.#cache.delete(oldest.value);
    return bytes;
  }
}
