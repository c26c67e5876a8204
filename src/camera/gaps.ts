// Breaks in a series of recordings. Pure: names, times and lengths in, gaps out; it reports and never judges why.
//
// What an archivist needs to know is where something was recorded that is not on the card. A camera that records on splits its recording into
// segments of one length with no more than a frame between them; one that was switched off starts again at any time. So:
// - Time: the recordings of one camera and kind are put in order of the start in their names. A segment ends at start + duration, or, where the
//   duration is not known, at its modification time (when that is credible: not before the start, not hours after). More than `toleranceMs`
//   and less than `sessionBreakMs` to the next start is a gap: nobody switches a camera off and on within that time without a reason to ask for.
// - A longer break counts as switched off, unless it is a whole number of usual segments long: then segments are missing from the middle.
//   The usual length is the one that at least three segments share.
// - Counter: within one series (as the profile's name pattern says) each missing number is a gap, unless the jump is so large that the
//   camera's counter was set anew.
import type { EpochMs, Gap, ItemKind, NamedFacts, SourcePath } from '../evidence/index.ts';

/** What gap finding needs of a file; a SourceFile fits. `durationMs` when the room media has looked inside. */
export interface Segment {
  readonly path: Pick<SourcePath, 'text'>;
  readonly kind: ItemKind;
  readonly modifiedAtMs: EpochMs;
  readonly named?: NamedFacts | undefined;
  readonly durationMs?: number | undefined;
}

/** Bounds of the rule, in milliseconds and numbers. */
export interface GapRule {
  readonly toleranceMs: number;
  readonly sessionBreakMs: number;
  readonly maxCounterJump: number;
}

/** 2 s is what FAT times are rounded to; ten minutes off is an end of duty; a jump of 200 numbers is a new counter. */
export const DEFAULT_GAP_RULE: GapRule = { toleranceMs: 2000, sessionBreakMs: 600_000, maxCounterJump: 200 };

/** Longest credible segment by its modification time: FAT local times read in the wrong zone are whole hours off. */
const MAX_SEGMENT_MS = 55 * 60_000;
/** Lengths within this of each other are the same usual length. */
const SAME_LENGTH_MS = 5000;
const USUAL_AT_LEAST = 3;
const MAX_MISSING_SEGMENTS = 24;

/** Gaps in time, then gaps in counters; each in the order of the recordings. */
export function findGaps(files: readonly Segment[], rule: GapRule = DEFAULT_GAP_RULE): Gap[] {
  const recordings = files.filter(({ kind }) => kind === 'footage' || kind === 'audio');
  const numbered = files.filter(({ kind }) => kind !== 'sidecar');
  return [
    ...[...groups(recordings, timeKey).values()].flatMap((group) => timeGaps(group, rule)),
    ...[...groups(numbered, counterKey).values()].flatMap((group) => counterGaps(group, rule)),
  ];
}

function timeKey({ kind, named }: Segment): string | undefined {
  return named?.startedAtMs === undefined ? undefined : JSON.stringify([kind, named.camera ?? '']);
}

function counterKey({ named }: Segment): string | undefined {
  return named?.counter === undefined ? undefined : JSON.stringify([named.camera ?? '', named.series ?? '']);
}

function groups(files: readonly Segment[], keyOf: (file: Segment) => string | undefined): Map<string, Segment[]> {
  const found = new Map<string, Segment[]>();
  for (const file of files) {
    const key = keyOf(file);
    if (key === undefined) continue;
    const group = found.get(key);
    if (group === undefined) found.set(key, [file]);
    else group.push(file);
  }
  return found;
}

interface Span {
  readonly text: string;
  readonly startMs: number;
  /** Absent when nothing credible says it. */
  readonly endMs?: number | undefined;
}

function spanOf(file: Segment): Span {
  const startMs = file.named?.startedAtMs ?? file.modifiedAtMs;
  if (file.durationMs !== undefined) return { text: file.path.text, startMs, endMs: startMs + file.durationMs };
  const writtenMs = file.modifiedAtMs - startMs;
  return writtenMs >= 0 && writtenMs <= MAX_SEGMENT_MS
    ? { text: file.path.text, startMs, endMs: file.modifiedAtMs }
    : { text: file.path.text, startMs };
}

function timeGaps(group: readonly Segment[], rule: GapRule): Gap[] {
  const spans = group.map(spanOf).toSorted((a, b) => a.startMs - b.startMs || (a.text < b.text ? -1 : 1));
  const usualMs = usualLength(spans);
  const gaps: Gap[] = [];
  let coveredMs = Number.NEGATIVE_INFINITY; // two cameras' worth of overlapping segments: the latest end counts
  let last: Span | undefined;
  for (const span of spans) {
    const missingMs = last?.endMs === undefined ? 0 : span.startMs - Math.max(coveredMs, last.endMs);
    if (last !== undefined && isGap(missingMs, usualMs, rule))
      gaps.push({ kind: 'time', after: last.text, before: span.text, missing: Math.round(missingMs / 1000) });
    coveredMs = Math.max(coveredMs, span.endMs ?? span.startMs);
    last = span;
  }
  return gaps;
}

function isGap(missingMs: number, usualMs: number | undefined, rule: GapRule): boolean {
  if (missingMs <= rule.toleranceMs) return false;
  if (missingMs < rule.sessionBreakMs) return true;
  if (usualMs === undefined) return false;
  const segments = Math.round(missingMs / usualMs);
  return (
    segments >= 1 &&
    segments <= MAX_MISSING_SEGMENTS &&
    Math.abs(missingMs - segments * usualMs) <= (segments + 1) * rule.toleranceMs
  );
}

/** The length that most segments share, if at least three do. */
function usualLength(spans: readonly Span[]): number | undefined {
  const lengths = spans
    .flatMap(({ startMs, endMs }) => (endMs === undefined ? [] : [endMs - startMs]))
    .toSorted((a, b) => a - b);
  let best: { readonly count: number; readonly length: number } | undefined;
  let from = 0;
  for (const [to, length] of lengths.entries()) {
    while (length - (lengths[from] ?? 0) > SAME_LENGTH_MS) from += 1;
    const count = to - from + 1;
    if (count > (best?.count ?? 0)) best = { count, length: lengths[from + Math.floor(count / 2)] ?? length };
  }
  return best !== undefined && best.count >= USUAL_AT_LEAST && best.length >= SAME_LENGTH_MS ? best.length : undefined;
}

function counterGaps(group: readonly Segment[], rule: GapRule): Gap[] {
  const numbered = group.toSorted((a, b) => counterOf(a) - counterOf(b) || (a.path.text < b.path.text ? -1 : 1));
  return numbered.flatMap((file, k) => {
    const last = numbered[k - 1];
    const missing = last === undefined ? 0 : counterOf(file) - counterOf(last) - 1;
    return last !== undefined && missing > 0 && missing <= rule.maxCounterJump
      ? [{ kind: 'counter' as const, after: last.path.text, before: file.path.text, missing }]
      : [];
  });
}

function counterOf(file: Segment): number {
  return file.named?.counter ?? 0;
}
