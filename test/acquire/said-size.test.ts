// What the length is worth that a camera says of a file: all of it, but for the one number by which MTP says "4 GiB or more".
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readerOf } from '../../src/acquire/index.ts';
import { AT_LEAST_BYTES, isWhole, mayBeLonger, mayHold } from '../../src/acquire/said-size.ts';
import { openSimulatedCard } from '../../src/camera/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { openStation } from './docking.ts';

const GIB = 1_073_741_824;

it('is exact for every number but one', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.integer({ min: -1000, max: 1000 }), (said, more) => {
      expect(isWhole(said, said + more)).toBe(more === 0);
      expect(mayHold(said, said + more)).toBe(more <= 0);
      expect(mayBeLonger(said)).toBe(false);
    }),
  );
});

it('is "at least" for the highest number of 32 bits, which is also the longest file of FAT32', () => {
  expect([AT_LEAST_BYTES - 1, AT_LEAST_BYTES, 5 * GIB].map((got) => isWhole(AT_LEAST_BYTES, got))).toEqual([
    false,
    true,
    true,
  ]);
  expect([1, AT_LEAST_BYTES, 5 * GIB].map((part) => mayHold(AT_LEAST_BYTES, part))).toEqual([true, true, true]);
  expect(isWhole(AT_LEAST_BYTES + 1, 5 * GIB)).toBe(false);
});

it('lets a file be read to its end where the camera cannot say it, and to one byte more than it said elsewhere', async () => {
  const source = {
    read: (_: Buffer, __: number, length: number) => Promise.resolve(length),
    stat: () => Promise.reject(new Error('nobody asks')),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const give = (said: number, most: number | undefined, position: number): Promise<number> =>
    readerOf(source, said, most)(Buffer.alloc(0), 100, position);
  expect(await give(1000, undefined, 990)).toBe(11);
  expect(await give(1000, undefined, 1001)).toBe(0);
  expect(await give(AT_LEAST_BYTES, undefined, AT_LEAST_BYTES + 5000)).toBe(100);
  expect(await give(AT_LEAST_BYTES, 6 * GIB, 6 * GIB)).toBe(1); // over the limit for one file, and known to be
  expect(await give(AT_LEAST_BYTES, 6 * GIB, 6 * GIB + 1)).toBe(0);
});

it('of which less came is a file that changed', async () => {
  await using station = await openStation({ maxBytes: 16 * GIB, reserveBytes: 0 });
  const faults = [{ kind: 'says', path: 'LONG.MP4', sizeBytes: AT_LEAST_BYTES }] as const;
  const card = openSimulatedCard({ files: [{ path: 'LONG.MP4', content: Buffer.from('only this') }], faults });
  const docked = await station.dock(card);
  const { message } = await expectRejection('source-changed', docked.pull('LONG.MP4', { maxFileBytes: 8 * GIB }));
  expect(message).toContain(`${AT_LEAST_BYTES} bytes at first, ${AT_LEAST_BYTES} at the end, 9 read`);
});
