// A compact range: the perfect subtrees of a tree that grows at its right end, at most 53 hashes.
// Never holds leaves; appending costs amortised two hashes and the root one hash per subtree.
import assert from 'node:assert/strict';
import { foldRoot, nodeHash } from './hashing.ts';

/** A hash of a tile above level 0 that became known: level, position within the level, hash. */
export interface EdgeHash {
  readonly level: number;
  readonly position: number;
  readonly hash: Buffer;
}

/** Binary height of one tile. */
export const TILE_HEIGHT = 8;

/** The perfect subtrees of a tree of `size` leaves, largest first. */
export class CompactRange {
  #size = 0;
  #subtrees: Buffer[] = [];

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** RFC 6962 root of the leaves so far. */
  root(): Buffer {
    return foldRoot(this.#subtrees);
  }

  /** Siblings of the leaf that is appended next, from that leaf up: its inclusion path while it is the last one. */
  pathOfNext(): Buffer[] {
    return this.#subtrees.toReversed();
  }

  /** An independent copy. */
  clone(): CompactRange {
    const copy = new CompactRange();
    copy.#size = this.#size;
    copy.#subtrees = [...this.#subtrees];
    return copy;
  }

  /** Appends one leaf hash; returns the tile hashes of level 1 and above that it completed, lowest first. */
  push(leaf: Buffer): EdgeHash[] {
    return this.pushSubtree(leaf, 0);
  }

  /** Appends a perfect subtree of 2^height leaves; the size must be a multiple of that. Returns the tile hashes above it that it completed. */
  pushSubtree(hash: Buffer, height: number): EdgeHash[] {
    let left = this.#size / 2 ** height;
    assert(Number.isInteger(left), 'a subtree stands at a multiple of its own size');
    this.#size += 2 ** height;
    assert(Number.isSafeInteger(this.#size), 'a ledger has at most 2^53 entries');
    const completed: EdgeHash[] = [];
    let merged = hash;
    for (let at = height; ; at += 1) {
      if (at > height && at % TILE_HEIGHT === 0)
        completed.push({ level: at / TILE_HEIGHT, position: left, hash: merged });
      if (left % 2 === 0) break;
      const sibling = this.#subtrees.pop();
      assert(sibling !== undefined, 'an odd count has a left sibling');
      merged = nodeHash(sibling, merged);
      left = (left - 1) / 2;
    }
    this.#subtrees.push(merged);
    return completed;
  }
}
