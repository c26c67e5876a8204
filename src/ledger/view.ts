// Reading a ledger: entries, proofs and earlier roots, all proven against the head's signed checkpoint.
// Reads O(log n) tiles per proof, one bundle per 256 entries; never holds more than a bundle and a bounded number of tiles.
import { Failure } from '../evidence/index.ts';
import { encodeBundle } from './bundle.ts';
import { foldRoot, HASH_BYTES, hashAt, leafHash, perfectRoot } from './hashing.ts';
import type { HeadState, HeadView } from './head-view.ts';
import { consistencySpans, inclusionSpans, perfectSpans, type Span } from './proof.ts';
import { TILE_HEIGHT } from './range.ts';
import type { TileStore } from './store.ts';
import { TILE_WIDTH, type TileName } from './tile.ts';
import { ProvenTiles } from './tiles.ts';
import { formatTlogProof } from './tlog-proof.ts';

/** One entry and where it stands. */
export interface LedgerEntry {
  readonly index: number;
  readonly bytes: Buffer;
}

/** A ledger to read from: its head, and the store that has what the head let go. Owns neither; needs no closing. */
export class LedgerView {
  readonly #head: HeadView;
  readonly #tiles: ProvenTiles;

  constructor(head: HeadView, store: Pick<TileStore, 'read'>) {
    this.#head = head;
    this.#tiles = new ProvenTiles(head, store);
  }

  /** The head's state as committed now. */
  state(): HeadState {
    return this.#head.state();
  }

  /** Entries `from` to `to` (exclusive; default: all there are now), in order. Throws Failure 'not-found' (range) or 'vault-mismatch'. */
  async *entries(from = 0, to: number = this.state().checkpoint.size): AsyncGenerator<LedgerEntry> {
    this.#mustHave(to);
    for (let at = from; at < to; ) {
      const bundle = Math.floor(at / TILE_WIDTH);
      const start = bundle * TILE_WIDTH;
      const end = Math.min(start + TILE_WIDTH, to);
      const entries = await this.#tiles.entries(bundle, end - start);
      for (; at < end; at += 1) yield { index: at, bytes: this.#at(entries, at - start) };
    }
  }

  /** The bytes of a tile or bundle of this tree, proven. Throws Failure 'vault-mismatch'. */
  async object({ kind, index, width }: TileName): Promise<Buffer> {
    if (kind === 'entries') return encodeBundle((await this.#tiles.entries(index, width)).slice(0, width));
    return Buffer.from((await this.#tiles.tile(kind, index, width)).subarray(0, width * HASH_BYTES));
  }

  /** One entry's bytes. Throws Failure 'not-found' or 'vault-mismatch'. */
  async entry(index: number): Promise<Buffer> {
    this.#mustHave(index + 1);
    const place = index % TILE_WIDTH;
    return this.#at(await this.#tiles.entries(Math.floor(index / TILE_WIDTH), place + 1), place);
  }

  /** RFC 6962 root of the first `size` entries. Throws Failure 'not-found' or 'vault-mismatch'. */
  async rootAt(size: number): Promise<Buffer> {
    this.#mustHave(size);
    return this.#spanRoot({ from: 0, to: size });
  }

  /** Inclusion proof of entry `index` in the tree of `size`, 32 bytes each, leaf's sibling first. Throws Failure 'not-found' or 'vault-mismatch'. */
  async inclusionProof(index: number, size: number): Promise<Buffer[]> {
    this.#mustHave(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size)
      throw new Failure('not-found', `there is no entry ${index} in a ledger of ${size}`);
    return this.#spanRoots(inclusionSpans(index, size));
  }

  /** Consistency proof from the tree of `older` entries to that of `newer`. Throws Failure 'not-found' or 'vault-mismatch'. */
  async consistencyProof(older: number, newer: number): Promise<Buffer[]> {
    this.#mustHave(newer);
    if (!Number.isSafeInteger(older) || older < 0 || older > newer)
      throw new Failure('not-found', `a ledger of ${newer} has no earlier size ${older}`);
    return this.#spanRoots(consistencySpans(older, newer));
  }

  /** The `.tlog-proof` text of an entry under the newest checkpoint. Throws Failure 'not-found' or 'vault-mismatch'. */
  async tlogProof(index: number): Promise<string> {
    const { checkpoint } = this.state();
    const hashes = await this.inclusionProof(index, checkpoint.size);
    return formatTlogProof({ index, hashes, checkpoint: checkpoint.text });
  }

  /** RFC 6962 leaf hash of an entry, from its proven bytes. Throws Failure 'not-found' or 'vault-mismatch'. */
  async leafHash(index: number): Promise<Buffer> {
    return leafHash(await this.entry(index));
  }

  #at(entries: readonly Buffer[], place: number): Buffer {
    const bytes = entries[place];
    if (bytes === undefined) throw new Failure('vault-mismatch', `entry ${place} of a bundle is missing`);
    return bytes;
  }

  #mustHave(size: number): void {
    const has = this.state().checkpoint.size;
    if (!Number.isSafeInteger(size) || size < 0 || size > has)
      throw new Failure('not-found', `the ledger has ${has} entries, not ${size}`);
  }

  async #spanRoots(spans: readonly Span[]): Promise<Buffer[]> {
    const roots: Buffer[] = [];
    for (const span of spans) roots.push(await this.#spanRoot(span));
    return roots;
  }

  async #spanRoot(span: Span): Promise<Buffer> {
    const subtrees: Buffer[] = [];
    for (const perfect of perfectSpans(span)) subtrees.push(await this.#perfectRoot(perfect));
    return foldRoot(subtrees);
  }

  /** Root of a perfect subtree: part of one tile of the highest level that is not above it. */
  async #perfectRoot({ from, to }: Span): Promise<Buffer> {
    const level = Math.floor(Math.log2(to - from) / TILE_HEIGHT);
    const leaves = 2 ** (level * TILE_HEIGHT);
    const first = from / leaves;
    const count = (to - from) / leaves;
    const place = first % TILE_WIDTH;
    const tile = await this.#tiles.tile(level, Math.floor(first / TILE_WIDTH), place + count);
    return count === 1
      ? Buffer.from(hashAt(tile, place))
      : perfectRoot(tile.subarray(place * 32, (place + count) * 32));
  }
}
