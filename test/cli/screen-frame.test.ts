// What officers see: one state for each dock, in words of both languages, on screens of any size, whatever cameras call themselves.
import { assert, constantFrom, integer, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { screenDocks } from '../../src/cli/screen-docks.ts';
import { drawScreen } from '../../src/cli/screen-frame.ts';
import type { TileSize } from '../../src/cli/screen-large.ts';
import { plainRows } from '../../src/cli/screen-terminal.ts';
import { type Paint, plain } from '../../src/cli/screen-text.ts';
import type { Speech } from '../../src/cli/screen-words.ts';
import { widthOf } from '../../src/cli/text.ts';
import type { DockView, LiveView } from '../../src/cli/use-cases.ts';
import { type Instant, instantSchema } from '../../src/evidence/index.ts';

const GIB = 2 ** 30;
/** Written as local time, so that the expected frames hold in any zone. */
const AT: Instant = instantSchema.parse(new Date(2026, 10, 21, 14, 49, 2).toISOString());
const BOTH: Speech = { large: 'both', language: 'both', charset: 'full' };
const EN: Speech = { large: 'en', language: 'en', charset: 'ascii' };
const ZH: Speech = { large: 'zh', language: 'zh', charset: 'full' };
/** Linux's own console, which draws no Chinese characters. */
const CONSOLE_ZH: Speech = { large: 'zh', language: 'en', charset: 'ascii' };
const CONSOLE_BOTH: Speech = { large: 'both', language: 'en', charset: 'ascii' };
const SMALL: TileSize = { columns: 80, rows: 24 };
const LARGE: TileSize = { columns: 200, rows: 50 };
/** Linux's own console, in letters of 16 by 32 pixels on a usual monitor; and on one without graphics. */
const MONITOR: TileSize = { columns: 120, rows: 33 };
const POOR: TileSize = { columns: 80, rows: 25 };

function dockOf(dock: string, facts: Partial<DockView>): DockView {
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

const COPYING: Partial<DockView> = {
  phase: 'copying',
  receiptStands: true,
  bytesDone: 1.4 * GIB,
  bytesTotal: 3.1 * GIB,
  rate: GIB / 32,
  secondsLeft: 55,
};
const TAKE: Partial<DockView> = {
  phase: 'copied',
  receiptStands: true,
  officer: '欧阳建国',
  camera: 'BC0022',
  bytesDone: 2 * GIB,
  bytesTotal: 2 * GIB,
};
const REFUSED: Partial<DockView> = {
  phase: 'problem',
  officer: null,
  camera: '013579',
  problem: { code: 'camera-unknown', what: 'camera 013579 is not registered', next: 'docket camera add 013579' },
};
const LISTING: Partial<DockView> = { phase: 'listing', officer: 'Li Na', camera: 'BC0031' };
const PULLED: Partial<DockView> = { ...COPYING, present: false, officer: '王芳', camera: 'BC0032' };
const PROBLEM = {
  at: AT,
  what: 'the camera at /run/docket/cameras/sdb1 was not taken: camera 013579 is not registered',
  next: 'docket camera add 013579',
};
const KINDS = [COPYING, TAKE, REFUSED, LISTING, PULLED];

function viewOf(docks: readonly DockView[], facts: Partial<LiveView> = {}): LiveView {
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

function docksOf(count: number): DockView[] {
  return Array.from({ length: count }, (_, k) => dockOf(`A${k + 1}`, KINDS[k % KINDS.length] ?? {}));
}

function frameOf(view: LiveView | undefined, size: TileSize, speech: Speech, turn = 0): string {
  const silent = view === undefined ? 'docketd does not run: systemctl status docketd' : undefined;
  return plainRows(drawScreen({ view, silent, at: AT, turn }, size, speech));
}

/** A template without its first line end and its common indentation. */
function lines(text: string): string {
  return text.replace(/^\n/, '').replaceAll(/^ {6}/gm, '').trimEnd();
}

describe('the state of a dock', () => {
  const showOf = (facts: Partial<DockView>): string | undefined => screenDocks(viewOf([dockOf('A1', facts)]))[0]?.show;

  it('lets nobody leave before the receipt stands, and nobody take a camera before all is copied', () => {
    expect(showOf({ phase: 'waiting' })).toBe('wait');
    expect(showOf({ phase: 'listing' })).toBe('wait');
    expect(showOf({ phase: 'copying', receiptStands: false })).toBe('wait');
    expect(showOf({ phase: 'copying', receiptStands: true })).toBe('copying');
    for (const phase of ['storing', 'examining', 'finishing', 'copied', 'done'] as const)
      expect([phase, showOf({ phase, receiptStands: true })]).toEqual([phase, 'take']);
  });

  it('keeps a camera whose card is cleared, since that is written to', () => {
    expect(showOf({ phase: 'releasing', receiptStands: true })).toBe('copying');
    expect(showOf({ phase: 'releasing', receiptStands: true, present: false })).toBe(undefined);
  });

  it('is a problem as soon as something stays on the camera and the copying is over', () => {
    const problem = { code: 'source-unreadable', what: 'x', next: 'y' };
    expect(showOf({ ...COPYING, problem })).toBe('copying');
    for (const phase of ['storing', 'examining', 'finishing', 'copied', 'done', 'problem'] as const)
      expect([phase, showOf({ phase, problem })]).toEqual([phase, 'problem']);
  });

  it('is a problem when the camera is pulled before all is copied, and nothing when it is taken after', () => {
    for (const phase of ['waiting', 'listing', 'copying'] as const)
      expect([phase, showOf({ phase, receiptStands: true, present: false })]).toEqual([phase, 'problem']);
    for (const phase of ['storing', 'copied', 'done'] as const)
      expect([phase, showOf({ phase, present: false })]).toEqual([phase, undefined]);
    expect(showOf({ phase: 'problem', present: false })).toBe('problem');
  });

  it('is that of the worst of the volumes of one camera', () => {
    const [joined, ...others] = screenDocks(viewOf([dockOf('A1', TAKE), dockOf('A1', COPYING)]));
    expect(others).toEqual([]);
    expect(joined).toMatchObject({ show: 'copying', bytesDone: 3.4 * GIB, bytesTotal: 5.1 * GIB, secondsLeft: 55 });
  });

  it('leaves documents and drops out, which lie in no dock', () => {
    expect(screenDocks(viewOf([dockOf('A1', COPYING), { ...dockOf('', COPYING), dock: null }]))).toHaveLength(1);
  });

  it('is free for a named dock without a camera, in the order of the configuration, others after them by number', () => {
    const docks = [dockOf('1-10', COPYING), dockOf('1-9', COPYING), dockOf('B', TAKE)];
    expect(screenDocks(viewOf(docks, { dockNames: ['B', 'A'] })).map(({ name, show }) => `${name} ${show}`)).toEqual([
      'B take',
      'A free',
      '1-9 copying',
      '1-10 copying',
    ]);
  });
});

describe('a frame', () => {
  it('of one dock in English on 80 by 24 is in block letters', () => {
    expect(frameOf(viewOf(docksOf(1)), SMALL, EN).trimEnd()).toBe(
      lines(`
       docket  ??-7                                               2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits


       A1   BC0017  DSJ-X9

      ######  ######  ######  ##  ##  ######  ##    ##  ########
      ######  ######  ######  ##  ##  ######  ##    ##  ########
      ##      ##  ##  ##  ##  ##  ##    ##    ####  ##  ##
      ##      ##  ##  ##  ##  ##  ##    ##    ####  ##  ##
      ##      ##  ##  ######    ##      ##    ##  ####  ##  ####
      ##      ##  ##  ######    ##      ##    ##  ####  ##  ####
      ##      ##  ##  ##        ##      ##    ##    ##  ##    ##
      ##      ##  ##  ##        ##      ##    ##    ##  ##    ##
      ######  ######  ##        ##    ######  ##    ##  ########
      ######  ######  ##        ##    ######  ##    ##  ########

      You may leave; camera stays
      #################---------------------- 45%  1.4 of 3.1 GiB  32 MiB/s  0:55 left



       No problems
      `),
    );
  });

  it('of three docks in Chinese on 80 by 24 is on plates with characters, in shorter words', () => {
    expect(frameOf(viewOf(docksOf(3)), SMALL, ZH).trimEnd()).toBe(
      lines(`
       docket  浦东-7                                             2026-11-21 14:49:02
       存储正常 | 账本 1230/1234 | 无待存
       A1 正在采集  张伟  BC0017  DSJ-X9        A2 可以取走  欧阳建国  BC0022  DSJ-X9
                 ▄▄▄█▄       █  ▀▄                ▄▄▄▄▄▄▄▄▄              █
           ▀▀▀▀█▀          ▄█▀▀▀▀█▀▀▀▀▀             █   █ ▀█▀▀▀█    ▄▄▄▄▄█▄▄▄▄▄
            ▀▄  █   █    ▄▀ █▀▀▀▀█▀▀▀▀              █▀▀▀█  █   █         █
             ▀  ▄  ▀        █▀▀▀▀█▀▀▀▀              █▄▄▄█  █   █  ▀▀▀▀▀▀▀█▀▀▀▀▀▀▀
          ▀▀▀▀▀███▀▀▀▀▀     █▀▀▀█▀▀▀▀▀▀             █   █   █ █      ▄   █
             ▄▀ █ ▀▄     ▀▀▀▀▀█▀█▀█▀▀▀▀▀          ▄▄█▄▄▀█▀▀ ▀▄▀      █   █▀▀▀▀▀
           ▄▀   █   ▀▄     ▄▄▀  █  ▀▄▄             ▀    █   ▄▀▄     ▄▀▄  █
         ▀▀     █     ▀▀ ▀▀     █     ▀▀                █ ▄▀   ▀▄ ▄▀   ▀▀▀▀▀▀▀▀▀▀
      您可以离开，请勿取走记录仪  ###---- 45%  已全部采集，可以取走记录仪  ###### 100%
       A3 故障  013579  DSJ-X9
            █     █       ▄▄▄▄▄ ▄▄▄█▄▄▄
            █    ▄▀       █  ▄▀  ▀▄ ▄▀
         ▀▀▀█▀▀▀▄▀▀▀▀█▀▀  █ ▄▀ ▀▀▀▀▀▀▀▀▀
            █  ▀ █   █    █  █  █▀▀▀▀▀█
          █▀▀▀█  ▀▄ ▄▀    █   █ █▀▀▀▀▀█
          █   █   ▀▄▀     █▄ ▄▀ ▀▀▀█▀▀▀
          █▄▄▄█  ▄▀ ▀▄    █ ▀  ▀▀▀▀█▀▀▀▀
          ▀   ▀▄▀     ▀▄  █        █
      记录仪未登记，请联系管理员
       无故障
      `),
    );
  });

  it('of eight docks in both languages on 80 by 24 has a coloured row, whose it is, what to do, and how far', () => {
    expect(frameOf(viewOf(docksOf(8), { problems: [PROBLEM] }), SMALL, BOTH).trimEnd()).toBe(
      lines(`
       docket  浦东-7                                             2026-11-21 14:49:02
       Vault ok 存储正常 | Ledger 账本 1230/1234 | Nothing waits 无待存
       A1  COPYING 正在采集                     A2  TAKE YOUR CAMERA 可以取走
      张伟  BC0017  DSJ-X9                     欧阳建国  BC0022  DSJ-X9
      You may leave; camera stays              Copied. Take your camera
      您可以离开，请勿取走记录仪               已全部采集，可以取走记录仪
      ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55  ######################### 100%  2.0 GiB
       A3  PROBLEM 故障                         A4  WAIT 请稍候
      013579  DSJ-X9                           Li Na  BC0031  DSJ-X9
      Not registered: call the archivist       Stay: it is being read
      记录仪未登记，请联系管理员               正在读取，请勿离开

       A5  PROBLEM 故障                         A6  COPYING 正在采集
      王芳  BC0032  DSJ-X9                     张伟  BC0017  DSJ-X9
      Taken out too early: dock it again       You may leave; camera stays
      过早取下，请重新放入                     您可以离开，请勿取走记录仪
      ########----------- 45%  1.4 of 3.1 GiB  ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55
       A7  TAKE YOUR CAMERA 可以取走            A8  PROBLEM 故障
      欧阳建国  BC0022  DSJ-X9                 013579  DSJ-X9
      Copied. Take your camera                 Not registered: call the archivist
      已全部采集，可以取走记录仪               记录仪未登记，请联系管理员
      ######################### 100%  2.0 GiB
       Last problem 最近故障 11-21 14:49: the camera at /run/docket/cameras/sdb1 was
       not taken: camera 013579 is not registered -> docket camera add 013579
      `),
    );
  });

  it('of twenty docks in English on 80 by 24 has two pages', () => {
    expect(frameOf(viewOf(docksOf(20)), SMALL, EN, 1).trimEnd()).toBe(
      lines(`
       docket  ??-7                                    page 2/2   2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits
       A11  COPYING                             A12  TAKE YOUR CAMERA
      BC0017  DSJ-X9                           BC0022  DSJ-X9
      You may leave; camera stays              Copied. Take your camera
      ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55  ######################### 100%  2.0 GiB
       A13  PROBLEM                             A14  WAIT
      013579  DSJ-X9                           Li Na  BC0031  DSJ-X9
      Not registered: call the archivist       Stay: it is being read

       A15  PROBLEM                             A16  COPYING
      BC0032  DSJ-X9                           BC0017  DSJ-X9
      Taken out too early: dock it again       You may leave; camera stays
      ########----------- 45%  1.4 of 3.1 GiB  ####----- 45% 1.4/3.1 GiB 32 MiB/s 0:55
       A17  TAKE YOUR CAMERA                    A18  PROBLEM
      BC0022  DSJ-X9                           013579  DSJ-X9
      Copied. Take your camera                 Not registered: call the archivist
      ######################### 100%  2.0 GiB
       A19  WAIT                                A20  PROBLEM
      Li Na  BC0031  DSJ-X9                    BC0032  DSJ-X9
      Stay: it is being read                   Taken out too early: dock it again
                                               ########----------- 45%  1.4 of 3.1 GiB
       No problems
      `),
    );
  });

  it('of three docks in both languages on 200 by 50 has whole words, Chinese and English', () => {
    expect(frameOf(viewOf(docksOf(3)), LARGE, BOTH).trimEnd()).toBe(
      lines(`
       docket  浦东-7                                                                                                                                                                     2026-11-21 14:49:02
       Vault ok 存储正常 | Ledger 账本 1230/1234 | Nothing waits 无待存

       A1 正在采集  张伟  BC0017  DSJ-X9

                              ▄▄▄▄▄▄▄▄▄▄▄▄▄        █                 ▄▄▄█▄       █  ▀▄
                                    █        ▄▄▄▄▄█▄▄▄▄▄▄▄▄▄   ▀▀▀▀█▀          ▄█▀▀▀▀█▀▀▀▀▀     █████████   █████████   █████████   ███   ███   █████████   ███      ███   ████████████
                                    █            █    ▄         ▀▄  █   █    ▄▀ █▀▀▀▀█▀▀▀▀      ███         ███   ███   ███   ███   ███   ███      ███      ██████   ███   ███
                                █   █▄▄▄▄▄     ▄█     █          ▀  ▄  ▀        █▀▀▀▀█▀▀▀▀      ███         ███   ███   █████████      ███         ███      ███   ██████   ███   ██████
                                █   █        ▄▀ █ ▀▀▀▀█▀▀▀▀   ▀▀▀▀▀███▀▀▀▀▀     █▀▀▀█▀▀▀▀▀▀     ███         ███   ███   ███            ███         ███      ███      ███   ███      ███
                                █   █           █     █          ▄▀ █ ▀▄     ▀▀▀▀▀█▀█▀█▀▀▀▀▀    █████████   █████████   ███            ███      █████████   ███      ███   ████████████
                                █   █           █     █        ▄▀   █   ▀▄     ▄▄▀  █  ▀▄▄
                             ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀    █▀▀▀▀▀▀▀▀▀▀▀ ▀▀     █     ▀▀ ▀▀     █     ▀▀

      You may leave; camera stays 您可以离开，请勿取走记录仪
      #######################################################################---------------------------------------------------------------------------------------- 45%  1.4 of 3.1 GiB  32 MiB/s  0:55 left


       A2 可以取走  欧阳建国  BC0022  DSJ-X9

                                                 ▄▄▄▄▄▄▄▄▄▄▄▄▄▄      ▄     █    ▄▄▄▄▄▄▄▄▄              █
                                                           █      █   ▀▄   █      █   █ ▀█▀▀▀█    ▄▄▄▄▄█▄▄▄▄▄      █████████   █████████   ███      ███   █████████
                                                   █▀▀▀█   █      █    ▀   █      █▀▀▀█  █   █         █              ███      ███   ███   ███   ███      ███
                                                   █   █   █      █       ▄▀      █▄▄▄█  █   █  ▀▀▀▀▀▀▀█▀▀▀▀▀▀▀       ███      █████████   ██████         ██████
                                                   █   █   █      █       █       █   █   █ █      ▄   █              ███      ███   ███   ███   ███      ███
                                                   █▀▀▀█   █      █ ▄▀   █ ▄    ▄▄█▄▄▀█▀▀ ▀▄▀      █   █▀▀▀▀▀         ███      ███   ███   ███      ███   █████████
                                                           █      █▀   ▄▀   ▀▄   ▀    █   ▄▀▄     ▄▀▄  █
                                                         ▀▄▀         ▄▀       █       █ ▄▀   ▀▄ ▄▀   ▀▀▀▀▀▀▀▀▀▀

      Copied. Take your camera 已全部采集，可以取走记录仪
      ########################################################################################################################################################################################## 100%  2.0 GiB


       A3 故障  013579  DSJ-X9

                                █     █       ▄▄▄▄▄ ▄▄▄█▄▄▄
                                █    ▄▀       █  ▄▀  ▀▄ ▄▀                                      █████████   █████████   █████████   ██████      ███         █████████   ███         ███
                             ▀▀▀█▀▀▀▄▀▀▀▀█▀▀  █ ▄▀ ▀▀▀▀▀▀▀▀▀                                    ███   ███   ███   ███   ███   ███   ███   ███   ███         ███         ██████   ██████
                                █  ▀ █   █    █  █  █▀▀▀▀▀█                                     █████████   ██████      ███   ███   ██████      ███         ██████      ███   ███   ███
                              █▀▀▀█  ▀▄ ▄▀    █   █ █▀▀▀▀▀█                                     ███         ███   ███   ███   ███   ███   ███   ███         ███         ███         ███
                              █   █   ▀▄▀     █▄ ▄▀ ▀▀▀█▀▀▀                                     ███         ███   ███   █████████   ██████      █████████   █████████   ███         ███
                              █▄▄▄█  ▄▀ ▀▄    █ ▀  ▀▀▀▀█▀▀▀▀
                              ▀   ▀▄▀     ▀▄  █        █

      Not registered: call the archivist 记录仪未登记，请联系管理员



       No problems 无故障
      `),
    );
  });

  it('without a camera invites one', () => {
    expect(frameOf(viewOf([]), SMALL, BOTH).trimEnd()).toBe(
      lines(`
       docket  浦东-7                                             2026-11-21 14:49:02
       Vault ok 存储正常 | Ledger 账本 1230/1234 | Nothing waits 无待存

                                ▀▄     █ ▄       █     █   ▄
                              ▀▀▀▀▀▀▀  █  █     █   ▀▀▀█▀▀▄▀
                               ▄▄▄▄▄ ▄▄█▄▄▄▄▄ ▄█▄▄▀▄▄▄▄█▄█▄▄▄
                               █   █   █ █      ▄▀    ▄▀
                               █▄▄▄█   █ █    ▄█▄▄▄ ▄█▀▀▀▀█
                               ▄ █ ▄  █  █     ▀   ▀ █▄▄▄▄█
                              ▀  █  ▀▄▀  █  █ ▄▄▄▀▀  █    █
                               ▀▄▀  ▄▀    ▀▀▀  ▀     █▀▀▀▀█

                 █████████   █████████   █████████   ██████      ███   ███
                 ███   ███   ███         ███   ███   ███   ███   ███   ███
                 ██████      ██████      █████████   ███   ███      ███
                 ███   ███   ███         ███   ███   ███   ███      ███
                 ███   ███   █████████   ███   ███   ██████         ███


                                         READY 就绪
                           Dock your camera 请将记录仪放入采集座

       No problems 无故障
      `),
    );
  });

  it('without docketd says so, and what to do', () => {
    expect(frameOf(undefined, SMALL, BOTH).trimEnd()).toBe(
      lines(`
       docket                                                     2026-11-21 14:49:02


        ▄▄▄▄▄ ▄▄▄▄▄▄       █                 █          ▄   ▄▄▄▄▄▄▄       █  ▄▄▄▄▄▄▄
        █   █ █    █     ▄█▀▀▀▀▀█▀      ▄▄▄▄▄█▄▄▄▄▄      █              ▄▀
        █▄▄▄█ █  ▀▄▀    ▀  ▀▄▄▀▀             █             ▄▄▄▄▄▄▄▄▄   ▀  █
        █   █ █▄▄▄▄▄    ▄▄▀▀▄ ▀▀▄▄    ▄▄▄▄▄▄▄█▄▄▄▄▄▄▄ ▀▀▀█    ▄▀        ▄█  ▀▀▀▀█▀▀▀▀
        █▄▄▄█ █ █  █  ▀▀ ▄▄▄█▄▄▄▄▄▀▀▀      ▄▀█▀▄         █  ▄▀   ▀▄   ▄▀ █      █
        █   █ █ █ █        ▄▀    █       ▄▀  █  ▀▄       █ ▀█▀▀▀▀▀▀█     █      █
       ▄▀   █ █ ▄▀▄       ▄▀     █    ▄▄▀    █    ▀▄▄   ▄▀▄              █      █
      ▄▀  ▀▄▀ █▀   ▀▄   ▄▀    ▀▄▀            █         ▀   ▀▀▀▀▀▀▀▀▀▀    █    ▀▄▀

       ██    ██  ██████        ██████  ██████  ██████  ██  ██  ██████  ██████  ██████
       ████  ██  ██  ██        ██      ██      ██  ██  ██  ██    ██    ██      ██
       ██  ████  ██  ██        ██████  ████    ████    ██  ██    ██    ██      ████
       ██    ██  ██  ██            ██  ██      ██  ██  ██  ██    ██    ██      ██
       ██    ██  ██████        ██████  ██████  ██  ██    ██    ██████  ██████  ██████


                                   NO SERVICE 服务未运行
                 Nothing is copied now. Call IT 目前不采集，请联系技术人员
                       docketd does not run: systemctl status docketd
      `),
    );
  });

  it('of one dock in Chinese on the console of a monitor has the sentence in dots too, since the small words are English there', () => {
    expect(frameOf(viewOf(docksOf(1)), MONITOR, CONSOLE_ZH).trimEnd()).toBe(
      lines(`
       docket  ??-7                                                                                       2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits
       A1 COPYING  BC0017  DSJ-X9

                                   ▄▄▄▄▄▄▄▄▄▄▄▄▄        █                 ▄▄▄█▄       █  ▀▄
                                         █        ▄▄▄▄▄█▄▄▄▄▄▄▄▄▄   ▀▀▀▀█▀          ▄█▀▀▀▀█▀▀▀▀▀
                                         █            █    ▄         ▀▄  █   █    ▄▀ █▀▀▀▀█▀▀▀▀
                                     █   █▄▄▄▄▄     ▄█     █          ▀  ▄  ▀        █▀▀▀▀█▀▀▀▀
                                     █   █        ▄▀ █ ▀▀▀▀█▀▀▀▀   ▀▀▀▀▀███▀▀▀▀▀     █▀▀▀█▀▀▀▀▀▀
                                     █   █           █     █          ▄▀ █ ▀▄     ▀▀▀▀▀█▀█▀█▀▀▀▀▀
                                     █   █           █     █        ▄▀   █   ▀▄     ▄▄▀  █  ▀▄▄
                                  ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀    █▀▀▀▀▀▀▀▀▀▀▀ ▀▀     █     ▀▀ ▀▀     █     ▀▀

          █  █         ▄▄▄▄▄▄▄▄▄▄▄▄▄▄      ▄     █          ▀▄         ▄▄▄▄▄▄▄▄▄▄▄▄▄
        ▄█  ▄▀▀▀▀▀▀█             █      █   ▀▄   █    ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀     █     █
      ▄▀ █▄▀ ▄ █ ▄▀      █▀▀▀█   █      █    ▀   █       █ ▀▄▄▄▀ █        █     █
         █  ▄▀ █  ▀▄     █   █   █      █       ▄▀       █▄█▄▄▄█▄█    ▄▄▄▄█▄▄▄▄▄█▄▄▄▄
         █ ▀ ▄ █   ▀     █   █   █      █       █      ▄▄▄▄▄▄█▄▄▄▄▄▄      █     █
         ▀  ▄ ▀          █▀▀▀█   █      █ ▄▀   █ ▄     █   ▄▀  ▄   █      █     █
       █ █   █   ▄ ▀▄            █      █▀   ▄▀   ▀▄   █  ▀█▀▀▀▀█  █     █      █           ▀▀██
      ▀  ▀▄▄▄▄▄▄▄█  ▀          ▀▄▀         ▄▀       █  █         ▀▄▀   ▄▀       █           ▄▄▀▀
       ▄       █          █           ▄▄▄▄▄▄▄▄▄              █          ▄               ▄▄▄▄▄▄▄▄▄▄        █   ▀▄  ▄
        █  ▀▀▀▀█▀▀▀▀     ▄█▄▄▄▄▄▄▄▄▄    █   █ ▀█▀▀▀█    ▄▄▄▄▄█▄▄▄▄▄      █   ▀▀▀▀▀█              █       ▄▀ █  ▀  █
            ▀▀▀█▀▀▀     ▄▀  █  █   █    █▀▀▀█  █   █         █                    █      ▀▀▀▀▀▀▀▀█      ▄█  ▀▄   ▄▀
      ▀▀█  ▀▀▀▀▀▀▀▀▀▀ ▄▀   ▄▀  █   █    █▄▄▄█  █   █  ▀▀▀▀▀▀▀█▀▀▀▀▀▀▀ ▀▀▀█   ▄▄▄▄▄█   ▄▄▄▄▄▄▄▄▄▄▄█▄▄▄  ▄▀█   █   █
        █   █▀▀▀▀▀█       ▄▀  ▄▀   █    █   █   █ █      ▄   █           █   █    ▀     ▄    █    ▄   ▀  █    █ █
        █   █▀▀▀▀▀█     ▄▀   ▄▀    █  ▄▄█▄▄▀█▀▀ ▀▄▀      █   █▀▀▀▀▀      █   █           ▀ ▄ █▀▄▄▀       █     █
        █▄▀ █▀▀▀▀▀█    ▀   ▄▀      █   ▀    █   ▄▀▄     ▄▀▄  █           █▄▀ █      █   ▄▄▀  █  ▀▄▄      █   ▄▀ ▀▄
        ▀   █   ▀▄▀      ▄▀     ▀▄▀         █ ▄▀   ▀▄ ▄▀   ▀▀▀▀▀▀▀▀▀▀    ▀    ▀▀▀▀▀▀▀ ▀▀   ▀▄▀     ▀▀    █ ▄▀     ▀▄▄
      You may leave; camera stays
      ###################################-------------------------------------------- 45%  1.4 of 3.1 GiB  32 MiB/s  0:55 left
       No problems
      `),
    );
  });

  it('of eight docks in Chinese on a poor console has one character for each state', () => {
    expect(frameOf(viewOf(docksOf(8)), POOR, CONSOLE_ZH).trimEnd()).toBe(
      lines(`
       docket  ??-7                                               2026-11-21 14:49:02
       Vault ok | Ledger 1230/1234 | Nothing waits
       A1  BC0017          A2  BC0022          A3  013579          A4  Li Na  BC0031
               ▄▄▄█▄       ▄▄▄▄▄▄▄▄▄            ▄▄▄▄▄ ▄▄▄█▄▄▄        █▄▄▄▄▄ █▄▄▄▄▄
         ▀▀▀▀█▀              █   █ ▀█▀▀▀█       █  ▄▀  ▀▄ ▄▀       ▄▀  ▀▄ ▄▀  ▀▄
          ▀▄  █   █          █▀▀▀█  █   █       █ ▄▀ ▀▀▀▀▀▀▀▀▀       ▄▄▄▄▄█▄▄▄▄▄
           ▀  ▄  ▀           █▄▄▄█  █   █       █  █  █▀▀▀▀▀█             █
        ▀▀▀▀▀███▀▀▀▀▀        █   █   █ █        █   █ █▀▀▀▀▀█      ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀
           ▄▀ █ ▀▄         ▄▄█▄▄▀█▀▀ ▀▄▀        █▄ ▄▀ ▀▀▀█▀▀▀       ▄▄▄▄▄▄▄▄▄█▄▄▄
         ▄▀   █   ▀▄        ▀    █   ▄▀▄        █ ▀  ▀▀▀▀█▀▀▀▀         ▀▄    █
       ▀▀     █     ▀▀           █ ▄▀   ▀▄      █        █              ▀  ▀▄▀
      ####----- 45% 0:55  ############# 100%  Not registered: ..

       A5  BC0032          A6  BC0017          A7  BC0022          A8  013579
        ▄▄▄▄▄ ▄▄▄█▄▄▄              ▄▄▄█▄       ▄▄▄▄▄▄▄▄▄            ▄▄▄▄▄ ▄▄▄█▄▄▄
        █  ▄▀  ▀▄ ▄▀         ▀▀▀▀█▀              █   █ ▀█▀▀▀█       █  ▄▀  ▀▄ ▄▀
        █ ▄▀ ▀▀▀▀▀▀▀▀▀        ▀▄  █   █          █▀▀▀█  █   █       █ ▄▀ ▀▀▀▀▀▀▀▀▀
        █  █  █▀▀▀▀▀█          ▀  ▄  ▀           █▄▄▄█  █   █       █  █  █▀▀▀▀▀█
        █   █ █▀▀▀▀▀█       ▀▀▀▀▀███▀▀▀▀▀        █   █   █ █        █   █ █▀▀▀▀▀█
        █▄ ▄▀ ▀▀▀█▀▀▀          ▄▀ █ ▀▄         ▄▄█▄▄▀█▀▀ ▀▄▀        █▄ ▄▀ ▀▀▀█▀▀▀
        █ ▀  ▀▀▀▀█▀▀▀▀       ▄▀   █   ▀▄        ▀    █   ▄▀▄        █ ▀  ▀▀▀▀█▀▀▀▀
        █        █         ▀▀     █     ▀▀           █ ▄▀   ▀▄      █        █
      Taken out too ea..  ####----- 45% 0:55  ############# 100%  Not registered: ..
       No problems
      `),
    );
  });

  it('of any number of docks on the console has a large Chinese word for each, if need be on more pages', () => {
    // The upper edge of the character that stands in every form of that word, and in no sentence.
    const large = /\u2584{5} \u2584{3}\u2588\u2584{3}/g;
    for (const speech of [CONSOLE_ZH, CONSOLE_BOTH])
      for (const size of [POOR, MONITOR])
        for (const count of [1, 2, 3, 4, 5, 6, 8, 9, 12, 16, 20, 24, 64]) {
          const view = viewOf(Array.from({ length: count }, (_, k) => dockOf(`A${k + 1}`, REFUSED)));
          const pages = Number(/page 1\/(\d+)/.exec(frameOf(view, size, speech))?.[1] ?? 1);
          const frames = Array.from({ length: pages }, (_, turn) => frameOf(view, size, speech, turn));
          expect([size, count, frames.join('\n').match(large)?.length]).toEqual([size, count, count]);
        }
  });

  it('is exactly as large as the screen, for any number of docks and any size', () => {
    for (const speech of [BOTH, EN, ZH, CONSOLE_ZH, CONSOLE_BOTH])
      for (const count of [0, 1, 2, 3, 5, 8, 9, 20, 64])
        for (const [columns, rows] of [
          [1, 1],
          [7, 3],
          [20, 5],
          [33, 12],
          [40, 10],
          [64, 24],
          [80, 24],
          [80, 32],
          [120, 33],
          [132, 43],
          [200, 50],
          [400, 120],
        ] as const) {
          const drawn = drawScreen(
            { view: viewOf(docksOf(count)), silent: undefined, at: AT, turn: 1 },
            { columns, rows },
            speech,
          );
          const widths = new Set(drawn.map((row) => widthOf(row.map(({ text }) => text).join(''))));
          expect([columns, rows, count, drawn.length, [...widths]]).toEqual([columns, rows, count, rows, [columns]]);
        }
  });

  it('shows every dock in time, page after page, where not all fit', () => {
    for (const size of [SMALL, LARGE, { columns: 40, rows: 10 }, { columns: 20, rows: 5 }]) {
      const seen = new Set<string>();
      for (let turn = 0; turn < 30; turn += 1)
        for (const [, name] of frameOf(viewOf(docksOf(20)), size, EN, turn).matchAll(/(?:^|\s)(A\d+)(?=\s)/gm))
          seen.add(name ?? '');
      expect([size, seen.size]).toEqual([size, 20]);
    }
  });

  it('says in the same place that a vault is away and that copies are safe', () => {
    const away = viewOf([dockOf('A1', TAKE)], {
      queue: { spoolFiles: 31, spoolBytes: 9 * GIB, keptParts: 0, acquisitionsWaiting: 2 },
      vaults: [{ name: 's3', kind: 's3', where: 'x', awaySince: AT, why: 'no answer', behind: 0 }],
    });
    expect(frameOf(away, SMALL, EN).split('\n')[1]).toBe(' VAULT AWAY: s3 (11-21 14:49) | 31 (9.0 GiB) wait, safe');
    expect(frameOf(away, SMALL, ZH).split('\n')[1]).toBe(' 存储离线: s3 (11-21 14:49) | 31 (9.0 GiB) 已暂存，待存入');
  });

  it('draws nothing but ASCII for a console that has no more, and names a camera where it cannot name its officer', () => {
    const frame = frameOf(viewOf(docksOf(5)), SMALL, EN);
    expect(frame).toMatch(/^[ -~\n]*$/);
    expect(frame).toContain('BC0017  DSJ-X9');
  });

  it('leaves out the model, words that are said already, and how far, before it leaves out an officer or what to do about a problem', () => {
    const problem = { code: 'source-unreadable', what: 'x', next: 'y' };
    const unreadable: Partial<DockView> = { ...COPYING, phase: 'problem', problem };
    const view = viewOf([TAKE, unreadable, TAKE].map((each, k) => dockOf(`A${k}`, each)));
    expect(frameOf(view, SMALL, BOTH)).toContain(' A0 TAKE YOUR CAMERA  欧阳建国  BC0022');
    expect(frameOf(view, SMALL, CONSOLE_ZH)).toContain('Card reads badly: dock it again, or c..');
    const many = frameOf(viewOf(docksOf(8)), POOR, CONSOLE_ZH);
    expect(many).toContain(' A4  Li Na  BC0031');
    expect(many).toContain('Not registered: ..');
  });

  it('draws nothing but ASCII and half blocks for the console in Chinese', () => {
    for (const speech of [CONSOLE_ZH, CONSOLE_BOTH])
      for (const size of [POOR, MONITOR])
        for (const count of [0, 1, 2, 3, 5, 8, 20])
          expect(frameOf(viewOf(docksOf(count)), size, speech)).toMatch(/^[ -~\n\u2580\u2584\u2588]*$/);
  });

  it('has the plates of tiles beside each other in line, whatever is said around them', () => {
    for (const speech of [ZH, BOTH, CONSOLE_ZH, CONSOLE_BOTH])
      for (const size of [SMALL, MONITOR]) {
        const drawn = drawScreen({ view: viewOf(docksOf(4)), silent: undefined, at: AT, turn: 0 }, size, speech);
        const first = (of: Paint): number =>
          drawn.findIndex((row) => row.some(({ text, paint }) => paint === of && /[\u2580\u2584]/.test(text)));
        expect([speech, size, first('take'), first('wait')]).toEqual([
          speech,
          size,
          first('copying'),
          first('problem'),
        ]);
        expect(first('copying')).toBeGreaterThan(0);
        expect(first('problem')).toBeGreaterThan(first('copying'));
      }
  });
});

describe('what cameras, cards and people are called', () => {
  it('cannot break the screen', () => {
    const nasty = string({ unit: 'binary', maxLength: 80 });
    const text = constantFrom(
      '\u001b[2J\u001b[31mX',
      'a\r\nb\tc\u0007\u009b1m',
      '\u202eevil\u2066x\u200f',
      'مرحبا بالعالم',
      '👩‍👩‍👧‍👦🇨🇳',
      'e\u0301\u0301\u0301\u20dd',
      '\u1100\u1161\u11a8',
      '执法记录仪'.repeat(40),
      '\ufeff\u00ad\u2028\ud800',
      '﷽'.repeat(9),
    );
    assert(
      property(
        record({ a: nasty, b: nasty, c: text, d: text }),
        integer({ min: 1, max: 130 }),
        integer({ min: 1, max: 40 }),
        constantFrom(BOTH, EN, ZH, CONSOLE_ZH, CONSOLE_BOTH),
        ({ a, b, c, d }, columns, rows, speech) => {
          const problem = { code: a, what: b, next: c };
          const docks = [
            dockOf(a, { ...COPYING, officer: b, camera: c, model: d }),
            dockOf(c, { ...REFUSED, officer: d, camera: a, model: b, problem }),
          ];
          const view = viewOf(docks, {
            station: d,
            dockNames: [b],
            vaults: [{ name: a, kind: 's3', where: b, awaySince: AT, why: c, behind: 0 }],
            problems: [{ at: AT, what: a, next: c }],
          });
          const drawn = drawScreen({ view, silent: undefined, at: AT, turn: 0 }, { columns, rows }, speech);
          const texts = drawn.map((row) => row.map(({ text: each }) => each).join(''));
          expect(texts).toHaveLength(rows);
          for (const each of texts) {
            expect(widthOf(each)).toBe(columns);
            expect(each).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Mn}\p{Me}\p{Co}\p{Cn}]/u);
            expect(each).not.toMatch(/[\p{Script=Arabic}\p{Script=Hebrew}\p{Emoji_Presentation}]/u);
          }
        },
      ),
    );
  });

  it('keeps what every terminal draws alike, and asks about the rest', () => {
    expect(plain('张伟 Zoë Müller Иван', 'full')).toBe('张伟 Zoë Müller Иван');
    expect(plain('Zoe\u0308', 'full')).toBe('Zoë');
    expect(plain('张伟 BC01', 'ascii')).toBe('?? BC01');
    expect(plain(' a\u3000\n b ', 'full')).toBe('a b');
    expect(plain('x\u001b[31m', 'full')).toBe('x?[31m');
  });
});
