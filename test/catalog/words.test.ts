// What a search means, whatever the index is made of: each run of what was typed stands somewhere in one field, word by word.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { openCatalog } from '../../src/catalog/index.ts';
import { isCjk, pairWords, splitWords } from '../../src/catalog/words.ts';
import { applyAll, examined, makeFolder, recorded } from './samples.ts';

// Few characters, so that what is typed meets what was written: Han, kana with and without its mark, beyond the first plane, private use.
const PIECES = [...'沪盗窃案𠮷かが\ue000aA1b2 -，〔§・', 'ﾊﾟ', 'A12'];
const piece = fc.constantFrom(...PIECES);
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(piece, { maxLength }).map((pieces) => pieces.join(''));
const item = fc.record({ path: text(12), text: text(20) });

/** The words of a text typed without spaces, parted where CJK and other words meet. */
function runsOf(chunk: string): string[][] {
  const runs: string[][] = [];
  for (const word of splitWords(chunk)) {
    const before = runs.at(-1)?.at(-1);
    if (before !== undefined && isCjk(before) === isCjk(word)) runs.at(-1)?.push(word);
    else runs.push([word]);
  }
  return runs;
}

/** True when the run stands somewhere among the words; a word with a letter in it, typed last, may go on. */
function stands(run: readonly string[], words: readonly string[]): boolean {
  const goesOn = (word: string): boolean => !isCjk(word) && /\p{L}/u.test(word);
  return words.some((_, at) =>
    run.every((word, k) => {
      const written = words[at + k];
      return written === word || (k === run.length - 1 && goesOn(word) && written?.startsWith(word) === true);
    }),
  );
}

it('finds what holds every run that was typed, and nothing else', async () => {
  await using folder = await makeFolder();
  await using catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
  const written = fc.sample(item, { seed: 7, numRuns: 400 });
  written.forEach((each, n) => applyAll(catalog, recorded({ file: n + 1, path: each.path })));
  written.forEach((each, n) => applyAll(catalog, examined(1, n + 1, { text: each.text })));
  let [hits, misses] = [0, 0];
  fc.assert(
    fc.property(text(6), (typed) => {
      const runs = typed.split(/\s+/u).flatMap(runsOf);
      fc.pre(runs.length > 0);
      const wanted = written.flatMap((each, n) => {
        const fields = [each.path, each.text, '000123'].map(splitWords);
        return runs.every((run) => fields.some((words) => stands(run, words))) ? [n + 1] : [];
      });
      const found = catalog.find({ text: typed, limit: 1000 }).items.map(({ entry }) => Number(entry.item.slice(-6)));
      expect(found.toSorted((a, b) => a - b)).toEqual(wanted);
      if (wanted.length > 0) hits += 1;
      else misses += 1;
    }),
    { numRuns: 2_000 },
  );
  expect([hits > 200, misses > 200]).toEqual([true, true]); // both answers were asked for
});

it('pairs a CJK character with the one after it, over what stands between, and leaves the number of words', () => {
  expect(pairWords(splitWords('沪A12345 盗窃案2026号'))).toEqual(['沪', 'a12345', '盗窃', '窃案', '案', '2026', '号']);
  expect(pairWords(splitWords('盗，窃 A'))).toEqual(['盗窃', '窃', 'a']);
  expect(pairWords(splitWords('𠮷野'))).toEqual(['𠮷野', '野']);
  expect(pairWords([])).toEqual([]);
});
