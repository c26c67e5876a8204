// The outcomes of one acquisition as they come in, one per listed file, and what each failure means for its file.
// Never leaves a file without an outcome: what nobody decided is 'interrupted'.
import type { Listing } from '../acquire/index.ts';
import { type Failure, type ItemId, isFailure, OPEN_OUTCOMES, type Outcome, type Sha256 } from '../evidence/index.ts';

/** What became of one file. */
export interface FileOutcome {
  readonly outcome: Outcome;
  readonly item?: ItemId | undefined;
  readonly sha256?: Sha256 | undefined;
  /** Size as copied, when it is not the listed one. */
  readonly sizeBytes?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly reason?: string | undefined;
  /** Safe in the spool, not yet on record: the receipt cannot be finished. */
  readonly waiting?: true | undefined;
}

/** Outcomes by file number. */
export type Outcomes = Map<number, FileOutcome>;

/** Outcomes that the listing alone decides: what the profile skips, what is in progress, what is refused. */
export function listedOutcomes(listing: Listing): Outcomes {
  const outcomes: Outcomes = new Map();
  listing.files.forEach((file, k) => {
    if (!file.verdict.take) outcomes.set(k + 1, { outcome: file.verdict.outcome, reason: file.verdict.reason });
    else if (file.type !== 'file')
      outcomes.set(k + 1, { outcome: 'failed', reason: `a ${file.type} entry is not a file docket may read` });
  });
  return outcomes;
}

/** True for a file that the camera has still to give; what it is still writing comes with its next docking and is no problem of this one. */
export function staysOpen(outcome: Outcome): boolean {
  return OPEN_OUTCOMES.has(outcome) && outcome !== 'in-progress';
}

/** Numbers of the files that are to be copied and have no outcome yet, in the order of copying. */
export function openFiles(listing: Listing, outcomes: Outcomes): number[] {
  return listing.files.map((_, k) => k + 1).filter((n) => !outcomes.has(n));
}

/** The outcome of a file whose reading failed; a failure that stops the station is not an outcome and is thrown on. */
export function failedOutcome(error: unknown): FileOutcome {
  if (!isFailure(error)) throw error;
  return { outcome: outcomeOf(error), reason: error.message };
}

function outcomeOf(failure: Failure): Outcome {
  switch (failure.code) {
    case 'camera-gone':
    case 'cancelled':
      return 'interrupted';
    case 'limit-exceeded':
    case 'name-refused':
      return 'refused';
    case 'source-changed':
    case 'source-unreadable':
    case 'spool-full':
      return 'failed';
    default:
      throw failure;
  }
}

/** The outcome of an item that is safe in the spool while the vault cannot take it. */
export function waitingOutcome(failure: Failure): FileOutcome {
  return { outcome: 'interrupted', waiting: true, reason: `copied, safe in the spool; it waits: ${failure.message}` };
}

/** The outcome of an item on record. */
export function recordedOutcome(
  item: ItemId,
  payload: { readonly sha256: Sha256; readonly sizeBytes: number },
  durationMs?: number,
): FileOutcome {
  return { outcome: 'recorded', item, sha256: payload.sha256, sizeBytes: payload.sizeBytes, durationMs };
}
