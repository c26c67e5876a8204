// Words of Chinese characters drawn as dots, for terminals of any font: a dot is one column wide and half a row high, or a multiple of that.
// Draws with three characters only, \u2580 \u2584 \u2588, whose width is one column; consoles without Chinese have them in their oldest fonts.
// Never draws a character that it has no bitmap of: that is a defect, and a test looks for it.
import assert from 'node:assert/strict';
import { GLYPHS } from './screen-glyphs.ts';

/** Columns of a character at its smallest. */
export const DOT_COLUMNS = 16;
/** Rows of a character at its smallest. */
export const DOT_ROWS = 8;

/** What stands in a cell, by its upper dot and its lower one. */
const CELLS: Readonly<Record<string, string>> = { '00': ' ', '10': '\u2580', '01': '\u2584', '11': '\u2588' };

/** A word as texts, one for each row; each dot is `scale` columns wide. */
export function drawDots(word: string, scale: number): string[] {
  const dots = Array.from({ length: 2 * DOT_ROWS }, (_, k) => dotsOf(word, k, scale));
  return Array.from({ length: DOT_ROWS * scale }, (_, row) => {
    const [upper, lower] = [2 * row, 2 * row + 1].map((half) => dots[Math.floor(half / scale)] ?? '');
    return [...(upper ?? '')].map((dot, k) => CELLS[dot + (lower?.[k] ?? '')] ?? '').join('');
  });
}

/** One row of dots of a word: a 1 or a 0 for each column. */
function dotsOf(word: string, row: number, scale: number): string {
  return [...word].map((each) => glyphRow(each, row).replaceAll(/./g, (dot) => dot.repeat(scale))).join('');
}

function glyphRow(character: string, row: number): string {
  const hex = GLYPHS[character]?.split(' ')[row];
  assert(hex !== undefined, `${character} has no bitmap`);
  return Number.parseInt(hex, 16).toString(2).padStart(DOT_COLUMNS, '0');
}
