// One docking from its listing to its receipt: pull a file, send it on its way while the next is being pulled, and answer for every file.
// Never touches the camera; never lets one file's failure cost another its turn; never lets the vault hold back the copying.
import { type Docking, fileOf, type Listing, pullFile, type SpoolFolder } from '../acquire/index.ts';
import type { Card } from '../camera/index.ts';
import {
  type Failure,
  isFailure,
  makeItemId,
  type Receipt,
  type RecordedItem,
  type SpooledItem,
} from '../evidence/index.ts';
import { errorFacts } from '../platform/index.ts';
import { composeReceipt, finishAcquisition } from './finish.ts';
import { findCandidates, proveKnown } from './known.ts';
import { listInTurn } from './list-card.ts';
import { loadSealed } from './load.ts';
import { type Meter, startMeter } from './meter.ts';
import {
  type FileOutcome,
  failedOutcome,
  listedOutcomes,
  type Outcomes,
  openFiles,
  recordedOutcome,
  staysOpen,
  waitingOutcome,
} from './outcomes.ts';
import type { IngestPorts, OnProgress } from './ports.ts';
import { publishOrNote } from './publish.ts';
import { Road, type RoadEnd } from './road.ts';
import { finishRecorded, sealSpooled } from './settle.ts';
import { startTimeLimit } from './time-limit.ts';

/** One acquisition under way. */
interface Run {
  readonly ports: IngestPorts;
  readonly card: Card;
  readonly listing: Listing;
  readonly folder: SpoolFolder;
  readonly outcomes: Outcomes;
  readonly meter: Meter;
  /** Ends the copying: the station stops, or the acquisition took too long. */
  readonly copying: AbortSignal;
  /** The station stops. */
  readonly signal: AbortSignal;
  readonly road: Road;
  /** Items that take place in the spool and may still give it back in this run. */
  inHand: number;
  /** The sealing of the item pulled last; the next one waits for it. */
  sealing: Promise<void>;
  /** Looking into what is on record already, behind everything else. */
  examining: Promise<void>;
  /** Publishing what is on record, beside the rest. */
  publishing: Promise<void>;
  /** Why items wait, as it was last logged. */
  told?: Failure;
  /** True when the station stopped before everything was looked into: recovery goes on there, and finishes the receipt. */
  unexamined: boolean;
}

/** The result: the receipt, and whether it is final (on record) or waits for the vault in the spool. */
export interface AcquisitionResult {
  readonly listing: Listing;
  readonly receipt: Receipt;
  readonly final: boolean;
  /** Numbers of the files that are copied and wait in the spool for the vault. */
  readonly waiting: ReadonlySet<number>;
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
    const folder = await listInTurn(ports, docking, card, meter, signal);
    // Only the copying takes one of the cameras' places: a slow vault must not keep the next camera waiting.
    const copying = ports.cameras.run(() => copyInTurn(ports, folder, card, meter, signal), signal);
    if (ports.cameras.waiting > 0) meter.state('waiting');
    const run = await copying;
    try {
      await settleAll(run);
      return await finishRun(run);
    } finally {
      await run.publishing;
    }
  } catch (error) {
    if (isFailure(error)) meter.problem(error);
    meter.state('problem');
    throw error;
  }
}

async function copyInTurn(
  ports: IngestPorts,
  folder: SpoolFolder,
  card: Card,
  meter: Meter,
  signal: AbortSignal,
): Promise<Run> {
  const listing = await ports.spool.readListing(folder);
  using limit = startTimeLimit(ports);
  const run: Run = {
    ports,
    card,
    listing,
    folder,
    outcomes: listedOutcomes(listing),
    meter,
    copying: AbortSignal.any([signal, limit.signal]),
    signal,
    road: new Road(ports, signal),
    inHand: 0,
    sealing: Promise.resolve(),
    examining: Promise.resolve(),
    publishing: Promise.resolve(),
    unexamined: false,
  };
  await copyAll(run);
  return run;
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
  } catch (error) {
    run.road.stop(error); // what is under way ends before anybody closes the station
  }
  await run.sealing;
}

/** The card is copied; what is still on its way arrives, or stays in the spool. */
async function settleAll(run: Run): Promise<void> {
  const { ports, road, meter } = run;
  meter.state('storing');
  await road.drain();
  if (road.stopped === undefined) {
    meter.state('examining');
    // What is on record waits neither for pictures nor for the receipt; acquireCard sees how it ends.
    if (road.away === undefined) run.publishing = publishOrNote(ports);
    run.publishing.catch(() => undefined);
  }
  await run.examining;
  if (road.stopped !== undefined) throw road.stopped;
}

/** Takes one file; false when the rest cannot be taken (the camera left, or the station stops). */
async function takeFile(run: Run, n: number, candidates: ReturnType<typeof findCandidates>): Promise<boolean> {
  const { ports, card, listing, road } = run;
  const file = fileOf(listing, n);
  run.meter.file(file.path.text);
  try {
    run.copying.throwIfAborted();
    const known =
      candidates.length === 0
        ? undefined
        : await withRetries(run, () => proveKnown(ports, card, listing, n, candidates, road, run.copying));
    if (known !== undefined) {
      run.meter.bytes(file.sizeBytes);
      decide(run, n, { outcome: 'already-recorded', ...known });
      return true;
    }
    const spooled = await withRetries(run, () => pullWithRoom(run, n));
    run.inHand += 1;
    await run.sealing;
    if (road.stopped !== undefined) return false;
    run.sealing = sealAndSend(run, n, spooled);
    return true;
  } catch (error) {
    decide(run, n, failedOutcome(error));
    if (isFailure(error)) run.meter.problem(error);
    return !isFailure(error, 'camera-gone') && !isFailure(error, 'cancelled');
  }
}

/** A full spool empties by itself as long as items are on their way to the vault; only what still has no room then stays on the camera. */
async function pullWithRoom(run: Run, n: number): Promise<SpooledItem> {
  try {
    return await pull(run, n);
  } catch (error) {
    if (!isFailure(error, 'spool-full') || run.inHand === 0) throw error;
    await run.sealing;
    await run.road.drain();
    await run.examining;
    return await pull(run, n);
  }
}

async function pull(run: Run, n: number): Promise<SpooledItem> {
  const { ports, card, listing, folder, meter, copying } = run;
  let counted = 0;
  const onBytes = (bytes: number): void => {
    counted += bytes;
    meter.bytes(bytes);
  };
  try {
    return await pullFile(ports.pull, card, listing, folder, n, onBytes, copying);
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

/** Never rejects: an item that cannot be sealed waits in the spool; what stops the station is kept by the road. */
async function sealAndSend(run: Run, n: number, spooled: SpooledItem): Promise<void> {
  const { ports, listing, folder, road } = run;
  const arrived = (end: RoadEnd): void => arrive(run, n, end);
  try {
    await sealSpooled(ports, listing, folder, n, spooled);
    const { sizeBytes } = spooled.payload;
    void road.send({ listing, sizeBytes, load: () => loadSealed(ports, listing, folder, n), arrived });
  } catch (error) {
    if (isFailure(error) && error.policy !== 'stop') arrived({ waits: error });
    else road.stop(error);
  }
}

/** Hears what became of an item: on record, it is looked into behind the road; else it waits in the spool. */
function arrive(run: Run, n: number, end: RoadEnd): void {
  if ('recorded' in end) {
    const { recorded } = end;
    const outcome = recordedOutcome(recorded.item, recorded.manifest.payload);
    decide(run, n, outcome);
    run.examining = run.examining.then(() => examine(run, n, recorded, outcome));
    return;
  }
  run.inHand -= 1;
  if ('stopped' in end) return;
  // One line for a vault that is away, however many items wait for it.
  if (end.waits !== run.told)
    run.ports.log.error('an item waits in the spool', {
      item: makeItemId(run.listing.acquisition, n),
      ...errorFacts(end.waits),
    });
  run.told = end.waits;
  decide(run, n, waitingOutcome(end.waits));
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
    else run.road.stop(error);
  } finally {
    run.inHand -= 1;
  }
}

function decide(run: Run, n: number, outcome: FileOutcome): void {
  run.outcomes.set(n, outcome);
  run.meter.fileDone();
}

async function finishRun(run: Run): Promise<AcquisitionResult> {
  const { ports, listing, folder, outcomes, meter, signal } = run;
  meter.state('finishing');
  const receipt = composeReceipt(ports, listing, outcomes);
  const waiting = new Set([...outcomes].flatMap(([n, each]) => (each.waiting === true ? [n] : [])));
  if (waiting.size > 0 || run.unexamined) {
    meter.state(isOnlyWaiting(receipt, waiting) ? 'copied' : 'problem');
    return { listing, receipt, final: false, waiting };
  }
  try {
    const final = await finishAcquisition(ports, listing, folder, receipt, signal);
    await ports.publisher.publish();
    meter.state(isOnlyWaiting(final, waiting) ? 'done' : 'problem');
    return { listing, receipt: final, final: true, waiting };
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    ports.log.error('a receipt waits in the spool', { acquisition: listing.acquisition, ...errorFacts(error) });
    meter.state(isOnlyWaiting(receipt, waiting) ? 'copied' : 'problem');
    const notes = [...receipt.notes, `not yet stored: ${error.message}`];
    return { listing, receipt: { ...receipt, notes }, final: false, waiting };
  }
}

/** True when every file that is not on record waits for the vault: the camera has nothing more to give. */
export function isOnlyWaiting({ files }: Receipt, waiting: ReadonlySet<number> = new Set()): boolean {
  return files.every(({ n, outcome }) => !staysOpen(outcome) || waiting.has(n));
}
