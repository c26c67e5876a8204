// One dock as a tile of the screen: in block letters where there is room, in words always.
// Never taller or wider than it was told: a tile is exactly its rows and columns.
import type { ScreenDock } from './screen-docks.ts';
import { drawLetters, LETTER_ROWS, type LetterSize, letterSize, lettersWidth } from './screen-letters.ts';
import { type Charset, cut, fillRow, inkOf, isReadable, plain, type Row, textRow, wrap } from './screen-text.ts';
import { type Language, STATES, say, type Words } from './screen-words.ts';
import { durationText, sizeText, widthOf } from './text.ts';

/** How texts are shown. */
export interface Speech {
  readonly language: Language;
  readonly charset: Charset;
}

/** Rows and columns of a tile. */
export interface TileSize {
  readonly columns: number;
  readonly rows: number;
}

/** Rows of a tile without block letters: state, who, how far, what to do. */
export const SMALL_ROWS = 4;
/** Narrowest tile in which a bar and its numbers stand on one row. */
export const SMALL_COLUMNS = 34;
/** Columns beside the letters that the words of a tile need, and those between. */
const WORDS_COLUMNS = 27;
const GAP_COLUMNS = 3;
/** Rows above and below the letters: dock and camera, air; what to do, twice, and how far. */
const STACKED_ROWS = 5;
/** Shortest bar that says something. */
const BAR_COLUMNS = 6;
/** Every state's letters are of one size, that of the widest. */
const LETTERS_WIDTH = Math.max(...Object.values(STATES).map(({ block }) => lettersWidth(block)));

type Layout =
  | { readonly kind: 'stacked' | 'beside'; readonly size: LetterSize }
  | { readonly kind: 'small' | 'line'; readonly size?: undefined };

/** How much a tile's state strikes the eye at a size: squares of its letters; 0 for words alone, -1 where not even these fit. */
export function tileWorth(size: TileSize): number {
  const { kind, size: letters } = layoutOf(size);
  if (letters !== undefined) return letters.columns * letters.rows;
  return kind === 'small' ? 0 : -1;
}

function layoutOf({ columns, rows }: TileSize): Layout {
  const stacked = letterSize(LETTERS_WIDTH, columns, rows - STACKED_ROWS);
  const beside = letterSize(LETTERS_WIDTH, columns - WORDS_COLUMNS - GAP_COLUMNS, rows);
  const area = (size: LetterSize | undefined): number => (size === undefined ? 0 : size.columns * size.rows);
  if (beside !== undefined && area(beside) >= area(stacked)) return { kind: 'beside', size: beside };
  if (stacked !== undefined) return { kind: 'stacked', size: stacked };
  return { kind: rows >= SMALL_ROWS && columns >= SMALL_COLUMNS ? 'small' : 'line' };
}

/** A dock as rows, each as wide as the tile. */
export function drawTile(dock: ScreenDock, size: TileSize, speech: Speech): Row[] {
  const layout = layoutOf(size);
  const rows = drawLayout(dock, size, layout, speech).slice(0, size.rows);
  const blank = Array.from({ length: size.rows - rows.length }, () => textRow('', size.columns));
  return [...rows, ...blank];
}

function drawLayout(dock: ScreenDock, size: TileSize, layout: Layout, speech: Speech): Row[] {
  switch (layout.kind) {
    case 'line':
      return [lineRow(dock, size.columns, speech)];
    case 'small':
      return smallRows(dock, size, speech);
    case 'stacked':
      return stackedRows(dock, size, layout.size, speech);
    case 'beside':
      return besideRows(dock, size, layout.size, speech);
  }
}

/** Everything on one row, the state first. */
function lineRow(dock: ScreenDock, columns: number, speech: Speech): Row {
  const who = whoText(dock, speech);
  return textRow(` ${plain(dock.name, speech.charset)}  ${nameOf(dock, speech)}  ${who}`, columns, dock.show);
}

function smallRows(dock: ScreenDock, { columns, rows }: TileSize, speech: Speech): Row[] {
  return [
    textRow(` ${plain(dock.name, speech.charset)}  ${nameOf(dock, speech)}`, columns, dock.show),
    textRow(whoText(dock, speech), columns, 'bold'),
    ...doRows(dock, columns, rows - SMALL_ROWS + 1, speech),
    ...farRows(dock, columns, 1),
  ];
}

/** Words above and below the letters, with air between as far as there is room. */
function stackedRows(dock: ScreenDock, { columns, rows }: TileSize, size: LetterSize, speech: Speech): Row[] {
  const letters = lettersOf(dock, size).map((row) => fillRow(row, columns));
  const above = [labelRow(dock, columns, speech)];
  const below = [...doRows(dock, columns, 2, speech), ...farRows(dock, columns, 1)];
  const free = rows - above.length - letters.length - below.length;
  const blanks = (count: number): Row[] => Array.from({ length: count }, () => textRow('', columns));
  const [before, after] = [Math.min(1, free), free > 1 ? 1 : 0];
  const top = blanks(Math.floor((free - before - after) / 2));
  return [...top, ...above, ...blanks(before), ...letters, ...blanks(after), ...below];
}

function besideRows(dock: ScreenDock, { columns, rows }: TileSize, size: LetterSize, speech: Speech): Row[] {
  const wide = LETTERS_WIDTH * size.columns + GAP_COLUMNS;
  const room = columns - wide;
  const letters = lettersOf(dock, size);
  const { label, who } = labelOf(dock, speech);
  const head = [textRow(label, Math.min(widthOf(label), room), dock.show), textRow(who, room, 'bold')];
  const words = [...head, ...doRows(dock, room, Math.max(1, rows - head.length - 1), speech)];
  const all = [...words, ...farRows(dock, room, rows - words.length)];
  return Array.from({ length: Math.max(letters.length, Math.min(rows, all.length)) }, (_, k) => [
    ...fillRow(letters[k] ?? [], wide),
    ...fillRow(all[k] ?? [], room),
  ]);
}

/** A dock that is free says so without calling anybody. */
function lettersOf({ show }: ScreenDock, size: LetterSize): Row[] {
  return drawLetters(STATES[show].block, size, show === 'free' ? 'trough' : show);
}

function nameOf({ show }: ScreenDock, { language }: Speech): string {
  return say(STATES[show].name, language);
}

/** The dock, and its state in words that the letters do not say. */
function labelOf(dock: ScreenDock, speech: Speech): { readonly label: string; readonly who: string } {
  const { name, block } = STATES[dock.show];
  const english = name.en === block ? '' : ` ${name.en}`;
  const state = speech.language === 'en' ? english : ` ${name.zh}`;
  return { label: ` ${plain(dock.name, speech.charset)}${state} `, who: whoText(dock, speech) };
}

function labelRow(dock: ScreenDock, columns: number, speech: Speech): Row {
  const { label, who } = labelOf(dock, speech);
  const shown = cut(label, columns);
  return [{ text: shown, paint: dock.show }, ...textRow(`  ${who}`, columns - widthOf(shown), 'bold')];
}

/** Officer, serial, model: whatever of them the terminal can show. */
function whoText({ officer, camera, model }: ScreenDock, { charset }: Speech): string {
  return [officer, camera, model]
    .map((each) => plain(each ?? '', charset))
    .filter(isReadable)
    .join('  ');
}

/** What to do, in as many languages as there is room for. */
function doRows({ next }: ScreenDock, columns: number, rows: number, { language }: Speech): Row[] {
  return sayRows(next, columns, rows, language).map((text) => textRow(text, columns, 'bold'));
}

/** Words on one row if they fit, else on more; where there is one row only, the language that fits it. */
export function sayRows(words: Words, columns: number, rows: number, language: Language): string[] {
  const joined = say(words, language);
  if (language !== 'both' || widthOf(joined) <= columns) return wrap(joined, columns, rows);
  if (rows < 2) return [cut(widthOf(words.en) <= columns ? words.en : words.zh, columns)];
  const chinese = wrap(words.zh, columns, rows - 1);
  return [...wrap(words.en, columns, rows - chinese.length), ...chinese];
}

/** How far: bar and numbers on one row, or each on its own where there are two and the numbers would be cut. */
function farRows(dock: ScreenDock, columns: number, rows: number): Row[] {
  if (dock.bytesTotal === 0 || rows < 1) return [];
  const numbers = numbersOf(dock);
  const apart = rows >= 2 && columns - widthOf(numbers[1] ?? '') - 1 < BAR_COLUMNS;
  if (apart) {
    const fitting = numbers.find((each) => widthOf(each) <= columns) ?? '';
    return [barOf(dock, columns), textRow(fitting, columns)];
  }
  const beside = numbers.find((each) => columns - widthOf(each) - 1 >= BAR_COLUMNS);
  if (beside === undefined) return [barOf(dock, columns)];
  return [[...barOf(dock, columns - widthOf(beside) - 1), { text: ` ${beside}`, paint: 'plain' }]];
}

/** How far in numbers: in full, in short, and then with less and less of them. */
function numbersOf({ bytesDone, bytesTotal, rate, secondsLeft, show }: ScreenDock): string[] {
  const done = `${percentOf({ bytesDone, bytesTotal })}%`;
  const whole = sizeText(bytesTotal);
  const [total, unit] = whole.split(' ');
  const part = sizeText(bytesDone).replace(` ${unit}`, '');
  const left = secondsLeft === undefined ? '' : durationText(secondsLeft * 1000);
  const fast = rate === undefined ? '' : `${sizeText(rate)}/s`;
  const bytes = show === 'take' ? whole : `${part}/${total} ${unit}`;
  const joined = (...parts: string[]): string => parts.filter((each) => each !== '').join(' ');
  return [
    [done, show === 'take' ? whole : `${part} of ${whole}`, fast, left === '' ? '' : `${left} left`]
      .filter((each) => each !== '')
      .join('  '),
    joined(done, bytes, fast, left),
    joined(done, bytes, left),
    joined(done, left),
    done,
  ];
}

/** Never 100 before all is copied. */
function percentOf({ bytesDone, bytesTotal }: Pick<ScreenDock, 'bytesDone' | 'bytesTotal'>): number {
  return bytesTotal === 0 ? 0 : Math.max(0, Math.min(100, Math.floor((bytesDone / bytesTotal) * 100)));
}

function barOf(dock: ScreenDock, columns: number): Row {
  const filled = Math.floor((columns * percentOf(dock)) / 100);
  return [inkOf(filled, dock.show), inkOf(columns - filled, 'trough')].filter(({ text }) => text !== '');
}

/** Rows of the letters at a size that fits a tile; for what is no dock. */
export function drawWord(block: string, size: TileSize, paint: ScreenDock['show']): Row[] {
  const letters = letterSize(lettersWidth(block), size.columns, Math.min(size.rows, LETTER_ROWS * 3));
  if (letters === undefined) return [textRow(block, size.columns, paint)];
  return drawLetters(block, letters, paint).map((row) => fillRow(row, size.columns, true));
}
