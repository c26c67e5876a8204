// Inclusion and consistency proofs of RFC 6962: which subtrees a proof consists of, and the checks of RFC 9162.
// Pure; the checks return false for whatever does not fit and never throw.
import { nodeHash } from './hashing.ts';

/** A subtree of a tree by its leaves, `from` inclusive to `to` exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Largest power of two smaller than `count` (count >= 2). */
export function splitPoint(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

/** Perfect subtrees that make up a span, leftmost (largest) first, as RFC 6962 splits it. */
export function perfectSpans({ from, to }: Span): Span[] {
  const spans: Span[] = [];
  for (let at = from; at < to; ) {
    let width = 1;
    while (width * 2 <= to - at) width *= 2;
    spans.push({ from: at, to: at + width });
    at += width;
  }
  return spans;
}

/** RFC 6962 PATH(index, D[size]): the sibling subtrees from the leaf up. */
export function inclusionSpans(index: number, size: number): Span[] {
  const spans: Span[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      spans.unshift({ from: middle, to });
      to = middle;
    } else {
      spans.unshift({ from, to: middle });
      from = middle;
    }
  }
  return spans;
}

/** RFC 6962 PROOF(older, D[newer]): the subtrees of a consistency proof, in order. */
export function consistencySpans(older: number, newer: number): Span[] {
  if (older === 0 || older === newer) return [];
  const spans: Span[] = [];
  let from = 0;
  let to = newer;
  while (to !== older) {
    const middle = from + splitPoint(to - from);
    if (older <= middle) {
      spans.unshift({ from: middle, to });
      to = middle;
    } else {
      spans.unshift({ from, to: middle });
      from = middle;
    }
  }
  if (from > 0) spans.unshift({ from, to });
  return spans;
}

/** RFC 9162 section 2.1.3.2: true if `leaf` is entry `index` of the tree of `size` with this root. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let hash: Uint8Array = leaf;
  for (const sibling of proof) {
    if (sn === 0 || sibling.length !== 32) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && Buffer.compare(hash, root) === 0;
}

/** RFC 9162 section 2.1.4.2: true if the tree of `older` entries is the beginning of the tree of `newer`. */
export function verifyConsistency(
  older: number,
  olderRoot: Uint8Array,
  newer: number,
  newerRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(older) || !Number.isSafeInteger(newer) || older < 0 || older > newer) return false;
  if (older === newer) return proof.length === 0 && Buffer.compare(olderRoot, newerRoot) === 0;
  if (older === 0) return proof.length === 0; // the empty tree is the beginning of every tree
  const path = Number.isInteger(Math.log2(older)) ? [olderRoot, ...proof] : [...proof];
  const [first, ...rest] = path;
  if (first === undefined || path.some((each) => each.length !== 32)) return false;
  let fn = older - 1;
  let sn = newer - 1;
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let fr: Uint8Array = first;
  let sr: Uint8Array = first;
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(sibling, fr);
      sr = nodeHash(sibling, sr);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      sr = nodeHash(sr, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && Buffer.compare(fr, olderRoot) === 0 && Buffer.compare(sr, newerRoot) === 0;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
