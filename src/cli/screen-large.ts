// The large word of a state, read from two metres, in the languages of the screen: English in block letters, Chinese in dots on a plate of colour.
// Never wider or higher than it was told, and of one size for all words that may stand in one place: nothing jumps when a state changes.
import { DOT_COLUMNS, DOT_ROWS, drawDots } from './screen-dots.ts';
import { drawLetters, LETTER_ROWS, type LetterSize, letterSize, lettersWidth, letterTexts } from './screen-letters.ts';
import type { Paint, Row } from './screen-text.ts';
import type { Language, LargeWords } from './screen-words.ts';

/** Rows and columns of anything on the screen. */
export interface TileSize {
  readonly columns: number;
  readonly rows: number;
}

/** How the large words are drawn in one place. */
export interface Large extends TileSize {
  /** How much it strikes the eye; to be compared with that of the same language only. */
  readonly worth: number;
  /** Which languages it says. */
  readonly says: Language;
  /** One of the words as rows: a plate is `width` wide, letters are as wide as they are. */
  readonly draw: (words: LargeWords, paint: Paint, width: number) => Row[];
}

/** Columns between a Chinese word and the English one beside it. */
const GAP = 3;
/** Forms of a Chinese word that an English one may stand with; the shortest of all is for where there is no room. */
const FORMS_WITH_ENGLISH = 2;
/** More than any scale: a form that comes first is worth more than the next at any size. */
const FORM_WORTH = 1000;

/** How words are drawn as large as all of them fit; undefined where they do not, even at their smallest. */
export function fitLarge(words: readonly LargeWords[], room: TileSize, language: Language): Large | undefined {
  if (language === 'en') return fitLetters(words, room);
  const forms = Array.from({ length: Math.max(...words.map(({ zh }) => zh.length)) }, (_, form) => form);
  // Where both are asked for, both are drawn, if need be with the shorter Chinese word. Where there is room for one only, it is the Chinese one: officers
  // stand at a distance, and a console without Chinese has no other way to tell them. Whoever needs the English one sits before the screen or reads it
  // from afar over a network, and has it in small letters beside.
  const both = language === 'both' ? forms.slice(0, FORMS_WITH_ENGLISH).map((form) => fitBoth(words, form, room)) : [];
  // A whole word says more than a shorter one in larger characters, since the smallest are legible from two metres.
  const fits = [...both, ...forms.map((form) => fitChinese(words, form, room))];
  const first = fits.findIndex((each) => each !== undefined);
  const large = fits[first];
  return large === undefined ? undefined : { ...large, worth: FORM_WORTH * (fits.length - first) + large.worth };
}

function fitLetters(words: readonly LargeWords[], { columns, rows }: TileSize): Large | undefined {
  const squares = englishWidth(words);
  const size = letterSize(squares, columns, rows);
  if (size === undefined) return undefined;
  return {
    columns: squares * size.columns,
    rows: LETTER_ROWS * size.rows,
    worth: size.columns * size.rows,
    says: 'en',
    draw: ({ en }, paint) => drawLetters(en, size, paint),
  };
}

function fitChinese(words: readonly LargeWords[], form: number, { columns, rows }: TileSize): Large | undefined {
  const width = chineseWidth(words, form);
  const scale = Math.min(Math.floor(columns / width), Math.floor(rows / DOT_ROWS));
  if (scale < 1) return undefined;
  return {
    columns: width * scale,
    rows: DOT_ROWS * scale,
    worth: scale,
    says: 'zh',
    draw: (word, paint, plate) => plateRows(drawDots(formOf(word, form), scale), plate, paint),
  };
}

/** The Chinese word as large as may be, the English one below it or else beside it, no higher. */
function fitBoth(words: readonly LargeWords[], form: number, room: TileSize): Large | undefined {
  const largest = fitChinese(words, form, room)?.worth ?? 0;
  const scales = Array.from({ length: largest }, (_, k) => largest - k);
  return scales
    .flatMap((scale) => [fitBelow(words, { form, scale }, room), fitBeside(words, { form, scale }, room)])
    .find((each) => each !== undefined);
}

/** A form of the Chinese words, and its scale. */
interface Chinese {
  readonly form: number;
  readonly scale: number;
}

function fitBelow(words: readonly LargeWords[], { form, scale }: Chinese, room: TileSize): Large | undefined {
  const high = DOT_ROWS * scale;
  const squares = englishWidth(words);
  const size = letterSize(squares, room.columns, Math.min(high, room.rows - high - 1));
  if (size === undefined) return undefined;
  return {
    columns: Math.max(chineseWidth(words, form) * scale, squares * size.columns),
    rows: high + 1 + LETTER_ROWS * size.rows,
    worth: scale,
    says: 'both',
    draw: (word, paint, plate) =>
      plateRows([...drawDots(formOf(word, form), scale), '', ...letterTexts(word.en, size)], plate, paint),
  };
}

function fitBeside(words: readonly LargeWords[], { form, scale }: Chinese, room: TileSize): Large | undefined {
  const high = DOT_ROWS * scale;
  const wide = chineseWidth(words, form) * scale;
  const squares = englishWidth(words);
  const size = letterSize(squares, room.columns - wide - GAP, high);
  if (size === undefined) return undefined;
  const columns = wide + GAP + squares * size.columns;
  return {
    columns,
    rows: high,
    worth: scale,
    says: 'both',
    draw: (word, paint, plate) =>
      plateRows(besideTexts(drawDots(formOf(word, form), scale), word.en, size, wide), plate, paint),
  };
}

/** Chinese at the left, English in the middle of its height. */
function besideTexts(chinese: readonly string[], english: string, size: LetterSize, wide: number): string[] {
  const letters = letterTexts(english, size);
  const above = Math.floor((chinese.length - letters.length) / 2);
  const blank = ' '.repeat(letters[0]?.length ?? 0);
  return chinese.map((text, k) => `${text.padEnd(wide)}${' '.repeat(GAP)}${letters[k - above] ?? blank}`);
}

/** Texts of one-column characters as a plate of colour, each in its middle. */
function plateRows(texts: readonly string[], width: number, paint: Paint): Row[] {
  return texts.map((text) => {
    const left = Math.max(0, Math.floor((width - text.length) / 2));
    return [{ text: `${' '.repeat(left)}${text}`.padEnd(width), paint }];
  });
}

function englishWidth(words: readonly LargeWords[]): number {
  return Math.max(...words.map(({ en }) => lettersWidth(en)));
}

function chineseWidth(words: readonly LargeWords[], form: number): number {
  return DOT_COLUMNS * Math.max(...words.map((word) => [...formOf(word, form)].length));
}

/** A word in the form of a place; one that has fewer forms stays with its shortest. */
function formOf({ zh }: LargeWords, form: number): string {
  return zh[Math.min(form, zh.length - 1)] ?? '';
}
