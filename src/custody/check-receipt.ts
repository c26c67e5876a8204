// Checks the receipt of an acquisition, or the list of a release, in all its copies: there, unaltered, locked.
// What a receipt says is looked at by whoever asks.
import { type EntryOf, type Finding, MAX_RECEIPT_BYTES } from '../evidence/index.ts';
import { checkObject, type Depth, type ObjectPorts } from './check-object.ts';
import { checkEachCopy } from './copies.ts';

/** Findings of one receipt or list; `look` gets the bytes on record, and is not called where a quick check needs none. */
export async function checkReceiptObject(
  ports: ObjectPorts,
  { key, sha256 }: EntryOf<'acquisition.recorded'>['receipt'],
  depth: Depth,
  look: (bytes: Buffer) => readonly Finding[],
): Promise<readonly Finding[]> {
  const receipt = {
    key,
    sha256,
    maxBytes: MAX_RECEIPT_BYTES,
    missing: 'receipt-missing',
    altered: 'receipt-altered',
    look,
  } as const;
  const { findings } = await checkEachCopy(ports, async (each) => ({
    findings: await checkObject(each, receipt, depth),
    bytesRead: 0,
  }));
  return findings;
}
