// RFC 6962 section 2.1 hashing: leaves, nodes, and the root of a run of hashes.
// Pure and synchronous; sizes are plain numbers up to 2^53, so no bit operators (they stop at 32 bits).
import { hash } from 'node:crypto';

/** Bytes of one hash. */
export const HASH_BYTES = 32;

/** Root of the empty tree: SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = hash('sha256', Buffer.alloc(0), 'buffer');

/** SHA-256(0x00 || entry). */
export function leafHash(entry: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(entry.length + 1);
  input[0] = 0x00;
  input.set(entry, 1);
  return hash('sha256', input, 'buffer');
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(1 + 2 * HASH_BYTES);
  input[0] = 0x01;
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return hash('sha256', input, 'buffer');
}

/** Number of whole hashes in concatenated hashes. */
export function countHashes(hashes: Uint8Array): number {
  return Math.floor(hashes.length / HASH_BYTES);
}

/** Hash number `index` of concatenated hashes; a view, not a copy. */
export function hashAt(hashes: Buffer, index: number): Buffer {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/** Root over 2^k concatenated hashes that are the leaves of one perfect subtree (a whole tile, or an aligned part of one). */
export function perfectRoot(hashes: Buffer): Buffer {
  let row: Buffer[] = Array.from({ length: countHashes(hashes) }, (_, index) => hashAt(hashes, index));
  while (row.length > 1) {
    const next: Buffer[] = [];
    for (let at = 0; at + 1 < row.length; at += 2)
      next.push(nodeHash(row[at] ?? EMPTY_ROOT, row[at + 1] ?? EMPTY_ROOT));
    row = next;
  }
  return Buffer.from(row[0] ?? EMPTY_ROOT);
}

/** Root from the perfect subtrees of a tree, largest (leftmost) first. */
export function foldRoot(subtrees: readonly Buffer[]): Buffer {
  const last = subtrees.at(-1);
  if (last === undefined) return EMPTY_ROOT;
  return subtrees.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}
