// The words that officers read from two metres: every character of them can be drawn, on any terminal, and none is cut.
import { describe, expect, it } from 'vitest';
import { drawDots } from '../../src/cli/screen-dots.ts';
import { GLYPHS } from '../../src/cli/screen-glyphs.ts';
import { fitLarge } from '../../src/cli/screen-large.ts';
import { drawSentence } from '../../src/cli/screen-sentence.ts';
import { rowWidth } from '../../src/cli/screen-text.ts';
import { NEXT, NO_SERVICE, nextOf, READY, STATES } from '../../src/cli/screen-words.ts';
import { widthOf } from '../../src/cli/text.ts';

const DOCKS = Object.values(STATES).map(({ large }) => large);
const PLACES = [DOCKS, [READY.large], [NO_SERVICE.large]];
const ALL = PLACES.flat();

/** Every sentence that says what an officer does. */
const SENTENCES = [
  ...[...Object.values(STATES), READY, NO_SERVICE].map(({ next }) => next.zh),
  ...Object.values(NEXT).map(({ zh }) => zh),
];

describe('a large word in Chinese', () => {
  it('has a bitmap of 16 by 16 dots for every character, as every sentence has, and no bitmap is kept for nothing', () => {
    const characters = [...ALL.flatMap(({ zh }) => zh), ...SENTENCES].flatMap((text) => text.match(/[^ -~]/gu) ?? []);
    expect(new Set(Object.keys(GLYPHS))).toEqual(new Set(characters));
    for (const [character, glyph] of Object.entries(GLYPHS))
      expect([character, glyph]).toEqual([character, expect.stringMatching(/^[\da-f]{4}(?: [\da-f]{4}){15}$/)]);
  });

  it('is drawn of half blocks, a dot as high as wide', () => {
    expect(drawDots('取走', 1).map((text) => text.trimEnd())).toEqual([
      '▄▄▄▄▄▄▄▄▄              █',
      '  █   █ ▀█▀▀▀█    ▄▄▄▄▄█▄▄▄▄▄',
      '  █▀▀▀█  █   █         █',
      '  █▄▄▄█  █   █  ▀▀▀▀▀▀▀█▀▀▀▀▀▀▀',
      '  █   █   █ █      ▄   █',
      '▄▄█▄▄▀█▀▀ ▀▄▀      █   █▀▀▀▀▀',
      ' ▀    █   ▄▀▄     ▄▀▄  █',
      '      █ ▄▀   ▀▄ ▄▀   ▀▀▀▀▀▀▀▀▀▀',
    ]);
  });

  it('is as wide and high as it says at any scale, in characters of one column', () => {
    for (const scale of [1, 2, 3, 4, 7]) {
      const texts = drawDots('正在采集', scale);
      expect(texts).toHaveLength(8 * scale);
      expect(new Set(texts.map((text) => [text.length, widthOf(text)].join()))).toEqual(
        new Set([`${64 * scale},${64 * scale}`]),
      );
      expect(texts.join('')).toMatch(/^[ \u2580\u2584\u2588]*$/);
    }
  });

  it('is not another word when it is drawn larger', () => {
    const twice = drawDots('故障', 2);
    const once = drawDots('故障', 1).flatMap((text) => [
      [...text].map((each) => ('\u2580\u2588'.includes(each) ? '##' : '  ')).join(''),
      [...text].map((each) => ('\u2584\u2588'.includes(each) ? '##' : '  ')).join(''),
    ]);
    expect(twice.map((text) => text.replaceAll('\u2588', '#'))).toEqual(once);
  });

  it('is the whole one before it is a larger one, and a shorter one before none', () => {
    const wordIn = (columns: number, rows: number): string | undefined => {
      const fit = fitLarge(DOCKS, { columns, rows }, 'zh');
      const drawn = fit
        ?.draw(STATES.copying.large, 'copying', fit.columns)
        .map((row) => row.map(({ text }) => text).join(''));
      return ['正在采集', '采集', '采']
        .flatMap((word) => [1, 2, 3].map((scale) => ({ word, scale })))
        .filter(({ word, scale }) => drawDots(word, scale).join('\n') === drawn?.join('\n'))
        .map(({ word, scale }) => `${word} ${scale}`)[0];
    };
    expect(wordIn(64, 8)).toBe('正在采集 1');
    expect(wordIn(127, 40)).toBe('正在采集 1');
    expect(wordIn(128, 16)).toBe('正在采集 2');
    expect(wordIn(63, 16)).toBe('采集 1');
    expect(wordIn(31, 8)).toBe('采 1');
    expect(wordIn(15, 8)).toBe(undefined);
    expect(wordIn(200, 7)).toBe(undefined);
  });

  it('stands with the English one where both fit, else alone', () => {
    const saidIn = (columns: number, rows: number): string | undefined =>
      fitLarge(DOCKS, { columns, rows }, 'both')?.says;
    expect(saidIn(64, 14)).toBe('both'); // below
    expect(saidIn(64, 8)).toBe('both'); // beside the shorter word
    expect(saidIn(63, 13)).toBe('zh');
    expect(saidIn(32, 8)).toBe('zh');
    expect(saidIn(15, 8)).toBe(undefined);
  });
});

describe('a large word', () => {
  it('is never wider or higher than its place, and as large as it says, in any language', () => {
    for (const words of PLACES)
      for (const language of ['en', 'zh', 'both'] as const)
        for (const columns of [1, 15, 16, 31, 40, 63, 64, 80, 97, 120, 200, 400])
          for (const rows of [1, 5, 8, 9, 13, 14, 24, 33, 60]) {
            const fit = fitLarge(words, { columns, rows }, language);
            if (fit === undefined) continue;
            expect(fit.columns).toBeLessThanOrEqual(columns);
            expect(fit.rows).toBeLessThanOrEqual(rows);
            for (const word of words) {
              const drawn = fit.draw(word, 'take', fit.columns);
              expect(drawn).toHaveLength(fit.rows);
              for (const row of drawn) expect(rowWidth(row)).toBeLessThanOrEqual(fit.columns);
              if (fit.says !== 'en') for (const row of drawn) expect(rowWidth(row)).toBe(fit.columns);
            }
          }
  });
});

describe('a sentence in dots', () => {
  it('is on one line, else broken after its comma, and never cut', () => {
    const sentence = STATES.copying.next.zh;
    const [first, second] = ['您可以离开，', '请勿取走记录仪'].map((line) => drawDots(line, 1));
    expect(drawSentence(sentence, { columns: 13 * 16, rows: 8 })).toEqual(drawDots(sentence, 1));
    expect(drawSentence(sentence, { columns: 13 * 16 - 1, rows: 16 })).toEqual([...(first ?? []), ...(second ?? [])]);
    expect(drawSentence(sentence, { columns: 13 * 16 - 1, rows: 15 })).toBe(undefined);
    expect(drawSentence(sentence, { columns: 7 * 16 - 1, rows: 99 })).toBe(undefined);
  });

  it('leaves the code of a failure to the small words', () => {
    const size = { columns: 400, rows: 8 };
    expect(nextOf('disk-failed')).toEqual({ en: 'Call IT (disk-failed)', zh: '请联系技术人员 (disk-failed)' });
    expect(drawSentence(nextOf('disk-failed').zh, size)).toEqual(drawDots('请联系技术人员', 1));
  });
});
