// In which language the screen speaks, and what it may draw there.
import { expect, it } from 'vitest';
import { speechOf } from '../../src/cli/screen.ts';
import type { Language, Speech } from '../../src/cli/screen-words.ts';

function speech(environment: Record<string, string>, language?: Language, isTTY = true): Speech {
  const asked = language === undefined ? {} : { language };
  return speechOf(asked, { environment, out: { write: () => true, isTTY } });
}

it('speaks the language of the locale where the terminal draws Chinese, and both where the locale is of no language', () => {
  const all = (large: Language): Speech => ({ large, language: large, charset: 'full' });
  expect(speech({ TERM: 'xterm', LANG: 'zh_CN.UTF-8' })).toEqual(all('both'));
  expect(speech({ TERM: 'xterm', LANG: 'C.UTF-8' })).toEqual(all('both'));
  expect(speech({ TERM: 'xterm', LANG: 'en_US.UTF-8' })).toEqual(all('en'));
  expect(speech({ TERM: 'xterm', LANG: 'de_DE.utf8', LC_ALL: 'zh_CN.utf8' })).toEqual(all('both'));
});

it('speaks English in ASCII where nothing says that Chinese can be drawn', () => {
  const ascii: Speech = { large: 'en', language: 'en', charset: 'ascii' };
  expect(speech({ TERM: 'xterm' })).toEqual(ascii);
  expect(speech({ TERM: 'xterm', LANG: 'zh_CN.GB18030' })).toEqual(ascii);
  expect(speech({ TERM: 'linux', LANG: 'zh_CN.UTF-8' })).toEqual(ascii);
  expect(speech({ TERM: 'linux', LANG: 'C.UTF-8' }, 'en')).toEqual(ascii);
});

it('believes who names a language, but writes no Chinese characters on the console of Linux, which has none', () => {
  for (const language of ['zh', 'both'] as const) {
    expect(speech({ TERM: 'xterm' }, language)).toEqual({ large: language, language, charset: 'full' });
    expect(speech({ TERM: 'linux', LANG: 'zh_CN.UTF-8' }, language)).toEqual({
      large: language,
      language: 'en',
      charset: 'ascii',
    });
    // What is printed there may go into a file.
    expect(speech({ TERM: 'linux' }, language, false)).toEqual({ large: language, language, charset: 'full' });
  }
  expect(speech({ TERM: 'xterm', LANG: 'zh_CN.UTF-8' }, 'en')).toEqual({
    large: 'en',
    language: 'en',
    charset: 'full',
  });
});
