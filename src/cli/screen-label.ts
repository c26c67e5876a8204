// The small letters of a dock: what it is called, its state, whose camera, what to do. As much of them as there is room for.
// Never leaves out which camera it is, nor what to do about a problem, for what may be read elsewhere.
import type { ScreenDock } from './screen-docks.ts';
import { farRows } from './screen-far.ts';
import type { TileSize } from './screen-large.ts';
import { cut, isReadable, plain, type Row, textRow, wrap } from './screen-text.ts';
import { type Language, type Speech, STATES, say, type Words } from './screen-words.ts';
import { widthOf } from './text.ts';

/** Columns that what is left of a row must have for a bar with a number. */
const FAR_COLUMNS = 11;

/** The dock, and its state in words that the large ones do not say. */
export function labelOf(dock: ScreenDock, speech: Speech, says: Language): string {
  return labelsOf(dock, speech, says)[0] ?? '';
}

/** Labels from the fullest to the dock alone. */
function labelsOf({ name, show }: ScreenDock, { language, charset }: Speech, says: Language): string[] {
  const { large, name: state } = STATES[show];
  const english = says === 'zh' || state.en !== large.en ? [state.en] : [];
  const all = says === 'zh' ? say(state, 'both') : state.zh;
  const states = { en: english, zh: [state.zh], both: says === 'zh' ? [all, ...english, state.zh] : [all] }[language];
  return [...states.map((each) => ` ${each}`), ''].map((each) => ` ${plain(name, charset)}${each} `);
}

/** Label and camera above letters, on one row that is cut at its end. */
export function labelRow(dock: ScreenDock, columns: number, speech: Speech): Row {
  const label = cut(labelOf(dock, speech, 'en'), columns);
  const who = textRow(`  ${whoText(dock, speech)}`, columns - widthOf(label), 'bold');
  return [{ text: label, paint: dock.show }, ...who];
}

/**
 * Label and camera as the top of a plate: on one row, or on two where there is room and need. Of what does not fit the model goes first, then words of
 * the label, which the plate says too, and the officer last.
 */
export function headTexts(dock: ScreenDock, { columns, rows }: TileSize, speech: Speech, says: Language): string[] {
  const labels = labelsOf(dock, speech, says);
  const noModel = { ...dock, model: undefined };
  const who = whoText(dock, speech);
  const full = `${labels[0]} ${who}`;
  if (widthOf(full) <= columns) return [full];
  if (rows >= 2) return [labels.find((each) => widthOf(each) <= columns) ?? '', ` ${who}`];
  const serial = whoText({ ...noModel, officer: undefined }, speech);
  const texts = [
    ...labels.flatMap((label) => [who, whoText(noModel, speech)].map((each) => `${label} ${each}`)),
    ...labels.map((label) => `${label} ${serial}`),
  ];
  return [texts.find((text) => widthOf(text) <= columns) ?? texts.at(-1) ?? ''];
}

/** Officer, serial, model: whatever of them the terminal can show. */
export function whoText({ officer, camera, model }: ScreenDock, { charset }: Speech): string {
  return [officer, camera, model]
    .map((each) => plain(each ?? '', charset))
    .filter(isReadable)
    .join('  ');
}

/** What to do and how far, below the large word. */
export function belowRows(dock: ScreenDock, { columns, rows }: TileSize, speech: Speech): Row[] {
  if (rows < 1) return [];
  if (rows === 1) return [doAndFarRow(dock, columns, speech)];
  return [...doRows(dock, columns, Math.min(2, rows - 1), speech), ...farRows(dock, columns, 1)];
}

/** Both on one row; where they do not fit, what to do, or how far where that would be cut. What to do about a problem is cut rather than left out. */
function doAndFarRow(dock: ScreenDock, columns: number, { language }: Speech): Row {
  const { en, zh } = dock.next;
  const texts = { en: [en], zh: [zh], both: [say(dock.next, 'both'), zh, en] }[language];
  const text = texts.find((each) => widthOf(each) <= columns);
  const room = columns - widthOf(text ?? '') - 2;
  if (text === undefined && dock.show === 'problem') return textRow(language === 'zh' ? zh : en, columns, 'bold');
  if (text === undefined) return farRows(dock, columns, 1)[0] ?? textRow('', columns);
  const [far] = room >= FAR_COLUMNS ? farRows(dock, room, 1) : [];
  return far === undefined ? textRow(text, columns, 'bold') : [...textRow(`${text}  `, columns - room, 'bold'), ...far];
}

/** What to do, in as many languages as there is room for. */
export function doRows({ next }: ScreenDock, columns: number, rows: number, { language }: Speech): Row[] {
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
