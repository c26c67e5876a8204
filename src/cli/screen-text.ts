// Texts that may stand on the screen: only characters whose width every terminal agrees on, cut to a width, grouped as painted spans.
// Never lets through what moves a cursor, joins its neighbour, or is written from right to left: it becomes a question mark.
import { widthOf } from './text.ts';

/** What characters the terminal can draw. */
export type Charset = 'ascii' | 'full';

/** How a piece of text is painted; the states of docks are paints of their own. */
export type Paint = 'plain' | 'bold' | 'dim' | 'title' | 'trough' | 'free' | 'wait' | 'copying' | 'take' | 'problem';

/** A piece of a row. `ink`: a block of colour, whose text is spaces. */
export interface Span {
  readonly text: string;
  readonly paint: Paint;
  readonly ink?: true;
}

/** One row of the screen, from its left edge. */
export type Row = readonly Span[];

/** Longest text looked at, in characters; no screen is as wide. */
const MAX_TEXT_CHARS = 500;
/** Letters, digits and marks of one column, then of two. Accents that stand alone, emoji and other scripts have a width only by luck. */
const NARROW = /^[ -~\u00a1-\u00ac\u00ae-\u024f\u0391-\u03a1\u03a3-\u03ff\u0400-\u0482\u048a-\u052f\u1e00-\u1eff]$/u;
const BROAD =
  /^[\u3001-\u3029\u3030-\u303d\u3041-\u3096\u309b-\u30ff\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufa6d\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{2fa1d}\u{30000}-\u{3134a}]$/u;

/** What no character set has a place for here, also within the ranges above: controls, marks that join, code points without a character. */
const NEVER = /[\p{C}\p{M}]/u;

function isDrawn(character: string, charset: Charset): boolean {
  if (charset === 'ascii') return /^[ -~]$/.test(character);
  return (NARROW.test(character) || BROAD.test(character)) && !NEVER.test(character);
}

/** A text that people or devices wrote, made fit for the screen: each character it cannot show is a question mark. */
export function plain(text: string, charset: Charset): string {
  return [...text.slice(0, MAX_TEXT_CHARS).normalize('NFC').replaceAll(/\s+/gu, ' ').trim()]
    .map((each) => (isDrawn(each, charset) ? each : '?'))
    .join('');
}

/** True when a text has something to read after `plain`. */
export function isReadable(text: string): boolean {
  return /[^ ?]/u.test(text);
}

/** A text cut to a width; two dots say that it was. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) + 2 > width) break;
    kept += character;
  }
  return width < 2 ? '' : `${kept}..`;
}

/** A text on at most so many rows, broken at blanks where there are any; what does not fit on the last is cut. */
export function wrap(text: string, width: number, rows: number): string[] {
  if (rows <= 1 || widthOf(text) <= width) return rows < 1 ? [] : [cut(text, width)];
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) > width) break;
    kept += character;
  }
  const blank = text[kept.length] === ' ' ? kept.length : kept.lastIndexOf(' ');
  const head = blank > 0 ? text.slice(0, blank) : kept;
  if (head === '') return [];
  return [head, ...wrap(text.slice(head.length).trimStart(), width, rows - 1)];
}

/** Columns of a row. */
export function rowWidth(row: Row): number {
  return row.reduce((sum, { text }) => sum + widthOf(text), 0);
}

/** A row of one text, cut or filled to a width. */
export function textRow(text: string, width: number, paint: Paint = 'plain'): Row {
  const shown = cut(text, width);
  return [{ text: shown + ' '.repeat(width - widthOf(shown)), paint }];
}

/** Two texts at the two edges of a row; the left one is cut for the right one. */
export function edgesRow(left: string, right: string, width: number, paint: Paint): Row {
  const end = cut(right, width);
  const room = Math.max(0, width - widthOf(end) - 1);
  const start = cut(left, room);
  return [{ text: start + ' '.repeat(width - widthOf(start) - widthOf(end)) + end, paint }];
}

/** A block of colour. */
export function inkOf(width: number, paint: Paint): Span {
  return { text: ' '.repeat(width), paint, ink: true };
}

/** Rows brought to a width by blanks at the right, or at both sides. */
export function fillRow(row: Row, width: number, centred = false): Row {
  const gap = Math.max(0, width - rowWidth(row));
  const left = centred ? Math.floor(gap / 2) : 0;
  return [
    { text: ' '.repeat(left), paint: 'plain' as const },
    ...row,
    { text: ' '.repeat(gap - left), paint: 'plain' as const },
  ].filter(({ text }) => text !== '');
}
