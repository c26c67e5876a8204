// What docketd may tell of its docks, in pieces, and the frame that the screen makes of it: for the tests of the screen.
import { expect } from 'vitest';
import { drawScreen } from '../../src/cli/screen-frame.ts';
import type { TileSize } from '../../src/cli/screen-large.ts';
import { plainRows } from '../../src/cli/screen-terminal.ts';
import type { Speech } from '../../src/cli/screen-words.ts';
import type { DockView, LiveView } from '../../src/cli/use-cases.ts';
import { type Instant, instantSchema } from '../../src/evidence/index.ts';

/** In bytes. */
export const GIB = 2 ** 30;
/** Written as local time, so that the expected frames hold in any zone. */
export const AT: Instant = instantSchema.parse(new Date(2026, 10, 21, 14, 49, 2).toISOString());
/** How officers are spoken to. */
export const BOTH: Speech = { large: 'both', language: 'both', charset: 'full' };
export const EN: Speech = { large: 'en', language: 'en', charset: 'ascii' };
export const ZH: Speech = { large: 'zh', language: 'zh', charset: 'full' };
/** Linux's own console, which draws no Chinese characters. */
export const CONSOLE_ZH: Speech = { large: 'zh', language: 'en', charset: 'ascii' };
export const CONSOLE_BOTH: Speech = { large: 'both', language: 'en', charset: 'ascii' };
/** Terminals. */
export const SMALL: TileSize = { columns: 80, rows: 24 };
export const LARGE: TileSize = { columns: 200, rows: 50 };
/** Linux's own console, in letters of 16 by 32 pixels on a usual monitor; and on one without graphics. */
export const MONITOR: TileSize = { columns: 120, rows: 33 };
export const POOR: TileSize = { columns: 80, rows: 25 };

/** A camera in a dock. */
export function dockOf(dock: string, facts: Partial<DockView>): DockView {
  return {
    dock,
    present: true,
    camera: 'BC0017',
    model: 'DSJ-X9',
    officer: '张伟',
    state: 'x',
    phase: 'waiting',
    since: AT,
    receiptStands: false,
    toClear: false,
    filesDone: 0,
    filesTotal: 0,
    bytesDone: 0,
    bytesTotal: 0,
    rate: null,
    secondsLeft: null,
    problem: null,
    ...facts,
  };
}

/** What is true of a docking, as it goes on. */
export const COPYING: Partial<DockView> = {
  phase: 'copying',
  receiptStands: true,
  bytesDone: 1.4 * GIB,
  bytesTotal: 3.1 * GIB,
  rate: GIB / 32,
  secondsLeft: 55,
};
export const TAKE: Partial<DockView> = {
  phase: 'copied',
  receiptStands: true,
  officer: '欧阳建国',
  camera: 'BC0022',
  bytesDone: 2 * GIB,
  bytesTotal: 2 * GIB,
};
export const REFUSED: Partial<DockView> = {
  phase: 'problem',
  officer: null,
  camera: '013579',
  problem: { code: 'camera-unknown', what: 'camera 013579 is not registered', next: 'docket camera add 013579' },
};
const LISTING: Partial<DockView> = { phase: 'listing', officer: 'Li Na', camera: 'BC0031' };
const PULLED: Partial<DockView> = { ...COPYING, present: false, officer: '王芳', camera: 'BC0032' };
/** A problem that the station remembers. */
export const PROBLEM = {
  at: AT,
  what: 'the camera at /run/docket/cameras/sdb1 was not taken: camera 013579 is not registered',
  next: 'docket camera add 013579',
};
const KINDS = [COPYING, TAKE, REFUSED, LISTING, PULLED];

/** What docketd tells of a station with these docks. */
export function viewOf(docks: readonly DockView[], facts: Partial<LiveView> = {}): LiveView {
  return {
    station: '浦东-7',
    docks,
    dockNames: [],
    queue: { spoolFiles: 0, spoolBytes: 0, keptParts: 0, acquisitionsWaiting: 0 },
    ledger: { size: 1234, published: 1230, root: '' },
    vaults: [{ name: 'directory', kind: 'directory', where: '/v', awaySince: null, why: null, behind: 0 }],
    free: { spoolBytes: 1, vaultBytes: 1 },
    problems: [],
    ...facts,
  };
}

/** So many docks, A1 and on, of all kinds in turn. */
export function docksOf(count: number): DockView[] {
  return Array.from({ length: count }, (_, k) => dockOf(`A${k + 1}`, KINDS[k % KINDS.length] ?? {}));
}

/** The screen as plain text; of no view, without docketd. */
export function frameOf(view: LiveView | undefined, size: TileSize, speech: Speech, turn = 0): string {
  const silent = view === undefined ? 'docketd does not run: systemctl status docketd' : undefined;
  return plainRows(drawScreen({ view, silent, at: AT, turn }, size, speech));
}

/** Expects a screen to be what is drawn in the test, which begins on its own line and is indented by six. */
export function expectFrame(frame: string, drawn: string): void {
  const text = drawn.replace(/^\n/, '').replaceAll(/^ {6}/gm, '');
  expect(frame.trimEnd()).toBe(text.trimEnd());
}

/** Every combination of a speech, a size and a number of docks. */
export function every<Size>(
  speeches: readonly Speech[],
  sizes: readonly Size[],
  counts: readonly number[],
): (readonly [Speech, Size, number])[] {
  return speeches.flatMap((speech) => sizes.flatMap((size) => counts.map((count) => [speech, size, count] as const)));
}
