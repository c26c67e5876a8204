// How long evidence is kept: rules as data, and arithmetic that can only lengthen.
// No setting, label or upgrade may ever shorten a retention; that is why there is no function that returns the smaller.
import { z } from 'zod';
import { type EpochMs, formatInstant, type Instant } from './brand.ts';

/** A rule: so many days from recording, as long as the case file (同案卷), or for ever. */
export const retentionRuleSchema = z.union(
  [z.strictObject({ days: z.int().min(1).max(36_525) }), z.literal('same-as-case'), z.literal('permanent')],
  { error: 'expected a number of days, { days = 365 }, or "same-as-case" or "permanent"' },
);
/** A rule of keeping. */
export type RetentionRule = z.infer<typeof retentionRuleSchema>;

/** Shortest rule allowed, in days: six months, as the rules on recording on-site enforcement ask for. */
export const MIN_RETENTION_DAYS = 183;

const DAY_MS = 86_400_000;

/** When a rule ends: an instant, or 'permanent' while a case decides or for ever. */
export type RetainUntil = Instant | 'permanent';

/** When evidence recorded at `from` may at the earliest be disposed of under a rule. */
export function retainUntil(rule: RetentionRule, from: EpochMs): RetainUntil {
  if (typeof rule === 'string') return 'permanent'; // 'same-as-case' cannot end before a case says when it ends
  return formatInstant(from + rule.days * DAY_MS);
}

/** The later of two ends; the longest rule wins. */
export function laterRetention(a: RetainUntil, b: RetainUntil): RetainUntil {
  if (a === 'permanent' || b === 'permanent') return 'permanent';
  return a >= b ? a : b;
}
