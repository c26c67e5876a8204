// What looks alike is kept apart, and what cannot be seen is refused, at the only doors that make brands.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  epochOf,
  formatInstant,
  isFailure,
  MAX_CASE_NUMBER_CHARS,
  makeAcquisitionId,
  makeItemId,
  parseAcquisitionId,
  parseByteCount,
  parseCaseNumber,
  parseEpochMs,
  parseInstant,
  parseItemId,
  parseSha256,
  parseSm3,
  parseStationName,
} from '../../src/evidence/index.ts';
import { expectFailure } from '../expect-failure.ts';

describe('case numbers', () => {
  it.each([
    '2110-LX-2010-0003',
    '沪盗罚〔2026〕3号',
    '沪公（浦）行罚决字〔2026〕第00123号',
    '粤A-12/7.b (副本)',
    '…2026',
    '.5',
    '𠮷案1号',
  ])('%s is a case number and stays as it is', (text) => {
    expect(parseCaseNumber(text)).toBe(text.normalize('NFC'));
  });

  it('are one number however they were typed: composed or not, with spaces around', () => {
    expect(parseCaseNumber('  Cafe\u0301-3\u3000')).toBe('Caf\u00e9-3');
    expect(parseCaseNumber('\uac00')).toBe(parseCaseNumber('\u1100\u1161'));
  });

  it.each([
    ['a right-to-left override', '2026-\u202e3000-XL'],
    ['a left-to-right mark', '2026\u200e-3'],
    ['a bidi isolate', '2026\u2066-3'],
    ['a zero-width space', '2026\u200b-3'],
    ['a zero-width joiner', '2026\u200d-3'],
    ['a word joiner', '2026\u2060-3'],
    ['a soft hyphen', '2026\u00ad3'],
    ['a byte order mark inside', '2026\ufeff3'],
    ['a variation selector', '案\ufe0f1'],
    ['a Hangul filler', '案\u31641'],
    ['a combining grapheme joiner', '案\u034f1'],
    ['an interlinear mark', '案\ufff91'],
    ['a tag character', '案\u{e0041}1'],
    ['a newline', '2026\n3'],
    ['a line separator', '2026\u20283'],
    ['a NUL', '2026\u00003'],
    ['a C1 control', '2026\u00853'],
    ['a lone surrogate', '2026\ud8003'],
  ])('with %s are refused: two that look alike must be one', (_, text) => {
    expectFailure('invalid', () => parseCaseNumber(text));
  });

  it.each(['', '   ', '.', '..', '....', '\u3000', 7, null, undefined, ['3']])('%j is none', (value) => {
    expectFailure('invalid', () => parseCaseNumber(value));
  });

  it('have a length in characters, not in UTF-16 units', () => {
    expect([...parseCaseNumber('𠮷'.repeat(MAX_CASE_NUMBER_CHARS))]).toHaveLength(MAX_CASE_NUMBER_CHARS);
    expectFailure('invalid', () => parseCaseNumber('案'.repeat(MAX_CASE_NUMBER_CHARS + 1)));
  });

  it('once parsed parse to themselves, and are never anything but visible text (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        try {
          const number = parseCaseNumber(text);
          expect(parseCaseNumber(number)).toBe(number);
          expect(number).toBe(number.normalize('NFC'));
          expect(number).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        } catch (error) {
          expect(isFailure(error, 'invalid')).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('ids and digests', () => {
  it.each(['a'.repeat(64), '0123456789abcdef'.repeat(4)])('%s is a digest', (text) => {
    expect(parseSha256(text)).toBe(text);
    expect(parseSm3(text)).toBe(text);
  });

  it.each(['', 'A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(64)}\n`, 'g'.repeat(64), null])(
    '%j is no digest',
    (value) => {
      expectFailure('invalid', () => parseSha256(value));
      expectFailure('invalid', () => parseSm3(value));
    },
  );

  it('name an acquisition by station time, and an item by its place on the receipt', () => {
    const acquisition = makeAcquisitionId(parseEpochMs(Date.UTC(2026, 10, 21, 6, 48, 54, 999)), '0123abcd');
    expect(acquisition).toBe('20261121-064854-0123abcd');
    expect(makeItemId(acquisition, 1)).toBe('20261121-064854-0123abcd-000001');
    expect(makeItemId(acquisition, 999_999)).toBe('20261121-064854-0123abcd-999999');
    expectFailure('invalid', () => makeItemId(acquisition, 1_000_000));
    expectFailure('invalid', () => makeItemId(acquisition, 1.5));
    expectFailure('invalid', () => makeAcquisitionId(parseEpochMs(0), 'XYZ'));
  });

  it('stay names of one file: no path, no newline, no lookalike digits', () => {
    for (const bad of [
      '../x',
      '20261121-064854-0123abcd/..',
      '20261121-064854-0123abcd\n',
      '２0261121-064854-0123abcd',
    ])
      expectFailure('invalid', () => parseAcquisitionId(bad));
    for (const bad of ['20261121-064854-0123abcd', '20261121-064854-0123abcd-1', 1])
      expectFailure('invalid', () => parseItemId(bad));
  });

  it.each(['station-7', 'a', '0', 'pudong.3', 'a'.repeat(64)])('%s is a station', (text) => {
    expect(parseStationName(text)).toBe(text);
  });

  it.each(['', '-a', 'a-', '.', 'a..', 'Station', 'a/b', 'a b', '站', 'a+b', 'a'.repeat(65), 'a\n'])(
    '%j is no station',
    (text) => {
      expectFailure('invalid', () => parseStationName(text));
    },
  );

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '7', null])('%j is no number of bytes', (value) => {
    expectFailure('invalid', () => parseByteCount(value));
  });
});

describe('instants', () => {
  it.each([
    '2026-02-30T00:00:00.000Z',
    '2026-04-31T00:00:00.000Z',
    '2025-02-29T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z',
    '2026-13-01T00:00:00.000Z',
    '2026-01-01T00:60:00.000Z',
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.000+08:00',
    '2026-01-01 00:00:00.000Z',
    '+012026-01-01T00:00:00.000Z',
    0,
  ])('%s is none', (value) => {
    expectFailure('invalid', () => parseInstant(value));
  });

  it('say the millisecond they were made from, and sort as text as they do in time (property)', () => {
    const time = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        expect(epochOf(parseInstant(formatInstant(a)))).toBe(a);
        expect(formatInstant(a) < formatInstant(b)).toBe(a < b);
      }),
    );
  });

  it('are made of whatever a camera clock says', () => {
    expect(formatInstant(Number.NaN)).toBe('1970-01-01T00:00:00.000Z');
    expect(formatInstant(Number.POSITIVE_INFINITY)).toBe('9999-12-31T23:59:59.999Z');
    expect(formatInstant(-1e18)).toBe('0000-01-01T00:00:00.000Z');
    expect(formatInstant(-0.5)).toBe('1970-01-01T00:00:00.000Z');
  });
});
