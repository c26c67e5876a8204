// A terminal that is a screen: taken over, painted whole again and again, and given back as it was.
// Never scrolls and never moves the cursor by anything but its own painting: texts come as spans that were made harmless before.
import type { TextOut } from './progress.ts';
import type { Paint, Row } from './screen-text.ts';

/** The keyboard of a terminal; raw, so that what is typed there does not appear on the screen. */
export interface KeysIn {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', hear: (bytes: Buffer) => void): unknown;
  off(event: 'data', hear: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** A terminal that was taken over; disposing it gives it back. */
export interface Screen extends Disposable {
  /** Paints everything; rows are as wide as the terminal. */
  paint(rows: readonly Row[]): void;
}

/** Another screen, no cursor, no wrapping at the edge, nothing there. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[0m\u001b[2J';
/** The same taken back. Linux's console has no other screen: there it is left empty, with the cursor at the top. */
const LEAVE = '\u001b[0m\u001b[2J\u001b[H\u001b[?7h\u001b[?25h\u001b[?1049l';

/** Colours of the paints; every one is said in words too. */
const COLOURS: Readonly<Record<Paint, string>> = {
  plain: '0',
  bold: '0;1',
  dim: '0;37',
  title: '0;7',
  trough: '0;100',
  free: '0;30;47',
  wait: '0;30;46',
  copying: '0;30;103',
  take: '0;30;42',
  problem: '0;1;37;41',
};
/** Linux's console has eight grounds only; its brown is made a yellow, its blue a grey, as long as the screen is there. */
const CONSOLE_COLOURS: typeof COLOURS = { ...COLOURS, trough: '0;44', copying: '0;30;43' };
const CONSOLE_ENTER = '\u001b]P3f0c800\u001b]P4505050';
const CONSOLE_LEAVE = '\u001b]R';

/** Keys that end the screen: Ctrl-C and q. */
const END_KEYS = /[\u0003q]/;

/** What is taken over. */
export interface ScreenPorts {
  readonly out: TextOut;
  readonly keys?: KeysIn | undefined;
  /** Linux's own console. */
  readonly isConsole: boolean;
}

/** Takes the terminal over. `onEnd` hears the keys that end it. */
export function openScreen({ out, keys, isConsole }: ScreenPorts, onEnd: () => void): Screen {
  const hear = (bytes: Buffer): void => {
    if (END_KEYS.test(bytes.toString('latin1'))) onEnd();
  };
  const keyboard = keys?.isTTY === true ? keys : undefined;
  keyboard?.setRawMode?.(true);
  keyboard?.on('data', hear);
  keyboard?.resume();
  const colours = isConsole ? CONSOLE_COLOURS : COLOURS;
  out.write(isConsole ? CONSOLE_ENTER + ENTER : ENTER);
  let size = '';
  return {
    paint(rows) {
      const now = `${out.columns}x${out.rows}`;
      const clear = now === size ? '' : '\u001b[2J'; // what a larger frame left behind
      size = now;
      out.write(`${clear}\u001b[H${rows.map((row) => paintRow(row, colours)).join('\r\n')}`);
    },
    [Symbol.dispose]() {
      out.write(isConsole ? CONSOLE_LEAVE + LEAVE : LEAVE);
      keyboard?.off('data', hear);
      keyboard?.pause();
      keyboard?.setRawMode?.(false);
    },
  };
}

function paintRow(row: Row, colours: typeof COLOURS): string {
  return `${row.map(({ text, paint }) => `\u001b[${colours[paint]}m${text}`).join('')}\u001b[0m`;
}

/** Rows as text without a terminal: blocks of colour are drawn with characters. */
export function plainRows(rows: readonly Row[]): string {
  return rows
    .map((row) =>
      row
        .map(({ text, paint, ink }) => (ink === true ? (paint === 'trough' ? '-' : '#').repeat(text.length) : text))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
