// One dock as a tile of the screen: with its state in a large word where there is room, in small ones always.
// Never taller or wider than it was told: a tile is exactly its rows and columns.
import type { ScreenDock } from './screen-docks.ts';
import { DOT_ROWS } from './screen-dots.ts';
import { farRows } from './screen-far.ts';
import { belowRows, doRows, headTexts, labelOf, labelRow, whoText } from './screen-label.ts';
import { fitLarge, type Large, type TileSize } from './screen-large.ts';
import { drawSentence } from './screen-sentence.ts';
import { fillRow, type Paint, plain, type Row, textRow } from './screen-text.ts';
import { type Speech, STATES, say } from './screen-words.ts';
import { widthOf } from './text.ts';

/** Rows of a tile without a large word: state, who, how far, what to do. */
export const SMALL_ROWS = 4;
/** Narrowest tile in which a bar and its numbers stand on one row. */
export const SMALL_COLUMNS = 34;
/** Columns beside the large word that the words of a tile need, and those between. */
const WORDS_COLUMNS = 27;
const GAP_COLUMNS = 3;
/** Rows above and below the large word: dock and camera, air; what to do, twice, and how far. */
const STACKED_ROWS = 5;
/** The same without air and with all below it on one row. */
const CLOSE_ROWS = 2;
/** Rows below a plate that no sentence in dots takes: what to do, and how far. */
const BELOW_ROWS = 2;
/** Every state's word is of one size, that of the widest. */
const LARGE_WORDS = Object.values(STATES).map(({ large }) => large);

type Layout =
  | { readonly kind: 'stacked' | 'beside'; readonly large: Large }
  | { readonly kind: 'small' | 'line'; readonly large?: undefined };

/** How much a tile's state strikes the eye at a size; 0 for small words alone, -1 where not even these fit. */
export function tileWorth(size: TileSize, speech: Speech): number {
  const { kind, large } = layoutOf(size, speech);
  if (large !== undefined) return large.worth;
  return kind === 'small' ? 0 : -1;
}

function layoutOf(size: TileSize, speech: Speech): Layout {
  const layouts = speech.large === 'en' ? letterLayouts(size) : plateLayouts(size, speech);
  const [first, ...others] = layouts.filter((each) => each !== undefined);
  if (first !== undefined) return others.reduce((a, b) => (b.large.worth > a.large.worth ? b : a), first);
  return { kind: size.rows >= SMALL_ROWS && size.columns >= SMALL_COLUMNS ? 'small' : 'line' };
}

type LargeLayout = Extract<Layout, { readonly large: Large }>;

function layoutFor(
  kind: LargeLayout['kind'],
  room: TileSize,
  { large: language }: Pick<Speech, 'large'>,
): LargeLayout | undefined {
  const large = fitLarge(LARGE_WORDS, room, language);
  return large === undefined ? undefined : { kind, large };
}

function letterLayouts({ columns, rows }: TileSize): (LargeLayout | undefined)[] {
  return [
    layoutFor('beside', { columns: columns - WORDS_COLUMNS - GAP_COLUMNS, rows }, { large: 'en' }),
    layoutFor('stacked', { columns, rows: rows - STACKED_ROWS }, { large: 'en' }),
  ];
}

/** A plate is as wide as its tile, so that the colour is seen from afar. Without air around it, it is as small as may be. */
function plateLayouts({ columns, rows }: TileSize, speech: Speech): (LargeLayout | undefined)[] {
  const isMute = speech.language !== speech.large;
  // Small words in Chinese are worth a place of their own; where the terminal cannot draw them, the large one is all there is.
  if (!isMute && columns < WORDS_COLUMNS) return [];
  const close = Math.min(DOT_ROWS, rows - (isMute ? 1 : CLOSE_ROWS));
  return [
    layoutFor('stacked', { columns, rows: rows - STACKED_ROWS }, speech),
    layoutFor('beside', { columns: columns - WORDS_COLUMNS - GAP_COLUMNS, rows }, speech),
    layoutFor('stacked', { columns, rows: close }, speech),
  ];
}

/** A dock as rows, each as wide as the tile. */
export function drawTile(dock: ScreenDock, size: TileSize, speech: Speech): Row[] {
  const layout = layoutOf(size, speech);
  const rows = drawLayout(dock, size, layout, speech).slice(0, size.rows);
  return [...rows, ...blankRows(size.rows - rows.length, size.columns)];
}

function drawLayout(dock: ScreenDock, size: TileSize, layout: Layout, speech: Speech): Row[] {
  switch (layout.kind) {
    case 'line':
      return [lineRow(dock, size.columns, speech)];
    case 'small':
      return smallRows(dock, size, speech);
    case 'stacked':
      return stackedRows(dock, size, layout.large, speech);
    case 'beside':
      return besideRows(dock, size, layout.large, speech);
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

/** Words above and below letters, with air between as far as there is room. */
function stackedRows(dock: ScreenDock, { columns, rows }: TileSize, large: Large, speech: Speech): Row[] {
  if (large.says !== 'en') return plateRows(dock, { columns, rows }, large, speech);
  const word = drawState(dock, large, columns).map((row) => fillRow(row, columns));
  const above = [labelRow(dock, columns, speech)];
  const below = belowRows(dock, { columns, rows: rows - above.length - word.length }, speech);
  const free = rows - above.length - word.length - below.length;
  const [before, after] = [Math.min(1, free), free > 1 ? 1 : 0];
  const top = blankRows(Math.floor((free - before - after) / 2), columns);
  return [...top, ...above, ...blankRows(before, columns), ...word, ...blankRows(after, columns), ...below];
}

/** A plate with the words above within its colour, and those below it. Where it stands depends on the size of the tile alone, so that tiles are in line. */
function plateRows(dock: ScreenDock, { columns, rows }: TileSize, large: Large, speech: Speech): Row[] {
  const paint = paintOf(dock);
  const word = drawState(dock, large, columns);
  const spare = rows - word.length;
  const room = { above: spare > 3 ? 2 : 1, after: spare > 5 ? 1 : 0 };
  const left = spare - room.above - room.after;
  const hasSentence = left >= DOT_ROWS + BELOW_ROWS;
  const head = headTexts(dock, { columns, rows: room.above }, speech, large.says);
  const above = [
    ...head.map((text) => textRow(text, columns, paint)),
    ...blankRows(room.above - head.length, columns, paint),
  ];
  const plate = [...above, ...word, ...blankRows(room.after, columns, paint)];
  const sentence = hasSentence ? drawSentence(dock.next.zh, { columns, rows: left - BELOW_ROWS }) : undefined;
  const dots = sentence?.map((text) => textRow(text, columns, 'bold')) ?? [];
  const top = hasSentence ? 0 : Math.floor((left - Math.min(3, left)) / 2);
  const below = belowRows(dock, { columns, rows: Math.min(3, left - dots.length) }, speech);
  return [...blankRows(top, columns), ...plate, ...dots, ...below];
}

function blankRows(count: number, columns: number, paint: Paint = 'plain'): Row[] {
  return Array.from({ length: count }, () => textRow('', columns, paint));
}

function besideRows(dock: ScreenDock, { columns, rows }: TileSize, large: Large, speech: Speech): Row[] {
  const wide = large.columns + GAP_COLUMNS;
  const room = columns - wide;
  const word = drawState(dock, large, large.columns);
  const label = labelOf(dock, speech, large.says);
  const head = [
    textRow(label, Math.min(widthOf(label), room), dock.show),
    textRow(whoText(dock, speech), room, 'bold'),
  ];
  const words = [...head, ...doRows(dock, room, Math.max(1, rows - head.length - 1), speech)];
  const all = [...words, ...farRows(dock, room, rows - words.length)];
  return Array.from({ length: Math.max(word.length, Math.min(rows, all.length)) }, (_, k) => [
    ...fillRow(word[k] ?? [], wide),
    ...fillRow(all[k] ?? [], room),
  ]);
}

function drawState(dock: ScreenDock, large: Large, columns: number): Row[] {
  return large.draw(STATES[dock.show].large, paintOf(dock), columns);
}

/** A dock that is free says so without calling anybody. */
function paintOf({ show }: ScreenDock): Paint {
  return show === 'free' ? 'trough' : show;
}

function nameOf({ show }: ScreenDock, { language }: Speech): string {
  return say(STATES[show].name, language);
}
