// Letters that are read from two metres: each a few squares of colour, as large as there is room for.
// Draws with spaces on a coloured ground only, so that any font will do; with full cells where the ground has a colour already.
import { inkOf, type Paint, type Row, type Span } from './screen-text.ts';

/** Rows of a letter at its smallest. */
export const LETTER_ROWS = 5;

/** The letters that the states need, row after row. */
const LETTERS: Readonly<Record<string, readonly string[]>> = {
  A: ['###', '# #', '###', '# #', '# #'],
  B: ['## ', '# #', '## ', '# #', '## '],
  C: ['###', '#  ', '#  ', '#  ', '###'],
  D: ['## ', '# #', '# #', '# #', '## '],
  E: ['###', '#  ', '## ', '#  ', '###'],
  F: ['###', '#  ', '## ', '#  ', '#  '],
  G: ['####', '#   ', '# ##', '#  #', '####'],
  I: ['###', ' # ', ' # ', ' # ', '###'],
  K: ['#  #', '# # ', '##  ', '# # ', '#  #'],
  L: ['#  ', '#  ', '#  ', '#  ', '###'],
  M: ['#   #', '## ##', '# # #', '#   #', '#   #'],
  N: ['#  #', '## #', '# ##', '#  #', '#  #'],
  O: ['###', '# #', '# #', '# #', '###'],
  P: ['###', '# #', '###', '#  ', '#  '],
  R: ['###', '# #', '## ', '# #', '# #'],
  S: ['###', '#  ', '###', '  #', '###'],
  T: ['###', ' # ', ' # ', ' # ', ' # '],
  V: ['# #', '# #', '# #', '# #', ' # '],
  W: ['#   #', '#   #', '# # #', '## ##', '#   #'],
  Y: ['# #', '# #', ' # ', ' # ', ' # '],
  ' ': ['  ', '  ', '  ', '  ', '  '],
};

/** Columns and rows of one square of a letter. */
export interface LetterSize {
  readonly columns: number;
  readonly rows: number;
}

function lineOf(word: string, row: number): string {
  return [...word].map((each) => LETTERS[each]?.[row] ?? '').join(' ');
}

/** Squares that a word is wide. */
export function lettersWidth(word: string): number {
  return lineOf(word, 0).length;
}

/** The largest size at which a word of so many squares fits; undefined where not even the smallest does. A cell is twice as high as wide. */
export function letterSize(squares: number, width: number, rows: number): LetterSize | undefined {
  const columns = Math.floor(width / squares);
  const high = Math.min(Math.floor(rows / LETTER_ROWS), columns);
  if (columns < 1 || high < 1) return undefined;
  return { columns: Math.min(columns, high * 3), rows: high };
}

/** A word in letters. */
export function drawLetters(word: string, { columns, rows }: LetterSize, paint: Paint): Row[] {
  return Array.from({ length: LETTER_ROWS }, (_, k) => drawLine(lineOf(word, k), columns, paint)).flatMap((row) =>
    Array.from({ length: rows }, () => row),
  );
}

function drawLine(line: string, columns: number, paint: Paint): Row {
  return [...line.matchAll(/#+| +/g)].map(([run]): Span => {
    const width = run.length * columns;
    return run.startsWith('#') ? inkOf(width, paint) : { text: ' '.repeat(width), paint: 'plain' };
  });
}

/** A word in letters as texts of blanks and full cells, for a ground that is coloured already. */
export function letterTexts(word: string, { columns, rows }: LetterSize): string[] {
  return Array.from({ length: LETTER_ROWS * rows }, (_, k) =>
    lineOf(word, Math.floor(k / rows)).replaceAll(/./g, (square) => (square === '#' ? '\u2588' : ' ').repeat(columns)),
  );
}
