// The years, months and days that stand for a range of time.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { coveringFacets, itemFacets } from '../../src/catalog/facets.ts';
import { formatInstant } from '../../src/evidence/index.ts';
import { recorded } from './samples.ts';

const YEAR_MS = 365 * 86_400_000;
const instants = fc.oneof(
  fc.integer({ min: -12 * YEAR_MS, max: 140 * YEAR_MS }),
  fc.integer({ min: 0, max: 60_000 }).map((days) => days * 86_400_000),
  fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 2, 1) }),
  fc.constantFrom(
    Date.UTC(2024, 1, 29),
    Date.UTC(1979, 0, 1),
    Date.UTC(2101, 0, 1),
    Date.UTC(2100, 11, 31),
    Date.UTC(9999, 11, 31),
  ),
);

it('covers every instant of a range', () => {
  fc.assert(
    fc.property(instants, instants, instants, (x, y, z) => {
      const [from, at, to] = [x, y, z].toSorted((a, b) => a - b) as [number, number, number];
      const facets = new Set(itemFacets(recorded({ captured: formatInstant(at) })).split(' '));
      expect(coveringFacets(from, to + 1).some((facet) => facets.has(facet))).toBe(true);
    }),
  );
});

it('covers no day beside the range', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4_000, max: 47_000 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.boolean(),
      (day, days, before) => {
        const from = day * 86_400_000;
        const to = Math.min(from + days * 86_400_000, Date.UTC(2100, 11, 31));
        const facets = new Set(itemFacets(recorded({ captured: formatInstant(before ? from - 1 : to) })).split(' '));
        expect(coveringFacets(from, to).filter((facet) => facets.has(facet))).toEqual([]);
      },
    ),
  );
});

it('stays short for any range', () => {
  expect(coveringFacets(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)).toHaveLength(122);
  expect(coveringFacets(Date.UTC(1980, 5, 15, 3), Date.UTC(2099, 5, 15, 3)).length).toBeLessThan(200);
  expect(coveringFacets(Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1))).toEqual(['§y2026']);
});
