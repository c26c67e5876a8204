// What holds of every screen: its size, its pages, its order, what is left out first, and names that nobody chose for it.
import { assert, constantFrom, integer, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawScreen } from '../../src/cli/screen-frame.ts';
import { type Paint, plain } from '../../src/cli/screen-text.ts';
import { widthOf } from '../../src/cli/text.ts';
import type { DockView } from '../../src/cli/use-cases.ts';
import {
  AT,
  BOTH,
  CONSOLE_BOTH,
  CONSOLE_ZH,
  COPYING,
  dockOf,
  docksOf,
  EN,
  every,
  frameOf,
  GIB,
  LARGE,
  MONITOR,
  POOR,
  REFUSED,
  SMALL,
  TAKE,
  viewOf,
  ZH,
} from './screen-views.ts';

const SPEECHES = [BOTH, EN, ZH, CONSOLE_ZH, CONSOLE_BOTH];

describe('a frame', () => {
  it('is exactly as large as the screen, for any number of docks and any size', () => {
    const sizes = [
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
    ] as const;
    for (const [speech, [columns, rows], count] of every(SPEECHES, sizes, [0, 1, 2, 3, 5, 8, 9, 20, 64])) {
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

  it('has the plates of tiles beside each other in line, whatever is said around them', () => {
    for (const [speech, size, count] of every([ZH, BOTH, CONSOLE_ZH, CONSOLE_BOTH], [SMALL, MONITOR], [4])) {
      const drawn = drawScreen({ view: viewOf(docksOf(count)), silent: undefined, at: AT, turn: 0 }, size, speech);
      const first = (of: Paint): number =>
        drawn.findIndex((row) => row.some(({ text, paint }) => paint === of && /[\u2580\u2584]/.test(text)));
      expect([speech, size, first('take'), first('wait')]).toEqual([speech, size, first('copying'), first('problem')]);
      expect(first('copying')).toBeGreaterThan(0);
      expect(first('problem')).toBeGreaterThan(first('copying'));
    }
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
        constantFrom(...SPEECHES),
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
