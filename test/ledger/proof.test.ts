// RFC 6962 trees and proofs: fixed vectors of the Certificate Transparency reference implementation, and properties against a naive tree.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_ROOT, leafHash, MemoryTileStore, verifyConsistency, verifyInclusion } from '../../src/ledger/index.ts';
import { consistencySpans, inclusionSpans } from '../../src/ledger/proof.ts';
import { CompactRange } from '../../src/ledger/range.ts';
import { entriesOf, grow, makeBench, naivePath, naiveProof, naiveRoot, naiveRootOfLeaves } from './station.ts';

// transparency-dev/merkle testonly: the eight leaves, the roots of their first 1..8, and proofs over them.
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => Buffer.from(hex, 'hex'),
);
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
].map((hex) => Buffer.from(hex, 'hex'));
const A = '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e';
const B = '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4';
const C = 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b';
const D = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0';
const E = '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7';
const PATHS: readonly [number, number, readonly string[]][] = [
  [0, 1, []],
  [0, 8, [E, A, B]],
  [5, 8, [C, D, 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [1, 5, ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', A, C]],
];
const PROOFS: readonly [number, number, readonly string[]][] = [
  [1, 1, []],
  [1, 8, [E, A, B]],
  [
    6,
    8,
    [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      D,
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 5, [A, C]],
];
const leaves = LEAVES.map(leafHash);
const at = <T>(list: readonly T[], index: number): T => {
  const value = list[index];
  if (value === undefined) throw new Error(`no element ${index}`);
  return value;
};
const spanRoots = (spans: readonly { from: number; to: number }[], all: readonly Buffer[]): string[] =>
  spans.map(({ from, to }) => naiveRootOfLeaves(all.slice(from, to)).toString('hex'));

test('the roots are those of the reference implementation', () => {
  const range = new CompactRange();
  expect(range.root()).toEqual(EMPTY_ROOT);
  for (const [size, root] of ROOTS.entries()) {
    expect(range.root().toString('hex'), `size ${size}`).toBe(root.toString('hex'));
    expect(naiveRoot(LEAVES.slice(0, size))).toEqual(root);
    const leaf = leaves[size];
    if (leaf !== undefined) range.push(leaf);
  }
});

test('inclusion proofs are those of the reference implementation, and hold', () => {
  for (const [index, size, hashes] of PATHS) {
    expect(spanRoots(inclusionSpans(index, size), leaves)).toEqual(hashes);
    expect(
      verifyInclusion(
        at(leaves, index),
        index,
        size,
        hashes.map((hex) => Buffer.from(hex, 'hex')),
        at(ROOTS, size),
      ),
    ).toBe(true);
  }
});

test('consistency proofs are those of the reference implementation, and hold', () => {
  for (const [older, newer, hashes] of PROOFS) {
    expect(spanRoots(consistencySpans(older, newer), leaves)).toEqual(hashes);
    expect(
      verifyConsistency(
        older,
        at(ROOTS, older),
        newer,
        at(ROOTS, newer),
        hashes.map((hex) => Buffer.from(hex, 'hex')),
      ),
    ).toBe(true);
  }
});

test('for every size from 0 to 600 the compact range has the naive root', () => {
  const range = new CompactRange();
  const all: Buffer[] = [];
  const wrong: number[] = [];
  for (let size = 0; size <= 600; size += 1) {
    if (!range.root().equals(naiveRootOfLeaves(all))) wrong.push(size);
    const leaf = leafHash(Buffer.from(`${size}`));
    all.push(leaf);
    range.push(leaf);
  }
  expect(wrong).toEqual([]);
});

test('proofs of any tree up to 600 are the naive ones, hold, and hold for nothing else', () => {
  const all = Array.from({ length: 600 }, (_, index) => leafHash(Buffer.from(`${index}`)));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.nat(), fc.nat(), fc.nat(), (size, a, b, bit) => {
      const tree = all.slice(0, size);
      const root = naiveRootOfLeaves(tree);
      const index = a % size;
      const path = naivePath(index, tree);
      expect(spanRoots(inclusionSpans(index, size), tree)).toEqual(path.map((hash) => hash.toString('hex')));
      expect(verifyInclusion(at(tree, index), index, size, path, root)).toBe(true);
      expect(verifyInclusion(leafHash(Buffer.from('other')), index, size, path, root)).toBe(false);
      expect(verifyInclusion(at(tree, index), (index + 1) % (size + 1), size, path, root)).toBe(false);
      expect(verifyInclusion(at(tree, index), index, size, [...path, root], root)).toBe(false);
      const older = b % (size + 1);
      const olderRoot = naiveRootOfLeaves(tree.slice(0, older));
      const proof = naiveProof(older, tree);
      expect(spanRoots(consistencySpans(older, size), tree)).toEqual(proof.map((hash) => hash.toString('hex')));
      expect(verifyConsistency(older, olderRoot, size, root, proof)).toBe(true);
      if (older > 0) expect(verifyConsistency(older, flip(olderRoot, bit), size, root, proof)).toBe(false);
      if (older > 0 && older < size) {
        expect(verifyConsistency(older, olderRoot, size, flip(root, bit), proof)).toBe(false);
        expect(verifyConsistency(older, olderRoot, size, root, proof.slice(1))).toBe(false);
      }
    }),
    { numRuns: 150 },
  );
});

function flip(hash: Buffer, bit: number): Buffer {
  const copy = Buffer.from(hash);
  const byte = Math.floor(bit / 8) % copy.length;
  copy[byte] = (copy[byte] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

test.each([255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537])(
  'a published ledger of %i entries proves its entries and its past',
  async (size) => {
    await using bench = await makeBench();
    await using ledger = await bench.open();
    for (let from = 0; from < size; from += 8192)
      ledger.append(Array.from({ length: Math.min(8192, size - from) }, (_, n) => Buffer.from(`${from + n}`)));
    const all = Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`${index}`)));
    const root = naiveRootOfLeaves(all);
    expect(ledger.root.equals(root)).toBe(true);
    await ledger.publish(bench.store);
    for (const index of [0, 1, 254, Math.floor(size / 2), size - 1]) {
      bench.store.reads.length = 0;
      const view = ledger.view(bench.store);
      const path = await view.inclusionProof(index, size);
      expect(verifyInclusion(at(all, index), index, size, path, root), `entry ${index}`).toBe(true);
      expect(bench.store.reads.length).toBeLessThanOrEqual(4); // two levels of tiles on either side of a path
      expect(await view.entry(index)).toEqual(Buffer.from(`${index}`));
    }
    for (const older of [1, 200, 256, size - 1].filter((each) => each <= size)) {
      bench.store.reads.length = 0;
      const view = ledger.view(bench.store);
      const proof = await view.consistencyProof(older, size);
      expect(verifyConsistency(older, naiveRootOfLeaves(all.slice(0, older)), size, root, proof), `from ${older}`).toBe(
        true,
      );
      expect((await view.rootAt(older)).equals(naiveRootOfLeaves(all.slice(0, older)))).toBe(true);
      expect(bench.store.reads.length).toBeLessThanOrEqual(6);
    }
  },
  60_000,
);

test('a view hands out nothing that does not fit the signed root', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 600);
  await ledger.publish(bench.store);
  const damaged = new MemoryTileStore();
  for (const [path, bytes] of bench.store.objects) damaged.objects.set(path, Buffer.from(bytes));
  damaged.objects.get('tile/0/001')?.writeUInt8(0xff, 100);
  damaged.objects.get('tile/entries/000')?.writeUInt8(0xff, 100);
  await expect(ledger.view(damaged).entry(3)).rejects.toMatchObject({ code: 'vault-mismatch' });
  await expect(ledger.view(damaged).inclusionProof(300, 600)).rejects.toMatchObject({ code: 'vault-mismatch' });
  damaged.objects.delete('tile/0/001');
  await expect(ledger.view(damaged).inclusionProof(300, 600)).rejects.toMatchObject({ code: 'vault-mismatch' });
  expect(await ledger.view(damaged).entry(300)).toEqual(at(entriesOf(300, 301), 0)); // its bundle is whole and proven by the level above
  await expect(ledger.view(damaged).entry(600)).rejects.toMatchObject({ code: 'not-found' });
});
