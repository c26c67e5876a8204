// Names in the vault: a person finds a case by its number, no two cases share a folder, and no name leaves its place.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  casePrefix,
  caseStatementKey,
  encodeSegment,
  ledgerPrefix,
  manifestKey,
  parseAcquisitionId,
  parseCaseNumber,
  parseItemId,
  parseSha256,
  parseStationName,
  payloadKey,
  receiptKey,
} from '../../src/evidence/index.ts';
import { expectFailure } from '../expect-failure.ts';
import { ACQUISITION, ITEM } from './samples.ts';

const station = parseStationName('station-7');

it('are as FORMAT.md says', () => {
  const digest = parseSha256(`ab${'c'.repeat(62)}`);
  expect(payloadKey(digest)).toBe(`payload/sha256/ab/${digest}`);
  expect(manifestKey(station, parseItemId(ITEM))).toBe(`manifests/station-7/${ITEM}.json`);
  expect(receiptKey(station, parseAcquisitionId(ACQUISITION))).toBe(`receipts/station-7/${ACQUISITION}.json`);
  expect(ledgerPrefix(station)).toBe('ledgers/station-7/');
  expect(casePrefix(parseCaseNumber('2110-LX-2010-0003'))).toBe('cases/2110-LX-2010-0003/');
  expect(caseStatementKey(parseCaseNumber('沪罚3号'), station, 42)).toBe(
    'cases/%E6%B2%AA%E7%BD%9A3%E5%8F%B7/station-7-42.json',
  );
});

describe('the folder of a case', () => {
  it('is never a way out of cases/', () => {
    expect(casePrefix(parseCaseNumber('../../etc'))).toBe('cases/..%2F..%2Fetc/');
    expect(casePrefix(parseCaseNumber('a/b\\c'))).toBe('cases/a%2Fb%5Cc/');
    expect(encodeSegment('.')).toBe('%2E');
    expect(encodeSegment('..')).toBe('%2E%2E');
    expect(encodeSegment("!'()*~")).toBe('%21%27%28%29%2A~');
  });

  it('fits a file name of 255 bytes or is refused before anything is written', () => {
    expect(Buffer.byteLength(casePrefix(parseCaseNumber('案'.repeat(28))))).toBe('cases//'.length + 252);
    const error = expectFailure('invalid', () => casePrefix(parseCaseNumber('案'.repeat(29))));
    expect(error.message).toContain('255');
  });

  it('belongs to one number only, and the number can be read from it (property)', () => {
    const number = fc
      .string({ unit: fc.constantFrom(...'ab3.%/2E案号〔〕() !~-_é𠮷'), minLength: 1, maxLength: 8 })
      .filter((text) => text.trim() !== '' && !/^\.+$/.test(text.trim()))
      .map(parseCaseNumber);
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [folder, other] = [casePrefix(a), casePrefix(b)];
        expect(folder === other).toBe(a === b);
        expect(folder).toMatch(/^cases\/[A-Za-z0-9._~%-]{1,255}\/$/);
        expect(decodeURIComponent(folder.slice('cases/'.length, -1))).toBe(a);
        expect(folder.split('/')).not.toContain('..');
      }),
      { numRuns: 500 },
    );
  });
});
