// What people see: columns that line up with Chinese names, names that cannot move the cursor, sizes and times in words.
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, fit, harmless, pad, sizeText, table, widthOf } from '../../src/cli/text.ts';

describe('text for a terminal', () => {
  it('counts a Chinese character as two columns', () => {
    expect(widthOf('张伟')).toBe(4);
    expect(widthOf('BC01 张')).toBe(7);
    expect(widthOf('e\u0301')).toBe(1);
  });

  it('lines columns up whatever stands in them', () => {
    const lines = table(
      ['officer', 'unit'],
      [
        ['张伟', 'x'],
        ['Li', 'y'],
      ],
    ).split('\n');
    expect(
      lines.map((line) =>
        widthOf(line.slice(0, Math.max(line.lastIndexOf('unit'), line.lastIndexOf('x'), line.lastIndexOf('y')))),
      ),
    ).toEqual([9, 9, 9]);
  });

  it('cuts names, never ids or times, to fit a terminal', () => {
    const id = '20261121-081200-20f82c15-000002';
    const lines = table(['file', 'item'], [['VIDEO/BC_BC01_013579_20260131_080000_IMP.mp4', id]], 60).split('\n');
    expect(lines.every((line) => widthOf(line) <= 60)).toBe(true);
    expect(lines[1]).toContain(id);
    expect(lines[1]).toMatch(/^VIDEO\/.*….*mp4/);
  });

  it('never lets a control or direction character through', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        expect(harmless(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
    expect(harmless('a\u001b[31mb\u202ec')).toBe('a\\u{1b}[31mb\\u{202e}c');
  });

  it('never makes a text wider than asked', () => {
    assert(
      property(string({ unit: 'grapheme' }), (text) => {
        expect(widthOf(fit(text, 10))).toBeLessThanOrEqual(10);
      }),
    );
    expect(fit('BC_BC01_013579_20260131_080000_IMP.mp4', 20)).toMatch(/^BC_.*…*IMP\.mp4$/);
  });

  it('writes sizes, durations and padding in words', () => {
    expect([
      sizeText(0),
      sizeText(1536),
      sizeText(5 * 1024 ** 3),
      durationText(45_000),
      durationText(3_723_000),
    ]).toEqual(['0 B', '1.5 KiB', '5.0 GiB', '0:45', '1:02:03']);
    expect([pad('张', 4), pad('7', 3, true)]).toEqual(['张  ', '  7']);
  });
});
