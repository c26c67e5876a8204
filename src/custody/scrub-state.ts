// Where the rolling check stands: the bookmark, what the present cycle and its part not yet on record found, and what was read today.
// Plain values and arithmetic over them; never reads a clock, a vault or a file.
import {
  type EpochMs,
  epochOf,
  type Finding,
  formatInstant,
  type Instant,
  MAX_SCRUB_FINDINGS,
} from '../evidence/index.ts';
import { type Hours, isWithin } from '../vault/index.ts';

const DAY_MS = 86_400_000;
/** Longest place of a finding in an entry, in characters: ten of them in Chinese stay below the size of an entry. */
const MAX_WHERE_CHARS = 1000;

/** How the station wants to be checked. */
export interface ScrubRules {
  readonly bytesPerDay: number;
  /** Local time of the day in which it may run; undefined: always. */
  readonly hours: Hours | undefined;
  /** Everything is to be read back once in so long, in milliseconds. */
  readonly cycleMs: number;
}

/** What was looked at, and how much of it was wrong. */
export interface ScrubTally {
  readonly startedAt: Instant;
  readonly items: number;
  readonly bytes: number;
  readonly findings: number;
}

/** Entries `from` up to the bookmark: checked, and not yet on record. */
export interface ScrubSegment extends ScrubTally {
  readonly from: number;
  readonly lastAt: Instant;
  readonly first: readonly Pick<Finding, 'code' | 'where'>[];
}

/** The state between two steps. */
export interface ScrubState {
  /** Ledger index that is looked at next. */
  readonly next: number;
  /** The cycle under way; undefined between two. */
  readonly cycle?: ScrubTally | undefined;
  /** The last cycle that reached the end of the ledger. */
  readonly last?: (ScrubTally & { readonly finishedAt: Instant }) | undefined;
  readonly segment?: ScrubSegment | undefined;
  /** Bytes that count against the budget of a local day, `2026-11-21`. */
  readonly day: { readonly date: string; readonly bytes: number };
}

/** A station that was never checked. */
export const NEVER_SCRUBBED: ScrubState = { next: 0, day: { date: '', bytes: 0 } };

/** Local date of a time. */
export function dateOf(now: EpochMs): string {
  const at = new Date(now);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The day's account; what was read beyond a day's budget is paid by the days that follow. */
export function accountOf({ day }: ScrubState, { bytesPerDay }: ScrubRules, now: EpochMs): ScrubState['day'] {
  const date = dateOf(now);
  if (day.date === date) return day;
  const passed = Math.round((Date.parse(date) - Date.parse(day.date)) / DAY_MS);
  const days = Number.isFinite(passed) && passed > 0 ? passed : 1; // a clock that went back starts a day too
  return { date, bytes: Math.max(0, day.bytes - days * bytesPerDay) };
}

/** Why nothing is checked now by itself; undefined when it may go on. */
export function restOf(state: ScrubState, rules: ScrubRules, now: EpochMs): 'hours' | 'budget' | 'cycle' | undefined {
  if (rules.hours !== undefined && !isWithin(rules.hours, now)) return 'hours';
  if (accountOf(state, rules, now).bytes >= rules.bytesPerDay) return 'budget';
  // The next cycle begins when half the time is over, so that it is complete before the whole is.
  const resting =
    state.cycle === undefined && state.last !== undefined && now < epochOf(state.last.startedAt) + rules.cycleMs / 2;
  return resting ? 'cycle' : undefined;
}

/** A cycle begins at the first entry. */
export function beginCycle(state: ScrubState, now: EpochMs): ScrubState {
  return { ...state, next: 0, cycle: emptyTally(now) };
}

function emptyTally(now: EpochMs): ScrubTally {
  return { startedAt: formatInstant(now), items: 0, bytes: 0, findings: 0 };
}

/** What looking at one entry, or at what lies over the ledger, came to. */
export interface ScrubOutcome {
  readonly items: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

/** Books an outcome and moves the bookmark. */
export function bookOutcome(
  state: ScrubState,
  outcome: ScrubOutcome,
  at: { readonly next: number; readonly now: EpochMs; readonly rules: ScrubRules },
): ScrubState {
  const { next, now, rules } = at;
  const account = accountOf(state, rules, now);
  const segment = state.segment ?? { ...emptyTally(now), from: state.next, first: [] };
  const first = [...segment.first, ...outcome.findings.map(shorten)].slice(0, MAX_SCRUB_FINDINGS);
  return {
    ...state,
    next,
    cycle: addTo(state.cycle ?? emptyTally(now), outcome),
    segment: { ...addTo(segment, outcome), from: segment.from, lastAt: formatInstant(now), first },
    day: { ...account, bytes: account.bytes + outcome.bytes },
  };
}

function addTo({ startedAt, items, bytes, findings }: ScrubTally, outcome: ScrubOutcome): ScrubTally {
  return {
    startedAt,
    items: items + outcome.items,
    bytes: bytes + outcome.bytes,
    findings: findings + outcome.findings.length,
  };
}

function shorten({ code, where }: Finding): Pick<Finding, 'code' | 'where'> {
  return { code, where: where.length <= MAX_WHERE_CHARS ? where : `${where.slice(0, MAX_WHERE_CHARS - 1)}…` };
}

/** The cycle has reached the end of the ledger. */
export function endCycle({ cycle, ...state }: ScrubState, now: EpochMs): ScrubState {
  return { ...state, next: 0, last: { ...(cycle ?? emptyTally(now)), finishedAt: formatInstant(now) } };
}

/** True when everything should have been read back since, and was not. Before the first cycle it counts from the item recorded first. */
export function isOverdue(
  { last, cycle }: ScrubState,
  { cycleMs }: ScrubRules,
  now: EpochMs,
  firstItemAt?: Instant,
): boolean {
  const since = last?.finishedAt ?? firstItemAt ?? cycle?.startedAt;
  return since !== undefined && now - epochOf(since) > cycleMs;
}
