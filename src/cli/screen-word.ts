// One word for the whole station, in the middle of the screen: no camera is there, or nobody takes them.
// Never higher than the room that is given, unless that holds not even its small words.
import { DOT_ROWS } from './screen-dots.ts';
import { sayRows } from './screen-label.ts';
import { fitLarge, type TileSize } from './screen-large.ts';
import { LETTER_ROWS } from './screen-letters.ts';
import { drawSentence } from './screen-sentence.ts';
import { cut, fillRow, type Paint, plain, type Row, textRow } from './screen-text.ts';
import { type Speech, type StateWords, say } from './screen-words.ts';

/** Rows that the word leaves: air, its name, what to do, twice, why, air. */
const WORDS_ROWS = 6;
/** The same where what to do stands above them in dots too. */
const CLOSE_ROWS = 4;
/** Highest word: three times its smallest. */
const MAX_LETTERS_ROWS = 3 * LETTER_ROWS;
const MAX_PLATE_ROWS = 3 * DOT_ROWS;

/** The word in its colour, its name, what to do, and why. */
export function wordRows(words: StateWords, paint: Paint, why: string, room: TileSize, speech: Speech): Row[] {
  const word = largeRows(words, paint, { ...room, rows: room.rows - WORDS_ROWS }, speech);
  const centred = (text: string, of: Paint): Row =>
    fillRow([{ text: cut(text, room.columns), paint: of }], room.columns, true);
  const blanks = (count: number, of: Paint = 'plain'): Row[] =>
    Array.from({ length: count }, () => textRow('', room.columns, of));
  const isPlate = speech.large !== 'en';
  const place = { ...room, rows: room.rows - word.length - CLOSE_ROWS };
  const dots = isPlate ? (drawSentence(words.next.zh, place) ?? []) : [];
  const below = [
    ...dots.map((text) => centred(text, 'bold')),
    ...blanks(1),
    centred(say(words.name, speech.language), 'bold'),
    ...sayRows(words.next, room.columns, 2, speech.language).map((text) => centred(text, 'bold')),
    ...(why === '' ? [] : [centred(plain(why, speech.charset), 'plain')]),
  ];
  const free = room.rows - word.length - below.length;
  const air = blanks(isPlate && free > 1 ? 1 : 0, paint);
  return [...blanks(Math.max(0, Math.floor(free / 2) - air.length)), ...air, ...word, ...air, ...below];
}

/** The word as large as there is room for; in small letters where there is none. */
function largeRows({ large, name }: StateWords, paint: Paint, { columns, rows }: TileSize, speech: Speech): Row[] {
  const most = speech.large === 'en' ? MAX_LETTERS_ROWS : MAX_PLATE_ROWS;
  const fit = fitLarge([large], { columns, rows: Math.min(rows, most) }, speech.large);
  if (fit === undefined) return [textRow(say(name, speech.language), columns, paint)];
  return fit.draw(large, paint, columns).map((row) => fillRow(row, columns, true));
}
