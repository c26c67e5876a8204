// A case statement says what the ledger says, sealed: altered it is refused, and only its own seal makes one of a later version.
import { expect, it } from 'vitest';
import {
  type CaseStatement,
  caseStatementOf,
  checkStatement,
  decodeEntry,
  encodeCanonical,
  encodeStatement,
  parseStationName,
} from '../../src/evidence/index.ts';
import { expectFailure } from '../expect-failure.ts';
import { recordedEntry, SIGNER, signerOf } from './samples.ts';

const entry = decodeEntry(encodeCanonical(recordedEntry()), 'the sample entry');
const statement = caseStatementOf(parseStationName('station-7'), 4, entry)?.statement as CaseStatement; // the entry names a case
const later = { ...statement, v: 2, remark: 'x' } as unknown as CaseStatement; // what a later docket may write

it('is accepted as it was made, and refused with another word or another seal', () => {
  const bytes = encodeStatement(statement, SIGNER);
  expect(() => checkStatement(bytes, statement, SIGNER, 'it')).not.toThrow();
  expectFailure('invalid', () => checkStatement(bytes, { ...statement, index: 5 }, SIGNER, 'it'));
  const other = encodeStatement(statement, signerOf(SIGNER.name, Buffer.alloc(32, 8)));
  expectFailure('signature-invalid', () => checkStatement(other, statement, SIGNER, 'it'));
});

it('of a later version is told as one where it is sealed, and is altered where it is not', () => {
  expectFailure('format-newer', () => checkStatement(encodeStatement(later, SIGNER), statement, SIGNER, 'it'));
  const tampered = Buffer.from(
    encodeStatement(statement, SIGNER)
      .toString()
      .replace(/"v":1\}\}\n$/, '"v":2}}\n'),
  );
  expect(tampered.equals(encodeStatement(statement, SIGNER))).toBe(false);
  expectFailure('invalid', () => checkStatement(tampered, statement, SIGNER, 'it'));
});
