// What verification may find wrong: a closed list, so that a finding can be counted, searched and acted upon.
// A finding names the thing and the place; it never repairs.

/** Every code `docket verify` can report, with the sentence for people. */
export const FINDINGS = {
  'payload-missing': 'a payload on record is not in the vault',
  'payload-altered': 'the bytes of a payload are not those on record',
  'manifest-missing': 'a manifest on record is not in the vault',
  'manifest-altered': 'a manifest is not the one on record',
  'signature-invalid': 'a signature does not fit',
  'receipt-missing': 'the receipt of an acquisition is not in the vault',
  'receipt-altered': 'a receipt is not the one on record',
  'receipt-incomplete': 'a file on a receipt is neither recorded nor reported',
  'statement-missing': 'a case statement on record is not in the vault',
  'statement-altered': 'a case statement is not the one on record',
  'entry-altered': 'a ledger entry is not what the tree says',
  'entry-missing': 'ledger entries cannot be read',
  'entry-unreadable': 'a ledger entry is not in a form this version can read',
  'tile-altered': 'a ledger tile does not fit the tree',
  'tile-missing': 'a ledger tile is missing',
  'checkpoint-missing': 'the checkpoint is missing from the vault',
  'checkpoint-altered': 'the checkpoint does not fit the ledger or its signature',
  'checkpoint-behind': 'the checkpoint in the vault was put back to an older one',
  'handover-missing': 'the handover of the ledger to a new key is missing',
  'handover-altered': 'the handover of the ledger to a new key is not the one on record',
  'head-altered': 'the ledger head on this station was changed or is damaged',
  'head-missing': 'the ledger head is missing',
  'head-behind': 'the ledger head on this station is older than the vault',
  'head-foreign': 'the ledger head belongs to another station',
  'key-missing': 'the station key cannot be read',
  'key-foreign': 'the station key is not the one that signed this ledger',
  'key-exposed': 'others than the owner can read the station key',
  'catalog-missing': 'the catalog is missing',
  'catalog-altered': 'the catalog does not say what the ledger says',
  'catalog-behind': 'the catalog lacks the newest entries',
  'object-stray': 'something stands in the vault that no record names',
  'object-writable': 'a stored object may be overwritten',
  'object-hidden': 'a delete marker was laid over an object on record',
  'object-overlaid': 'a newer version was laid over an object on record',
  'lock-missing': 'an object on record is not locked as it must be',
  'lock-shortened': 'the lock of an object on record ends before the time that was recorded',
  'lock-ending': 'the lock of an object on record could not be lengthened',
  'hold-missing': 'the legal hold of an object on record was taken off',
  'copy-missing': 'a copy of an object is missing from one vault',
  'format-newer': 'a newer docket wrote it; what it says was not checked',
  'read-failed': 'something could not be read',
} as const;

/** One of FINDINGS. */
export type FindingCode = keyof typeof FINDINGS;

/** One thing wrong: `where` is a vault key, a path or a ledger index; `what` is one sentence with the facts. */
export interface Finding {
  readonly code: FindingCode;
  readonly where: string;
  readonly what: string;
}

/** Makes a finding; without `what` it says the code's own sentence. */
export function finding(code: FindingCode, where: string, what: string = FINDINGS[code]): Finding {
  return { code, where, what };
}
