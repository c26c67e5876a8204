// Case statements: every ledger entry that names a case also stands under cases/<number>/, signed, readable without docket.
// Made from the entry alone, so that they can be made again, and compared byte for byte. See FORMAT.md, "Case statements".
import { z } from 'zod';
import type { CaseNumber, StationName } from './brand.ts';
import { decodeJson, encodeCanonical } from './canonical.ts';
import { type Entry, type ForeignEntry, isForeign } from './entry.ts';
import { Failure, newerFormat } from './failure.ts';
import { caseStatementKey } from './keys.ts';
import { keyLabel } from './manifest.ts';
import type { Signer, Verifier } from './note.ts';
import { laterVersion, parseShape } from './shape.ts';

/** Longest statement read, in bytes: an entry and what surrounds it. */
export const MAX_STATEMENT_BYTES = 131_072;

/** What a statement says: this entry, at this index of this station's ledger, belongs to this case. */
export interface CaseStatement {
  readonly type: 'docket/case-statement';
  readonly v: 1;
  readonly station: StationName;
  readonly case: CaseNumber;
  readonly index: number;
  readonly entry: Entry;
}

/** The statement of an entry and its vault key; undefined when the entry names no case. */
export function caseStatementOf(
  station: StationName,
  index: number,
  entry: Entry | ForeignEntry,
): { readonly key: string; readonly statement: CaseStatement } | undefined {
  if (isForeign(entry) || !('case' in entry) || entry.case === undefined) return undefined;
  return {
    key: caseStatementKey(entry.case, station, index),
    statement: { type: 'docket/case-statement', v: 1, station, case: entry.case, index, entry },
  };
}

/** The file as stored: canonical JSON of statement and signatures, one newline. Ed25519 is deterministic, so the bytes always come out the same. */
export function encodeStatement(statement: CaseStatement, signer: Signer): Buffer {
  const value = signer.sign(encodeCanonical(statement)).toString('base64');
  return Buffer.concat([
    encodeCanonical({ statement, signatures: [{ key: keyLabel(signer), value }] }),
    Buffer.from('\n'),
  ]);
}

const signedSchema = z.strictObject({
  statement: z.unknown(),
  signatures: z
    .array(z.strictObject({ key: z.string(), value: z.base64() }))
    .min(1)
    .max(16),
});

type Signed = z.infer<typeof signedSchema>;

/**
 * Checks that bytes are this very statement, signed by `verifier`. Throws Failure 'invalid', 'signature-invalid', or 'format-newer': only of
 * one that is signed, so that damage never passes for a later version.
 */
export function checkStatement(bytes: Uint8Array, expected: CaseStatement, verifier: Verifier, what: string): void {
  const signed = parseShape(signedSchema, decodeJson(bytes, what), what);
  if (
    !Buffer.concat([encodeCanonical({ statement: expected, signatures: signed.signatures }), Buffer.from('\n')]).equals(
      bytes,
    )
  ) {
    const later = laterVersion(signed.statement, expected.v);
    if (later !== undefined && isSignedBy(verifier, signed)) throw newerFormat(what, later, expected.v);
    throw new Failure('invalid', `${what} does not say what the ledger says`);
  }
  if (!isSignedBy(verifier, signed))
    throw new Failure('signature-invalid', `${what}: the signature of ${verifier.name} is missing or does not fit`);
}

function isSignedBy(verifier: Verifier, { statement, signatures }: Signed): boolean {
  const ours = signatures.find((each) => each.key === keyLabel(verifier));
  return ours !== undefined && verifier.verify(encodeCanonical(statement), Buffer.from(ours.value, 'base64'));
}
