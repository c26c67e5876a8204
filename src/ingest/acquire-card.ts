// One docking from its listing to its receipt: pull a file, settle it while the next is being pulled, and answer for every file.
// Never touches the camera; never lets one file's failure cost another its turn.
import { type Docking, fileOf, type Listing, listCard, pullFile, type SpoolFolder } from '../acquire/index.ts';
import type { Card } from '../camera/index.ts';
import { Failure, isFailure, type Receipt, type RecordedItem, type SpooledItem } from '../evidence/index.ts';
import { errorFacts } from '../platform/index.ts';
import { composeReceipt, finishAcquisition } from './finish.ts';
import { findCandidates, proveKnown } from './known.ts';
import { type Meter, startMeter } from './meter.ts';
import {
  type FileOutcome,
  failedOutcome,
  listedOutcomes,
  type Outcomes,
  openFiles,
  waitingOutcome,
} from './outcomes.ts';
import type { IngestPorts, OnProgress } from './ports.ts';
import { publishOrNote } from './publish.ts';
import { finishRecorded, settleSpooled } from './settle.ts';

/** One acquisition under way. */
interface Run {
  readonly ports: IngestPorts;
  readonly card: Card;
  readonly listing: Listing;
  readonly folder: SpoolFolder;
  readonly outcomes: Outcomes;
  readonly meter: Meter;
  readonly signal: AbortSignal;
  /** Items being settled; the next one waits for a free lane of the vault, so few items are in hand at any time. */
  readonly settling: Set<Promise<void>>;
  /** Looking into what is on record already, behind everything else. */
  examining: Promise<void>;
  /** True when the station stopped before everything was looked into: recovery goes on there, and finishes the receipt. */
  unexamined: boolean;
  /** A failure that stops the station; thrown as soon as the pull in hand is done. */
  stop?: Error;
}

/** The result: the receipt, and whether it is final (on record) or waits for the vault in the spool. */
export interface AcquisitionResult {
  readonly listing: Listing;
  readonly receipt: Receipt;
  readonly final: boolean;
}

/** Acquires a card. Rejects only with failures that stop the station (ledger-*, disk-failed) or when the listing cannot be made. */
export async function acquireCard(
  ports: IngestPorts,
  docking: Docking,
  card: Card,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<AcquisitionResult> {
  const meter = startMeter(ports.clock, docking, onProgress);
  try {
    return await ports.cameras.run(() => acquireInTurn(ports, docking, card, meter, signal), signal);
  } catch (error) {
    meter.state('problem');
    throw error;
  }
}

async function acquireInTurn(
  ports: IngestPorts,
  docking: Docking,
  card: Card,
  meter: Meter,
  signal: AbortSignal,
): Promise<AcquisitionResult> {
  meter.state('listing');
  const listing = await listCard(docking, card.list(signal), { startedAtMs: ports.clock.now(), boot: ports.boot });
  const folder = await ports.spool.begin(listing);
  // Crash here: the listing stands, nothing was copied; recovery reports every file as interrupted.
  using limit = startTimeLimit(ports);
  const limited = AbortSignal.any([signal, limit.signal]);
  const run: Run = {
    ports,
    card,
    listing,
    folder,
    outcomes: listedOutcomes(listing),
    meter,
    signal: limited,
    settling: new Set(),
    examining: Promise.resolve(),
    unexamined: false,
  };
  meter.total(
    listing.files.length,
    openFiles(listing, run.outcomes).reduce((sum, n) => sum + fileOf(listing, n).sizeBytes, 0),
    run.outcomes.size,
  );
  await copyAll(run);
  return await finishRun(run);
}

/** A signal that aborts after the longest time one acquisition may take; disposing it ends the wait. */
function startTimeLimit(ports: IngestPorts): Disposable & { readonly signal: AbortSignal } {
  const limit = new AbortController();
  const ended = new AbortController();
  const { maxAcquisitionMs } = ports.rules;
  ports.clock.wait(maxAcquisitionMs, ended.signal).then(
    () =>
      limit.abort(
        new Failure('cancelled', `the acquisition took longer than its limit of ${maxAcquisitionMs / 3_600_000} h`),
      ),
    () => undefined, // the acquisition ended first
  );
  return { signal: limit.signal, [Symbol.dispose]: () => ended.abort() };
}

/** New files first; files that may be on record already are read again after them, so that an officer never waits for yesterday's. */
async function copyAll(run: Run): Promise<void> {
  const open = openFiles(run.listing, run.outcomes).map((n) => ({
    n,
    candidates: findCandidates(run.ports, run.listing, n),
  }));
  const order = [
    ...open.filter((each) => each.candidates.length === 0),
    ...open.filter((each) => each.candidates.length > 0),
  ];
  run.meter.state('copying');
  try {
    for (const { n, candidates } of order) {
      if (!(await takeFile(run, n, candidates))) break;
    }
  } finally {
    await Promise.all(run.settling);
    if (run.stop === undefined) {
      run.meter.state('examining');
      await publishOrNote(run.ports); // what is on record need not wait for pictures
    }
    await run.examining;
  }
  if (run.stop !== undefined) throw run.stop;
}

/** Takes one file; false when the rest cannot be taken (the camera left, or the station stops). */
async function takeFile(run: Run, n: number, candidates: ReturnType<typeof findCandidates>): Promise<boolean> {
  const file = fileOf(run.listing, n);
  run.meter.file(file.path.text);
  try {
    run.signal.throwIfAborted();
    const known =
      candidates.length === 0
        ? undefined
        : await withRetries(run, () =>
            proveKnown(run.ports, run.card, run.listing, n, candidates, () => undefined, run.signal),
          );
    if (known !== undefined) {
      run.meter.bytes(file.sizeBytes);
      decide(run, n, { outcome: 'already-recorded', item: known.item, sha256: known.sha256 });
      return true;
    }
    const spooled = await withRetries(run, () => pull(run, n));
    await freeLane(run);
    if (run.stop !== undefined) return false;
    const settling: Promise<void> = settle(run, n, spooled).finally(() => run.settling.delete(settling));
    run.settling.add(settling);
    return true;
  } catch (error) {
    decide(run, n, failedOutcome(error));
    return !isFailure(error, 'camera-gone') && !isFailure(error, 'cancelled');
  }
}

/** A vault across a network is kept busy by several puts at once; a disk by one. */
async function freeLane({ ports, settling }: Run): Promise<void> {
  while (settling.size >= (ports.vault.lanes ?? 1)) await Promise.race(settling);
}

async function pull(run: Run, n: number): Promise<SpooledItem> {
  const { ports, card, listing, folder, meter, signal } = run;
  let counted = 0;
  const onBytes = (bytes: number): void => {
    counted += bytes;
    meter.bytes(bytes);
  };
  try {
    return await pullFile(ports.pull, card, listing, folder, n, onBytes, signal);
  } catch (error) {
    meter.bytes(-counted);
    throw error;
  }
}

/** A read that failed may succeed the next time: cards and cables have bad moments. */
async function withRetries<T>({ ports }: Run, work: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      const again = isFailure(error, 'source-unreadable') || isFailure(error, 'source-changed');
      if (!again || tried >= ports.rules.readRetries) throw error;
      ports.log.warn('reading a file again', { ...errorFacts(error), tried: tried + 1 });
    }
  }
}

/** Never rejects: a vault that cannot take the item leaves it waiting in the spool; what stops the station is kept for the loop. */
async function settle(run: Run, n: number, spooled: SpooledItem): Promise<void> {
  try {
    const recorded = await settleSpooled(run.ports, run.listing, run.folder, n, spooled);
    const { sha256, sizeBytes } = spooled.payload;
    const outcome: FileOutcome = { outcome: 'recorded', item: spooled.item, sha256, sizeBytes };
    decide(run, n, outcome);
    run.examining = run.examining.then(() => examine(run, n, recorded, outcome));
  } catch (error) {
    if (isFailure(error) && error.policy !== 'stop') {
      run.ports.log.error('an item waits in the spool', { item: spooled.item, ...errorFacts(error) });
      decide(run, n, waitingOutcome(error));
    } else run.stop ??= error instanceof Error ? error : new Error(String(error));
  }
}

/** Behind the road, one after the other: decoding pictures must not hold back the custody of the next file. Never rejects. */
async function examine(run: Run, n: number, recorded: RecordedItem, outcome: FileOutcome): Promise<void> {
  if (run.signal.aborted) {
    run.unexamined = true;
    return;
  }
  try {
    const facts = await finishRecorded(run.ports, run.listing, run.folder, n, recorded);
    run.outcomes.set(n, { ...outcome, durationMs: facts?.durationMs });
  } catch (error) {
    if (isFailure(error) && error.policy !== 'stop')
      run.ports.log.warn('an item on record was not looked into', { item: recorded.item, ...errorFacts(error) });
    else run.stop ??= error instanceof Error ? error : new Error(String(error));
  }
}

function decide(run: Run, n: number, outcome: FileOutcome): void {
  run.outcomes.set(n, outcome);
  run.meter.fileDone();
}

async function finishRun(run: Run): Promise<AcquisitionResult> {
  const { ports, listing, folder, outcomes, meter } = run;
  meter.state('finishing');
  const receipt = composeReceipt(ports, listing, outcomes);
  const waiting = run.unexamined || [...outcomes.values()].some((each) => each.waiting === true);
  try {
    const final = waiting ? receipt : await finishAcquisition(ports, listing, folder, receipt);
    if (!waiting) await ports.publisher.publish();
    meter.state(final.ended === 'complete' ? 'done' : 'problem');
    return { listing, receipt: final, final: !waiting };
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    ports.log.error('a receipt waits in the spool', { acquisition: listing.acquisition, ...errorFacts(error) });
    meter.state('problem');
    return {
      listing,
      receipt: { ...receipt, notes: [...receipt.notes, `not yet stored: ${error.message}`] },
      final: false,
    };
  }
}
