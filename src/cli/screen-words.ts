// The words of the screen, English and Chinese: few, short, and the same each time, since officers read them in passing.
// Never a word that only one who knows docket understands.
import type { Charset } from './screen-text.ts';

/** Which words stand on the screen. */
export const SCREEN_LANGUAGES = ['en', 'zh', 'both'] as const;
/** One of SCREEN_LANGUAGES. */
export type Language = (typeof SCREEN_LANGUAGES)[number];

/** How texts are shown. */
export interface Speech {
  /** Of the large words, which are drawn of dots where the terminal has no characters for them. */
  readonly large: Language;
  /** Of all else; English where the terminal cannot draw Chinese. */
  readonly language: Language;
  readonly charset: Charset;
}

/** A text in both languages. */
export interface Words {
  readonly en: string;
  readonly zh: string;
}

/** How a dock stands, to an officer. */
export type Show = 'free' | 'wait' | 'copying' | 'take' | 'problem';

/** The one word of a state in large letters. */
export interface LargeWords {
  readonly en: string;
  /** From the whole word to shorter ones, for where there is less room. */
  readonly zh: readonly [string, ...string[]];
}

/** A state: its large word, its words, and what the officer does. */
export interface StateWords {
  readonly large: LargeWords;
  readonly name: Words;
  readonly next: Words;
}

export const STATES: Readonly<Record<Show, StateWords>> = {
  free: {
    large: { en: 'FREE', zh: ['空闲', '空闲', '空'] },
    name: { en: 'FREE', zh: '空闲' },
    next: { en: 'Dock a camera', zh: '请放入记录仪' },
  },
  wait: {
    large: { en: 'WAIT', zh: ['请稍候', '稍候', '等'] },
    name: { en: 'WAIT', zh: '请稍候' },
    next: { en: 'Stay: it is being read', zh: '正在读取，请勿离开' },
  },
  copying: {
    large: { en: 'COPYING', zh: ['正在采集', '采集', '采'] },
    name: { en: 'COPYING', zh: '正在采集' },
    next: { en: 'You may leave; camera stays', zh: '您可以离开，请勿取走记录仪' },
  },
  take: {
    large: { en: 'TAKE', zh: ['可以取走', '取走', '取'] },
    name: { en: 'TAKE YOUR CAMERA', zh: '可以取走' },
    next: { en: 'Copied. Take your camera', zh: '已全部采集，可以取走记录仪' },
  },
  problem: {
    large: { en: 'PROBLEM', zh: ['故障', '故障', '障'] },
    name: { en: 'PROBLEM', zh: '故障' },
    next: { en: 'Call IT', zh: '请联系技术人员' },
  },
};

/** No dock is known and no camera is there. */
export const READY: StateWords = {
  large: { en: 'READY', zh: ['就绪'] },
  name: { en: 'READY', zh: '就绪' },
  next: { en: 'Dock your camera', zh: '请将记录仪放入采集座' },
};

/** Nobody takes cameras. */
export const NO_SERVICE: StateWords = {
  large: { en: 'NO SERVICE', zh: ['服务未运行', '未运行', '停'] },
  name: { en: 'NO SERVICE', zh: '服务未运行' },
  next: { en: 'Nothing is copied now. Call IT', zh: '目前不采集，请联系技术人员' },
};

const AGAIN: Words = { en: 'Taken out too early: dock it again', zh: '过早取下，请重新放入' };
const ARCHIVIST: Words = { en: 'Some files were refused: call the archivist', zh: '部分文件未采集，请联系管理员' };

/** What an officer does, by the code of the failure; whatever else is wrong is for IT. */
export const NEXT: Readonly<Record<string, Words>> = {
  'camera-unknown': { en: 'Not registered: call the archivist', zh: '记录仪未登记，请联系管理员' },
  'camera-gone': AGAIN,
  cancelled: { en: 'Not all was copied: dock it again', zh: '未采集完，请重新放入' },
  'source-unreadable': { en: 'Card reads badly: dock it again, or call IT', zh: '存储卡读取困难，请重新放入' },
  'source-changed': { en: 'Stop recording, then dock it again', zh: '请停止录像后重新放入' },
  'spool-full': { en: 'Station is full: leave the camera, call IT', zh: '采集站已满，请留下记录仪并联系技术人员' },
  'name-refused': ARCHIVIST,
  'limit-exceeded': ARCHIVIST,
};

/** What to do about a failure. */
export function nextOf(code: string): Words {
  if (Object.hasOwn(NEXT, code)) return NEXT[code] ?? STATES.problem.next;
  const named = /^[a-z-]{1,30}$/.test(code) ? ` (${code})` : '';
  return { en: `${STATES.problem.next.en}${named}`, zh: `${STATES.problem.next.zh}${named}` };
}

/** Words about the station above and below the docks. */
export const STATION = {
  vault: { en: 'Vault ok', zh: '存储正常' },
  away: { en: 'VAULT AWAY', zh: '存储离线' },
  ledger: { en: 'Ledger', zh: '账本' },
  nothing: { en: 'Nothing waits', zh: '无待存' },
  waits: { en: 'wait, safe', zh: '已暂存，待存入' },
  problem: { en: 'Last problem', zh: '最近故障' },
  none: { en: 'No problems', zh: '无故障' },
  page: { en: 'page', zh: '页' },
} as const satisfies Readonly<Record<string, Words>>;

/** Words in the languages asked for, on one line. */
export function say({ en, zh }: Words, language: Language): string {
  if (language === 'both') return `${en} ${zh}`;
  return language === 'en' ? en : zh;
}
