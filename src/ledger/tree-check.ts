// One pass over a published tree, from the signed root down and from the entries up: the two must meet at every hash.
// Where they do not, the tile, the bundle and the entry that is wrong is named, as far as the remaining copies pin it down.
// Memory: one tile per level and one bundle; never writes.
import { type Failure, isFailure } from '../evidence/index.ts';
import { type DecodedBundle, decodeBundle } from './bundle.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type Findings, formatIndices } from './findings.ts';
import { countHashes, HASH_BYTES, hashAt, leafHash, perfectRoot } from './hashing.ts';
import type { HeadView } from './head-view.ts';
import { CompactRange, TILE_HEIGHT } from './range.ts';
import type { TileStore } from './store.ts';
import { type EdgeTile, rightEdge, TILE_WIDTH, tilePath } from './tile.ts';

/** What an entry's bytes are handed to, once they are proven. */
export type OnEntry = (index: number, bytes: Buffer) => void | Promise<void>;

/** Damaged tiles whose true hashes are kept for the check of their older partial copies: 64 of 8 KiB. */
const MAX_KEPT_TILES = 64;

/** What the pass needs. */
export interface TreeCheckParts {
  readonly store: TileStore;
  readonly head: HeadView | undefined;
  /** The signed tree that the store must hold in full. */
  readonly expected: Checkpoint;
  readonly findings: Findings;
  readonly onEntry: OnEntry;
  /** Called after every leaf that is pinned. */
  readonly onLeaf: (range: CompactRange) => void;
  readonly signal: AbortSignal | undefined;
}

type Hashes = readonly (Buffer | undefined)[];

/** The pass; use it once. */
export class TreeCheck {
  /** The tree as recomputed so far. */
  readonly range = new CompactRange();
  /** False once a leaf could not be determined: later roots then mean nothing. */
  whole = true;
  /** True hashes of tiles that are damaged or missing in the store, and of the right edge. */
  readonly truth = new Map<string, Buffer>();
  readonly #parts: TreeCheckParts;
  #kept = 0;

  constructor(parts: TreeCheckParts) {
    this.#parts = parts;
  }

  /** Checks everything up to the expected size. */
  async run(): Promise<void> {
    const edge = rightEdge(this.#parts.expected.size);
    const stored = new Map<EdgeTile, Buffer | undefined>();
    for (const tile of edge) stored.set(tile, await this.#readEdge(tile));
    const trusted = this.#trustedEdge(edge, stored);
    const computed = new Map<EdgeTile, Hashes>();
    for (const tile of edge) {
      const pinned = trusted?.get(tile);
      if (tile.level > 0)
        computed.set(
          tile,
          await this.#children(tile.level, tile.index, tile.width, pinned ?? stored.get(tile), pinned !== undefined),
        );
      else await this.#lastBundle(tile, edge, stored, computed, pinned);
    }
    if (trusted === undefined && !edge.some((tile) => tile.level === 0))
      this.#settleEdge(edge, stored, computed, undefined);
  }

  // ---- The right edge: partial tiles, which together make the root.

  async #readEdge({ level, index, width }: EdgeTile): Promise<Buffer | undefined> {
    const path = tilePath(level, index, width);
    const bytes = await this.#read(path, 'tile-missing');
    if (bytes === undefined || bytes.length === width * HASH_BYTES) return bytes;
    this.#parts.findings.add('tile-altered', path, `the tile has ${bytes.length} bytes, not ${width * HASH_BYTES}`);
    return undefined;
  }

  /** The true right edge: the head's, or the store's if it adds up to the signed root. Undefined when neither is to be had. */
  #trustedEdge(
    edge: readonly EdgeTile[],
    stored: ReadonlyMap<EdgeTile, Buffer | undefined>,
  ): ReadonlyMap<EdgeTile, Buffer> | undefined {
    const held = this.#allOf(edge, (tile) => this.#parts.head?.rows.tile(tile.level, tile.index, tile.width));
    if (held !== undefined && this.#addsUp(held)) {
      for (const [tile, bytes] of held) this.#compareEdge(tile, stored.get(tile), bytes);
      return held;
    }
    const own = this.#allOf(edge, (tile) => stored.get(tile));
    if (own === undefined || !this.#addsUp(own)) return undefined;
    for (const [tile, bytes] of own) this.truth.set(tilePath(tile.level, tile.index, tile.width), bytes);
    return own;
  }

  #allOf(edge: readonly EdgeTile[], get: (tile: EdgeTile) => Buffer | undefined): Map<EdgeTile, Buffer> | undefined {
    const all = new Map<EdgeTile, Buffer>();
    for (const tile of edge) {
      const bytes = get(tile);
      if (bytes === undefined) return undefined;
      all.set(tile, bytes);
    }
    return all;
  }

  #addsUp(edge: ReadonlyMap<EdgeTile, Buffer>): boolean {
    const range = new CompactRange();
    for (const [tile, bytes] of edge)
      for (let at = 0; at < tile.width; at += 1) range.pushSubtree(hashAt(bytes, at), tile.level * TILE_HEIGHT);
    return range.root().equals(this.#parts.expected.root);
  }

  #compareEdge(tile: EdgeTile, stored: Buffer | undefined, truth: Buffer): void {
    const path = tilePath(tile.level, tile.index, tile.width);
    this.truth.set(path, truth);
    if (stored !== undefined && !stored.equals(truth))
      this.#parts.findings.add('tile-altered', path, describeTile(differences(stored, split(truth))));
  }

  /** The last, partial bundle; without a trusted edge, this is where it is found out which of the copies add up. */
  async #lastBundle(
    tile: EdgeTile,
    edge: readonly EdgeTile[],
    stored: Map<EdgeTile, Buffer | undefined>,
    computed: Map<EdgeTile, Hashes>,
    pinned: Buffer | undefined,
  ): Promise<void> {
    const bundle = await this.#readBundle(tile.index, tile.width);
    const leaves = bundle === undefined ? [] : bundle.entries.map(leafHash);
    computed.set(tile, padded(leaves, tile.width));
    const truth = pinned ?? this.#settleEdge(edge, stored, computed, tile);
    await this.#emit(tile.index, tile.width, bundle, leaves, truth ?? stored.get(tile), truth !== undefined);
  }

  /** Tries every choice of stored or recomputed tiles for one that adds up to the root; names what differs from it. Returns the level 0 tile. */
  #settleEdge(
    edge: readonly EdgeTile[],
    stored: ReadonlyMap<EdgeTile, Buffer | undefined>,
    computed: ReadonlyMap<EdgeTile, Hashes>,
    leafTile: EdgeTile | undefined,
  ): Buffer | undefined {
    for (let choice = 0; choice < 2 ** edge.length; choice += 1) {
      const picked = this.#allOf(edge, (tile) =>
        Math.floor(choice / 2 ** edge.indexOf(tile)) % 2 === 0 ? join(computed.get(tile) ?? []) : stored.get(tile),
      );
      if (picked === undefined || !this.#addsUp(picked)) continue;
      for (const [tile, bytes] of picked) this.#compareEdge(tile, stored.get(tile), bytes);
      return leafTile === undefined ? undefined : picked.get(leafTile);
    }
    for (const tile of edge) {
      const bytes = stored.get(tile);
      const wrong = bytes === undefined ? [] : differences(bytes, computed.get(tile) ?? []);
      if (wrong.length > 0)
        this.#parts.findings.add('tile-altered', tilePath(tile.level, tile.index, tile.width), describeTile(wrong));
    }
    this.#lose();
    this.#parts.findings.add(
      'checkpoint-altered',
      'checkpoint',
      `entries and tiles do not add up to the signed root of ${this.#parts.expected.size} entries`,
    );
    return undefined;
  }

  // ---- Full tiles.

  /** Checks a full tile and all below it. `expected` is its root as its parent says; `trusted` if that is proven. Returns the root believed. */
  async #full(
    level: number,
    index: number,
    expected: Buffer | undefined,
    trusted: boolean,
  ): Promise<Buffer | undefined> {
    this.#parts.signal?.throwIfAborted();
    const path = tilePath(level, index);
    const stored = await this.#readFull(path);
    const fits = stored !== undefined && expected !== undefined && perfectRoot(stored).equals(expected);
    if (level === 0) return this.#fullBundle(index, path, stored, fits, expected, trusted);
    const computed = await this.#children(level, index, TILE_WIDTH, stored, fits && trusted);
    if (fits) return expected;
    return this.#judge(path, stored, computed, expected, trusted).root;
  }

  async #readFull(path: string): Promise<Buffer | undefined> {
    const bytes = await this.#read(path, 'tile-missing');
    if (bytes === undefined || bytes.length === TILE_WIDTH * HASH_BYTES) return bytes;
    this.#parts.findings.add(
      'tile-altered',
      path,
      `the tile has ${bytes.length} bytes, not ${TILE_WIDTH * HASH_BYTES}`,
    );
    return undefined;
  }

  async #children(
    level: number,
    index: number,
    width: number,
    hints: Buffer | undefined,
    trusted: boolean,
  ): Promise<Hashes> {
    const computed: (Buffer | undefined)[] = [];
    for (let at = 0; at < width; at += 1)
      computed.push(
        await this.#full(
          level - 1,
          index * TILE_WIDTH + at,
          hints === undefined ? undefined : Buffer.from(hashAt(hints, at)),
          trusted && hints !== undefined,
        ),
      );
    return computed;
  }

  async #fullBundle(
    index: number,
    path: string,
    stored: Buffer | undefined,
    fits: boolean,
    expected: Buffer | undefined,
    trusted: boolean,
  ): Promise<Buffer | undefined> {
    const bundle = await this.#readBundle(index, TILE_WIDTH);
    const leaves = bundle === undefined ? [] : bundle.entries.map(leafHash);
    if (fits) {
      await this.#emit(index, TILE_WIDTH, bundle, leaves, stored, true);
      return expected;
    }
    const held = this.#heldTile(index, expected, trusted);
    if (held !== undefined) {
      if (stored !== undefined)
        this.#parts.findings.add('tile-altered', path, describeTile(differences(stored, split(held))));
      this.#keep(path, held);
      await this.#emit(index, TILE_WIDTH, bundle, leaves, held, true);
      return expected;
    }
    const { root, truth } = this.#judge(path, stored, padded(leaves, TILE_WIDTH), expected, trusted);
    if (trusted && truth === undefined) this.#withhold(index, bundle);
    else await this.#emit(index, TILE_WIDTH, bundle, leaves, truth ?? stored, truth !== undefined);
    return root;
  }

  /** The head's own tile, while it holds it and if it is the one expected. */
  #heldTile(index: number, expected: Buffer | undefined, trusted: boolean): Buffer | undefined {
    const held = trusted ? this.#parts.head?.rows.tile(0, index, TILE_WIDTH) : undefined;
    return held !== undefined && expected !== undefined && perfectRoot(held).equals(expected) ? held : undefined;
  }

  /** Neither tile nor bundle is what the tree says, and no copy tells which entries are: none of them is handed over. */
  #withhold(index: number, bundle: DecodedBundle | undefined): void {
    this.#lose();
    if (bundle === undefined) return;
    const from = index * TILE_WIDTH;
    this.#parts.findings.add(
      'entry-altered',
      tilePath('entries', index),
      `entries ${from}-${from + TILE_WIDTH - 1} cannot be proven: neither they nor their tile are what the tree says`,
    );
  }

  /** A tile that does not have the expected root: is it the tile, or what lies below it? */
  #judge(
    path: string,
    stored: Buffer | undefined,
    computed: Hashes,
    expected: Buffer | undefined,
    trusted: boolean,
  ): { root: Buffer | undefined; truth: Buffer | undefined } {
    const recomputed = join(computed);
    const root = recomputed === undefined ? undefined : perfectRoot(recomputed);
    if (recomputed !== undefined && root !== undefined && (expected === undefined || root.equals(expected))) {
      if (stored !== undefined && !stored.equals(recomputed))
        this.#parts.findings.add('tile-altered', path, describeTile(differences(stored, computed)));
      this.#keep(path, recomputed);
      return { root, truth: recomputed };
    }
    if (stored === undefined) return { root: root ?? expected, truth: undefined };
    const wrong = differences(stored, computed);
    if (trusted)
      this.#parts.findings.add(
        'tile-altered',
        path,
        wrong.length > 0
          ? describeTile(wrong)
          : 'the tile and all below it were changed together: it does not have the root its parent says',
      );
    else if (wrong.length > 0 && recomputed !== undefined)
      this.#parts.findings.add('tile-altered', path, describeTile(wrong));
    // Not proven either way. If tile and content agree, the parent is at fault or all of it was rewritten: the parent's check tells.
    return { root: root ?? perfectRoot(stored), truth: !trusted && wrong.length === 0 ? recomputed : undefined };
  }

  #keep(path: string, bytes: Buffer): void {
    if (this.#kept >= MAX_KEPT_TILES) return;
    this.#kept += 1;
    this.truth.set(path, bytes);
  }

  // ---- Entries.

  async #readBundle(index: number, width: number): Promise<DecodedBundle | undefined> {
    const bytes = await this.#read(tilePath('entries', index, width), 'entry-missing');
    return bytes === undefined ? undefined : decodeBundle(bytes);
  }

  /** Hands over the entries that fit `leaves of the tile`, from the bundle or else from the head, and names those that do not. */
  async #emit(
    index: number,
    width: number,
    bundle: DecodedBundle | undefined,
    leaves: readonly Buffer[],
    tile: Buffer | undefined,
    proven: boolean,
  ): Promise<void> {
    const held = this.#parts.head?.rows.entries(index * TILE_WIDTH, index * TILE_WIDTH + width);
    const altered: number[] = [];
    for (let at = 0; at < width; at += 1) {
      const pin = tile === undefined ? undefined : Buffer.from(hashAt(tile, at));
      const leaf = leaves[at];
      const position = index * TILE_WIDTH + at;
      if (bundle !== undefined && (leaf === undefined || (pin !== undefined && !leaf.equals(pin))))
        altered.push(position);
      this.#pushLeaf(proven ? pin : leaf !== undefined && (pin === undefined || pin.equals(leaf)) ? leaf : undefined);
      const bytes = [bundle?.entries[at], held?.[at]].find(
        (each) => each !== undefined && (pin === undefined || leafHash(each).equals(pin)),
      );
      if (bytes !== undefined) await this.#parts.onEntry(position, bytes);
    }
    if (bundle !== undefined) this.#reportBundle(tilePath('entries', index, width), bundle, width, altered, proven);
  }

  #reportBundle(path: string, bundle: DecodedBundle, width: number, altered: readonly number[], proven: boolean): void {
    const doubt = proven ? '' : '; the tile is damaged too, so it is not certain which of them is wrong';
    if (altered.length > 0)
      this.#parts.findings.add(
        'entry-altered',
        path,
        `${altered.length === 1 ? 'entry' : 'entries'} ${formatIndices(altered)} not what the tree says${doubt}`,
      );
    else if (!bundle.exact || bundle.entries.length !== width)
      this.#parts.findings.add(
        'entry-altered',
        path,
        `after its ${width} entries the bundle holds bytes that belong to none`,
      );
  }

  #pushLeaf(leaf: Buffer | undefined): void {
    if (leaf === undefined || !this.whole) return this.#lose();
    this.range.push(leaf);
    this.#parts.onLeaf(this.range);
  }

  #lose(): void {
    this.whole = false;
  }

  /** Reads an object; a missing one is a finding, one that cannot be read is another, and both are undefined. */
  async #read(path: string, missing: 'tile-missing' | 'entry-missing'): Promise<Buffer | undefined> {
    try {
      const bytes = await this.#parts.store.read(path);
      if (bytes === undefined) this.#parts.findings.add(missing, path);
      return bytes;
    } catch (error) {
      if (!isFailure(error) || error.code === 'cancelled') throw error;
      this.#parts.findings.add('read-failed', path, readFailed(error));
      return undefined;
    }
  }
}

/** Sentence for a Failure of the store. */
export function readFailed(failure: Failure): string {
  return `it could not be read: ${failure.message}`;
}

/** Positions at which stored hashes differ from those known; unknown ones do not differ. */
export function differences(stored: Buffer, known: Hashes): number[] {
  const wrong: number[] = [];
  known.forEach((hash, at) => {
    if (hash !== undefined && !hashAt(stored, at).equals(hash)) wrong.push(at);
  });
  return wrong;
}

/** Sentence for a tile with wrong hashes. */
export function describeTile(positions: readonly number[]): string {
  return `${positions.length === 1 ? 'hash' : 'hashes'} ${formatIndices(positions)} of the tile not what lies below it`;
}

/** Concatenated hashes as a list. */
export function split(hashes: Buffer): Buffer[] {
  return Array.from({ length: countHashes(hashes) }, (_, at) => hashAt(hashes, at));
}

function join(hashes: Hashes): Buffer | undefined {
  const known = hashes.filter((hash) => hash !== undefined);
  return known.length === hashes.length ? Buffer.concat(known) : undefined;
}

function padded(leaves: readonly Buffer[], width: number): Hashes {
  return Array.from({ length: width }, (_, at) => leaves[at]);
}
