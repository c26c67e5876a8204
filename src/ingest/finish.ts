// Finishes an acquisition: the receipt with every file, its gaps, its place in vault and ledger; then the spool folder ends.
// Crash anywhere: recovery finds receipt.json or the listing and comes here again; nothing is recorded twice.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Listing, SpoolFolder } from '../acquire/index.ts';
import { findGaps } from '../camera/index.ts';
import {
  countOutcomes,
  decodeReceipt,
  type EntryOf,
  encodeReceipt,
  errnoOf,
  formatInstant,
  OUTCOMES,
  parseByteCount,
  parseSha256,
  type Receipt,
  type ReceiptFile,
  receiptKey,
} from '../evidence/index.ts';
import { replaceFile, wrapWriteError } from '../platform/index.ts';
import type { FileOutcome, Outcomes } from './outcomes.ts';
import type { IngestPorts } from './ports.ts';

/** Outcome of a file nobody came to, when the acquisition ended before it. */
const NOT_REACHED: FileOutcome = {
  outcome: 'interrupted',
  reason: 'the acquisition ended before this file was copied',
};

/** The receipt as it stands now; final when every outcome is. */
export function composeReceipt(ports: IngestPorts, listing: Listing, outcomes: Outcomes): Receipt {
  const files = listing.files.map((_, k) => receiptFile(listing, k + 1, outcomes.get(k + 1) ?? NOT_REACHED));
  return {
    type: 'docket/receipt',
    v: 1,
    station: ports.station,
    acquisition: listing.acquisition,
    camera: listing.camera,
    case: listing.case,
    startedAt: listing.startedAt,
    finishedAt: formatInstant(ports.clock.now()),
    ended: files.some((file) => file.outcome === 'interrupted') ? 'interrupted' : 'complete',
    files,
    gaps: [...gapsOf(listing, outcomes)],
    notes: listing.notes,
  };
}

function receiptFile(listing: Listing, n: number, outcome: FileOutcome): ReceiptFile {
  const file = listing.files[n - 1];
  if (file === undefined) throw new Error(`defect: no file ${n} in the listing of ${listing.acquisition}`);
  return {
    n,
    path: file.path,
    kind: file.kind,
    sizeBytes: parseByteCount(outcome.sizeBytes ?? file.sizeBytes),
    modified: formatInstant(file.modifiedAtMs),
    keyMark: file.keyMark,
    outcome: outcome.outcome,
    item: outcome.item,
    sha256: outcome.sha256,
    reason: outcome.reason?.slice(0, 2000),
  };
}

function gapsOf(listing: Listing, outcomes: Outcomes): Receipt['gaps'] {
  return findGaps(
    listing.files.flatMap((file, k) =>
      file.verdict.take ? [{ ...file, durationMs: outcomes.get(k + 1)?.durationMs }] : [],
    ),
  ).slice(0, 1000);
}

/** Records the final receipt and gives the spool folder back. Failures: vault-*, spool-full, disk-failed, ledger-*; call again later. */
export async function finishAcquisition(
  ports: IngestPorts,
  listing: Listing,
  folder: SpoolFolder,
  composed: Receipt,
  signal?: AbortSignal,
): Promise<Receipt> {
  const receipt = (await readReceipt(folder)) ?? (await writeReceipt(folder, composed));
  const bytes = encodeReceipt(receipt);
  const object = {
    key: receiptKey(ports.station, listing.acquisition),
    sha256: parseSha256(createHash('sha256').update(bytes).digest('hex')),
    sizeBytes: parseByteCount(bytes.length),
  };
  await ports.vault.putOnce(
    object.key,
    { bytes, sha256: object.sha256, sizeBytes: bytes.length },
    { locked: true, retainUntil: 'permanent' },
    signal,
  );
  await ports.standing.confirm();
  if (ports.catalog.acquisition(listing.acquisition) === undefined)
    ports.recorder.record([acquisitionEntry(receipt, object, listing.actor, formatInstant(ports.clock.now()))]);
  await ports.spool.end(folder);
  return receipt;
}

/** Once written, a receipt is not composed again: its bytes may already be in the vault. */
async function writeReceipt(folder: SpoolFolder, receipt: Receipt): Promise<Receipt> {
  try {
    await replaceFile(folder.receiptPath, encodeReceipt(receipt));
  } catch (error) {
    throw wrapWriteError(error, `the receipt of ${folder.acquisition} in the spool`, 'spool-full');
  }
  return receipt;
}

async function readReceipt(folder: SpoolFolder): Promise<Receipt | undefined> {
  try {
    return decodeReceipt(await readFile(folder.receiptPath), folder.receiptPath);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw wrapWriteError(error, folder.receiptPath, 'spool-full');
  }
}

/** The entry that puts an acquisition's receipt on record. */
export function acquisitionEntry(
  receipt: Receipt,
  object: EntryOf<'acquisition.recorded'>['receipt'],
  actor: EntryOf<'acquisition.recorded'>['actor'],
  at: EntryOf<'acquisition.recorded'>['at'],
  recovered?: true,
): EntryOf<'acquisition.recorded'> {
  const counts = countOutcomes(receipt.files);
  const bytesRecorded = receipt.files.reduce(
    (sum, file) => sum + (file.outcome === 'recorded' ? file.sizeBytes : 0),
    0,
  );
  return {
    v: 1,
    kind: 'acquisition.recorded',
    at,
    actor,
    acquisition: receipt.acquisition,
    camera: receipt.camera,
    case: receipt.case,
    receipt: object,
    startedAt: receipt.startedAt,
    finishedAt: receipt.finishedAt,
    ended: receipt.ended,
    outcomes: Object.fromEntries(
      OUTCOMES.map((each) => [each, counts[each]]),
    ) as EntryOf<'acquisition.recorded'>['outcomes'], // every outcome is a key
    bytesRecorded: parseByteCount(bytesRecorded),
    gaps: receipt.gaps.length,
    recovered,
  };
}
