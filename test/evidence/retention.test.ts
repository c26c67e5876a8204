// Keeping can only get longer: whatever is combined with whatever, in whatever order, nothing ends earlier than any of it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  laterRetention,
  MIN_RETENTION_DAYS,
  parseEpochMs,
  type RetainUntil,
  type RetentionRule,
  retainUntil,
} from '../../src/evidence/index.ts';
import { instantAfter } from './samples.ts';

const day = 86_400_000;
const rule: fc.Arbitrary<RetentionRule> = fc.oneof(
  fc.integer({ min: 1, max: 36_525 }).map((days) => ({ days })),
  fc.constantFrom('same-as-case' as const, 'permanent' as const),
);
const from = fc.integer({ min: Date.UTC(1980, 0, 1), max: Date.UTC(2100, 0, 1) }).map(parseEpochMs);
const until: fc.Arbitrary<RetainUntil> = fc.tuple(rule, from).map(([each, at]) => retainUntil(each, at));

/** Milliseconds, so that the comparison is not the one under test. */
function endOf(each: RetainUntil): number {
  return each === 'permanent' ? Number.POSITIVE_INFINITY : Date.parse(each);
}

describe('of two ends', () => {
  it('the later wins, whatever the order (property)', () => {
    fc.assert(
      fc.property(until, until, until, (a, b, c) => {
        expect(endOf(laterRetention(a, b))).toBe(Math.max(endOf(a), endOf(b)));
        expect(laterRetention(b, a)).toBe(laterRetention(a, b));
        expect(laterRetention(laterRetention(a, b), c)).toBe(laterRetention(a, laterRetention(b, c)));
        expect(laterRetention(a, a)).toBe(a);
      }),
    );
  });

  it('no number of labels, cases and rules in a row ever shortens (property)', () => {
    fc.assert(
      fc.property(until, fc.array(until), (first, more) => {
        let end = first;
        for (const each of more) {
          const next = laterRetention(end, each);
          expect(endOf(next)).toBeGreaterThanOrEqual(endOf(end));
          end = next;
        }
      }),
    );
  });
});

describe('a rule', () => {
  it('in days ends that many days after recording', () => {
    expect(retainUntil({ days: MIN_RETENTION_DAYS }, parseEpochMs(Date.UTC(2026, 0, 1)))).toBe(instantAfter(183 * day));
  });

  it('that waits for a case, or for ever, has no end by itself', () => {
    expect(retainUntil('same-as-case', parseEpochMs(0))).toBe('permanent');
    expect(retainUntil('permanent', parseEpochMs(0))).toBe('permanent');
  });

  it('of more days, or of later footage, never ends earlier (property)', () => {
    const days = fc.integer({ min: 1, max: 36_525 });
    fc.assert(
      fc.property(days, days, from, from, (a, b, at, later) => {
        const [short, long] = [Math.min(a, b), Math.max(a, b)];
        const [first, last] = [parseEpochMs(Math.min(at, later)), parseEpochMs(Math.max(at, later))];
        expect(endOf(retainUntil({ days: long }, last))).toBeGreaterThanOrEqual(
          endOf(retainUntil({ days: short }, first)),
        );
      }),
    );
  });

  it('asks for six months at least', () => {
    expect(MIN_RETENTION_DAYS * day).toBeGreaterThanOrEqual(Date.UTC(2026, 6, 1) - Date.UTC(2026, 0, 1));
  });
});
