// Turns text into search words: NFKC, lower case, one word per CJK character, and everything else by runs of letters and digits.
// Indexed is each CJK character together with the one that follows it, so that a word of two characters is one term and costs what its
// own hits cost, however common the two are apart; and every character once more alone, for whoever types only one.
// Documents and questions pass through the same functions, so what was written is what is found. SQLite's own tokenizers are never
// trusted with Chinese: trigram silently finds nothing for words of two characters.
import type { EntryOf } from '../evidence/index.ts';

/** Longest word kept, in UTF-16 units; longer ones are cut alike in documents and questions. */
const MAX_WORD_CHARS = 64;
/** Stands between two fields, so that a phrase never runs from one into the next. No word holds it: it is not a letter. */
const FIELD_BREAK = '§';

// Characters written without spaces between words: Han with all its extensions, kana, hangul, bopomofo, and the private-use
// characters that GB 18030 names are decoded to.
const CJK = String.raw`[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}\p{Co}]&&[\p{L}\p{N}\p{Co}]]`;
const WORD = new RegExp(String.raw`${CJK}|[[\p{L}\p{N}\p{M}]--${CJK}]+`, 'gv');
const CJK_WORD = new RegExp(`^${CJK}`, 'v');

/** The words of a text, in order. */
export function splitWords(text: string): readonly string[] {
  const words = text.toWellFormed().normalize('NFKC').toLowerCase().match(WORD) ?? [];
  return words.map((word) => (word.length > MAX_WORD_CHARS ? word.slice(0, MAX_WORD_CHARS).toWellFormed() : word));
}

/** True for a word that is one CJK character. */
export function isCjk(word: string): boolean {
  return CJK_WORD.test(word);
}

/** The words as they are indexed, as many: a CJK character that another follows stands with it in one term, all else as it is. */
export function pairWords(words: readonly string[]): readonly string[] {
  const cjk = words.map(isCjk);
  return words.map((word, n) => (cjk[n] === true && cjk[n + 1] === true ? `${word}${words[n + 1]}` : word));
}

/** Everything an item is found by, as it is indexed: what its record says and what its newest examination claims. */
export function itemWords(record: EntryOf<'item.recorded'>, examined?: EntryOf<'item.examined'>): string {
  const fields = searchedTexts(record, examined).map(splitWords);
  const phrases = fields.map((words) => pairWords(words).join(' '));
  // Behind all fields, so that no phrase runs over them.
  const characters = [...new Set(fields.flat().filter(isCjk))];
  return [...phrases, characters.join(' ')].join(` ${FIELD_BREAK} `);
}

function searchedTexts(record: EntryOf<'item.recorded'>, examined?: EntryOf<'item.examined'>): readonly string[] {
  const { camera } = record;
  const facts = examined?.facts;
  const fields = [
    record.case,
    record.path.text,
    record.documentType,
    camera.serial,
    camera.model,
    camera.folder,
    camera.volume?.label,
    camera.officer?.name,
    camera.officer?.certificate,
    camera.unit,
    facts?.container,
    facts?.video?.codec,
    facts?.audio?.codec,
    facts?.image?.format,
    facts?.location,
    facts?.text,
  ];
  return fields.filter((field) => field !== undefined);
}
