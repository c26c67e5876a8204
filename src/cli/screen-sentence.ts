// What an officer does, in Chinese dots below the large word, where one dock has a whole screen: the small words below it may be English only.
// Never cut: a sentence that does not fit is not drawn.
import { DOT_COLUMNS, DOT_ROWS, drawDots } from './screen-dots.ts';
import type { TileSize } from './screen-large.ts';

/** A code at the end of a sentence is for whoever is called, and stands in the small words. */
const CODE = / \([a-z-]+\)$/;

/** A sentence as texts of blanks and dots, on one line, else broken after its comma; undefined where it does not fit. */
export function drawSentence(sentence: string, { columns, rows }: TileSize): string[] | undefined {
  const text = sentence.replace(CODE, '');
  const fits = (lines: readonly string[]): boolean =>
    lines.length * DOT_ROWS <= rows && lines.every((line) => [...line].length * DOT_COLUMNS <= columns);
  const lines = [[text], text.split(/(?<=\uff0c)/u)].find(fits);
  return lines?.flatMap((line) => drawDots(line, 1));
}
