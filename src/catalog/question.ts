// What a person asks for, as one FTS5 expression. Text is data: every word is quoted, so quotes, operators and column filters in it
// mean nothing. A run of CJK characters is a phrase of pairs; a run of Latin words and digits (2026-LX-0003, BC01_000123) is a phrase whose last
// word may go on; runs are joined by AND.
import { type CaseNumber, epochOf, Failure, type Instant, type ItemKind } from '../evidence/index.ts';
import { coveringFacets, wantedFacets } from './facets.ts';
import { isCjk, pairWords, splitWords } from './words.ts';

/** Longest search text, in characters: people type words, not documents. */
export const MAX_TEXT_CHARS = 200;
/** Most words of one search: each is a list of items to be intersected. */
const MAX_WORDS = 64;

/** What to find; every member that is given narrows the answer. */
export interface Question {
  /** Words, Chinese or Latin, as typed. */
  readonly text?: string | undefined;
  readonly case?: CaseNumber | undefined;
  /** Camera serial, exact; or the folder of a source that has no serial. */
  readonly camera?: string | undefined;
  /** Officer's name or certificate number, exact. */
  readonly officer?: string | undefined;
  readonly kind?: ItemKind | undefined;
  /** Captured at or after. */
  readonly from?: Instant | undefined;
  /** Captured before. */
  readonly to?: Instant | undefined;
}

/** A capture range [fromMs, toMs), in milliseconds since 1970. */
export interface CaptureRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Wider than any clock. */
export const ALWAYS: CaptureRange = { fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER };

/** The range a question asks for. */
export function captureRange({ from, to }: Question): CaptureRange {
  return {
    fromMs: from === undefined ? ALWAYS.fromMs : epochOf(from),
    toMs: to === undefined ? ALWAYS.toMs : epochOf(to),
  };
}

/** The FTS5 expression for one facet. */
export function matchFacet(facet: string): string {
  return quote(facet);
}

/** The FTS5 expression of a question; 'everything' when it narrows nothing, 'nothing' when its text holds no letter or digit. Throws Failure 'invalid'. */
export function matchExpression(question: Question): { readonly match: string } | 'everything' | 'nothing' {
  const facets = wantedFacets(question).map(quote);
  const text = question.text?.trim() ?? '';
  const phrases = textPhrases(text);
  if (text !== '' && phrases.length === 0) return 'nothing';
  const days = dayFacets(question).map(quote);
  const parts = [...phrases, ...facets, ...(days.length > 0 ? [`(${days.join(' OR ')})`] : [])];
  return parts.length === 0 ? 'everything' : { match: parts.join(' AND ') };
}

function dayFacets(question: Question): readonly string[] {
  if (question.from === undefined && question.to === undefined) return [];
  const { fromMs, toMs } = captureRange(question);
  return coveringFacets(fromMs, toMs);
}

function textPhrases(text: string): readonly string[] {
  if (text.length > MAX_TEXT_CHARS)
    throw new Failure(
      'invalid',
      `the search text has ${text.length} characters, at most ${MAX_TEXT_CHARS} are looked for`,
    );
  const runs = text.split(/\s+/u).flatMap(splitRuns);
  const words = runs.reduce((sum, run) => sum + run.length, 0);
  if (words > MAX_WORDS)
    throw new Failure('invalid', `the search text has ${words} words, at most ${MAX_WORDS} are looked for`);
  return runs.map(formatRun);
}

/** Splits one chunk without spaces where CJK and other words meet. */
function splitRuns(chunk: string): string[][] {
  const runs: string[][] = [];
  for (const word of splitWords(chunk)) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && isCjk(run[0]) === isCjk(word)) run.push(word);
    else runs.push([word]);
  }
  return runs;
}

function formatRun(run: readonly string[]): string {
  const last = run.at(-1) ?? '';
  if (isCjk(last)) return quote(cjkTerms(run).join(' '));
  const phrase = quote(run.join(' '));
  // A number is looked for whole: a prefix of digits would match a good part of all dates and counters.
  return /\p{L}/u.test(last) ? `${phrase} *` : phrase;
}

/** The pairs of a run of CJK characters. The last of them is in the pair before it: in the text anything may follow it. */
function cjkTerms(run: readonly string[]): readonly string[] {
  return run.length === 1 ? run : pairWords(run).slice(0, -1);
}

/** Words and facets hold letters, digits, marks and § only, so no quote can stand in them. */
function quote(words: string): string {
  return `"${words}"`;
}
