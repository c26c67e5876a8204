// Text for a terminal: widths that know Chinese characters are two columns wide, sizes, times, and names made harmless.
// Never lets a control character of a camera's file name reach the terminal.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{Mn}|\p{Me}/u;

/** Columns a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += COMBINING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** A name with control, format and line-separator characters shown as escapes. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Text cut to a width with an ellipsis in the middle, so that the end of a file name is seen. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  const characters = [...text];
  let head = '';
  let tail = '';
  for (let a = 0, b = characters.length - 1; a <= b; a += 1, b -= 1) {
    if (widthOf(head + (characters[a] ?? '') + tail) + 1 > width) break;
    head += characters[a] ?? '';
    if (widthOf(head + (characters[b] ?? '') + tail) + 1 > width) break;
    tail = (characters[b] ?? '') + tail;
  }
  return `${head}…${tail}`;
}

/** Pads to a width on the right, or on the left for numbers. */
export function pad(text: string, width: number, right = false): string {
  const gap = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? gap + text : text + gap;
}

/** Columns that may be cut; ids, times and sizes are of no use in parts. */
const MAY_SHRINK = new Set(['file', 'what', '', 'case', 'officer', 'model', 'unit', 'camera']);
/** Narrowest a column is made, in columns of the terminal. */
const MIN_COLUMN = 12;

/** Rows as aligned columns, the widest made narrower until they fit `columns`; a column of numbers is aligned right. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const all = [header, ...rows];
  const natural = header.map((_, k) => Math.max(...all.map((row) => widthOf(row[k] ?? ''))));
  const widths = narrow(natural, (k) => MAY_SHRINK.has(header[k] ?? ''), columns);
  const numeric = header.map((_, k) => rows.length > 0 && rows.every((row) => isNumber(row[k] ?? '')));
  return all
    .map((row) =>
      row
        .map((cell, k) => pad(fit(cell, widths[k] ?? 0), widths[k] ?? 0, numeric[k]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Takes from the widest column as long as the row is too wide and a column is left to take from. */
function narrow(widths: readonly number[], mayShrink: (k: number) => boolean, columns: number): number[] {
  const left = [...widths];
  for (;;) {
    const over = left.reduce((sum, width) => sum + width, 0) + 2 * (left.length - 1) - columns;
    const widest = Math.max(...left.filter((_, k) => mayShrink(k)));
    if (over <= 0 || widest <= MIN_COLUMN) return left;
    const at = left.findIndex((width, k) => width === widest && mayShrink(k));
    left[at] = widest - 1;
  }
}

function isNumber(cell: string): boolean {
  return /^[\d-]/.test(cell) && /(?:B|^\d+|\ds|:\d\d)$/.test(cell);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes in words: `1.4 GiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit] ?? ''}`;
}

/** Duration in words: `1:02:03` or `0:45`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** An instant in the station's own time zone: `2026-11-21 14:48:54`. */
export function timeText(instant: string | null): string {
  if (instant === null) return '';
  const at = new Date(instant);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
