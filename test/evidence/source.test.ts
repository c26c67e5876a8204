// What is copied first: what the officer marked, then the oldest; one order for any listing, however the card gave it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUrgency, parseEpochMs, type SourceFile } from '../../src/evidence/index.ts';
import { sourceFile } from './samples.ts';

const file: fc.Arbitrary<SourceFile> = fc
  .record({
    path: fc.constantFrom('a', 'b', 'B', '证', 'a/b', '\u{1f600}', '\ufb33'),
    keyMark: fc.boolean(),
    modifiedAtMs: fc.constantFrom(0, 1, -5, 1e12).map(parseEpochMs),
    startedAtMs: fc.option(fc.constantFrom(0, 1, 7).map(parseEpochMs), { nil: undefined }),
  })
  .map(({ path, startedAtMs, ...rest }) =>
    sourceFile(path, { ...rest, ...(startedAtMs === undefined ? {} : { named: { startedAtMs } }) }),
  );

describe('the order of copying', () => {
  it('puts marked before unmarked, then the older by its own name, else by its time', () => {
    const marked = sourceFile('z_IMP.mp4', { keyMark: true, modifiedAtMs: parseEpochMs(9) });
    const named = sourceFile('y.mp4', { modifiedAtMs: parseEpochMs(99), named: { startedAtMs: parseEpochMs(1) } });
    const old = sourceFile('x.mp4', { modifiedAtMs: parseEpochMs(5) });
    expect([old, named, marked].sort(compareUrgency)).toEqual([marked, named, old]);
  });

  it('is a total order (property)', () => {
    const sign = (a: SourceFile, b: SourceFile): number => Math.sign(compareUrgency(a, b));
    fc.assert(
      fc.property(file, file, file, (a, b, c) => {
        expect(sign(a, a)).toBe(0);
        expect(sign(a, b) + sign(b, a)).toBe(0); // antisymmetric
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
        if (sign(a, b) === 0) expect([a.path.text, a.keyMark]).toEqual([b.path.text, b.keyMark]);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not depend on the order the card lists its files in (property)', () => {
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: (each) => each.path.text }), (files) => {
        expect([...files].reverse().sort(compareUrgency)).toEqual([...files].sort(compareUrgency));
      }),
    );
  });
});
