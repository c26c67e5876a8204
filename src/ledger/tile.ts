// Geometry and names of C2SP tlog-tiles: which tiles a tree of a size has, how wide they are, where they lie.
// Pure; paths are relative to the ledger's own prefix.
import { TILE_HEIGHT } from './range.ts';

/** Hashes in a full tile, and entries in a full bundle. */
export const TILE_WIDTH = 256;
/** Bytes of a full tile. */
export const FULL_TILE_BYTES = 8192;
/** Path of the checkpoint. */
export const CHECKPOINT_PATH = 'checkpoint';
/** Levels a tree of 2^53 leaves can have: 256^6 leaves fill level 6. */
export const MAX_LEVEL = 6;

/** What a path names: hashes of a level, or a bundle of entries. */
export type TileKind = number | 'entries';

/** A tile or bundle: `width` is 256 when it is full. */
export interface TileName {
  readonly kind: TileKind;
  readonly index: number;
  readonly width: number;
}

/** Leaves under one hash of a level: 256^level. */
export function leavesPerHash(level: number): number {
  return 2 ** (TILE_HEIGHT * level);
}

/** Hashes a tree of `size` has at a level. */
export function hashesAt(size: number, level: number): number {
  return Math.floor(size / leavesPerHash(level));
}

/** One tile of the right edge. */
export interface EdgeTile {
  readonly level: number;
  readonly index: number;
  /** 1 to 255. */
  readonly width: number;
}

/** The partial tiles of a tree of `size`, highest level first; their hashes in this order are all there is right of the full tiles. */
export function rightEdge(size: number): EdgeTile[] {
  const edge: EdgeTile[] = [];
  for (let level = MAX_LEVEL; level >= 0; level -= 1) {
    const count = hashesAt(size, level);
    if (count % TILE_WIDTH > 0) edge.push({ level, index: Math.floor(count / TILE_WIDTH), width: count % TILE_WIDTH });
  }
  return edge;
}

/** Path of a tile: `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`. */
export function tilePath(kind: TileKind, index: number, width: number = TILE_WIDTH): string {
  const groups: string[] = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(String(rest % 1000).padStart(3, '0'));
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${kind}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The tile a path names, or undefined when it is not the one spelling C2SP gives a tile. */
export function parseTilePath(path: string): TileName | undefined {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  const [, kindText, groups, widthText] = match ?? [];
  if (kindText === undefined || groups === undefined) return undefined;
  const kind: TileKind = kindText === 'entries' ? 'entries' : Number(kindText);
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  const width = widthText === undefined ? TILE_WIDTH : Number(widthText);
  if (width < 1 || !Number.isSafeInteger(index) || (widthText !== undefined && width >= TILE_WIDTH)) return undefined;
  return tilePath(kind, index, width) === path ? { kind, index, width } : undefined; // leading zeroes have another spelling
}
