// Names of everything in the vault, so that a person with a file browser finds a case without docket.
// Pure text; each segment is at most 255 bytes, since a directory vault makes files of them.
import type { AcquisitionId, CaseNumber, ItemId, Sha256, StationName } from './brand.ts';
import { Failure } from './failure.ts';

/** Longest name of one file on the file systems in use, in bytes. */
const MAX_SEGMENT_BYTES = 255;

/** Key of a payload's bytes. */
export function payloadKey(sha256: Sha256): string {
  return `payload/sha256/${sha256.slice(0, 2)}/${sha256}`;
}

/** Key of an item's signed manifest. */
export function manifestKey(station: StationName, item: ItemId): string {
  return `manifests/${station}/${item}.json`;
}

/** Key of an acquisition's receipt. */
export function receiptKey(station: StationName, acquisition: AcquisitionId): string {
  return `receipts/${station}/${acquisition}.json`;
}

/** Key of the list of files an acquisition's camera was cleared of. */
export function releaseKey(station: StationName, acquisition: AcquisitionId): string {
  return `receipts/${station}/${acquisition}-released.json`;
}

/** Folder of a case. Throws Failure 'invalid' if the percent-encoded number does not fit a file name. */
export function casePrefix(caseNumber: CaseNumber): string {
  const segment = encodeSegment(caseNumber);
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)
    throw new Failure(
      'invalid',
      `case number ${caseNumber} is too long for a folder name: ${Buffer.byteLength(segment)} bytes percent-encoded, at most ${MAX_SEGMENT_BYTES}`,
    );
  return `cases/${segment}/`;
}

/** Key of the statement that ledger entry `index` makes about a case. */
export function caseStatementKey(caseNumber: CaseNumber, station: StationName, index: number): string {
  return `${casePrefix(caseNumber)}${station}-${index}.json`;
}

/** Folder of a station's ledger. */
export function ledgerPrefix(station: StationName): string {
  return `ledgers/${station}/`;
}

/** RFC 3986 percent-encoding that leaves only unreserved characters; `.` is encoded where it would be a relative path. */
export function encodeSegment(text: string): string {
  const encoded = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return encoded === '.' || encoded === '..' ? encoded.replaceAll('.', '%2E') : encoded;
}
