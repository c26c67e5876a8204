// Recovery: what a crash, a full vault or a pulled plug left in the spool goes on from where it stands, by the same functions.
// Run at every start and again whenever the vault was away. Never needs the camera; never asks a vault that is away more than once a round,
// and never opens what waits for it more than once: a full spool would be read again every few seconds, beside the cameras.
import { join } from 'node:path';
import { fileOf, keepPart, type Leftover, type Listing, type SpoolFolder } from '../acquire/index.ts';
import { type Failure, isFailure, makeItemId, type Receipt, type RecordedItem } from '../evidence/index.ts';
import { errorFacts, type Gate, makeGate, moveDurable, wrapWriteError } from '../platform/index.ts';
import { composeReceipt, finishAcquisition } from './finish.ts';
import { loadSealed, readSealed } from './load.ts';
import { listedOutcomes, type Outcomes, openFiles, recordedOutcome, waitingOutcome } from './outcomes.ts';
import type { IngestPorts } from './ports.ts';
import { publishedSize } from './publish.ts';
import { Road, type RoadEnd } from './road.ts';
import { finishRecorded } from './settle.ts';

/** Acquisitions gone on with side by side: many hold one document only, and would leave the lanes of the vault empty. */
const FOLDERS_AT_ONCE = 4;

/** What recovery found. */
export interface Recovered {
  /** Receipts that were finished now. */
  readonly finished: readonly Receipt[];
  /** Acquisitions that still wait, with the reason. */
  readonly waiting: readonly { readonly acquisition: string; readonly reason: Failure }[];
}

/** How recovery is run. */
export interface RecoverOptions {
  /** Says what is being copied now and is left alone. */
  readonly isBusy?: (acquisition: string) => boolean;
  /** Acquisitions that were opened since the vault is away, and lack nothing else: whoever runs rounds keeps it from one to the next. */
  readonly opened?: Set<string>;
  /** Ends the round; what is not on record yet goes on waiting. */
  readonly signal?: AbortSignal;
}

interface Round {
  readonly ports: IngestPorts;
  readonly road: Road;
  /** One acquisition after the other is sent on the road, the oldest first. */
  readonly sending: Gate;
  readonly opened: Set<string>;
  readonly signal: AbortSignal;
  readonly finished: Receipt[];
  readonly waiting: { acquisition: string; reason: Failure }[];
}

/** One acquisition of the round. */
interface Pending {
  readonly round: Round;
  readonly folder: SpoolFolder;
  readonly listing: Listing;
  readonly outcomes: Outcomes;
  /** Looking into what is on record, one after the other. */
  finishing: Promise<void>;
  /** Why it cannot be finished yet. */
  held?: Failure;
}

/** Continues everything in the spool except what is being copied now, oldest first. Rejects only with what stops the station. */
export async function recoverSpool(
  ports: IngestPorts,
  { isBusy = () => false, opened = new Set(), signal = new AbortController().signal }: RecoverOptions = {},
): Promise<Recovered> {
  const road = new Road(ports, signal);
  const round: Round = { ports, road, sending: makeGate(1), opened, signal, finished: [], waiting: [] };
  const unfinished = (await ports.spool.unfinished()).filter((each) => !isBusy(each));
  if (unfinished.length > 0 || publishedSize(ports.ledger) < ports.ledger.size) await road.probe();
  const { away } = road;
  if (away === undefined) opened.clear();
  else for (const each of unfinished) if (opened.has(each)) round.waiting.push({ acquisition: each, reason: away });
  const leftovers = await ports.spool.leftovers((each) => isBusy(each) || opened.has(each));
  const turns = makeGate(FOLDERS_AT_ONCE);
  await Promise.all(leftovers.map((each) => turns.run(() => recoverOne(round, each))));
  if (road.stopped !== undefined) throw road.stopped;
  if (publishedSize(ports.ledger) < ports.ledger.size) await publishOrWait(round);
  return { finished: round.finished, waiting: round.waiting.toSorted(byAcquisition) };
}

/** The oldest first, and in the same order in every round, however they ended: else another reason would be told each time. */
function byAcquisition(one: Recovered['waiting'][number], other: Recovered['waiting'][number]): number {
  return one.acquisition < other.acquisition ? -1 : 1;
}

async function publishOrWait({ ports, road, waiting }: Round): Promise<void> {
  try {
    if (road.away !== undefined) throw road.away;
    await ports.publisher.publish();
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    waiting.push({ acquisition: 'ledger', reason: error });
  }
}

/** Never rejects: what stops the station is kept by the road, so that all others end before the station is closed. */
async function recoverOne(round: Round, { folder, listing, damage }: Leftover): Promise<void> {
  const { ports, road, opened, finished, waiting } = round;
  if (road.stopped !== undefined) return;
  try {
    if (damage !== undefined) throw damage;
    const receipt = await recoverFolder(round, folder, listing);
    if (receipt !== undefined) finished.push(receipt);
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') return road.stop(error);
    // What waits for the hours of its vault is no trouble, and the vault that is away is told once for all.
    if (error !== road.away && error.code !== 'vault-waiting')
      ports.log.warn('an acquisition waits in the spool', { acquisition: folder.acquisition, ...errorFacts(error) });
    waiting.push({ acquisition: folder.acquisition, reason: error });
    if (road.away !== undefined && error.policy === 'retry' && error.code !== 'spool-full')
      opened.add(folder.acquisition);
  }
}

async function recoverFolder(
  round: Round,
  folder: SpoolFolder,
  listing: Listing | undefined,
): Promise<Receipt | undefined> {
  const { ports, road, signal } = round;
  if (listing === undefined || ports.catalog.acquisition(listing.acquisition) !== undefined) {
    await ports.spool.end(folder); // it crashed before its listing stood or after everything was on record: nothing of it is lost
    return undefined;
  }
  const outcomes = listedOutcomes(listing);
  const pending: Pending = { round, folder, listing, outcomes, finishing: Promise.resolve() };
  const sent: Promise<void>[] = [];
  await round.sending.run(async () => {
    for (const n of openFiles(listing, outcomes)) await continueFile(pending, n, sent);
  });
  await Promise.all(sent);
  await pending.finishing;
  if (road.stopped !== undefined) return undefined;
  if (pending.held !== undefined) throw pending.held;
  if (road.away !== undefined) throw road.away;
  return await finishAcquisition(ports, listing, folder, composeReceipt(ports, listing, outcomes), signal);
}

/** Takes file `n` on from the stage its names in the spool tell; what goes to the vault is only sent, and counted among `sent`. */
async function continueFile(pending: Pending, n: number, sent: Promise<void>[]): Promise<void> {
  const { round, folder, listing, outcomes } = pending;
  const { ports, road } = round;
  try {
    const stage = await ports.spool.stageOf(folder, n);
    const known = ports.catalog.item(makeItemId(listing.acquisition, n));
    if (known !== undefined) return await finishKnown(pending, n, known, stage === 'sealed');
    if (stage === 'part') await keepOrSetAside(ports, folder, listing, n);
    if (stage === 'part' || stage === 'none') {
      outcomes.set(n, {
        outcome: 'interrupted',
        reason: 'the station stopped before this file was whole; it continues at the next docking',
      });
      return undefined;
    }
    const { sizeBytes } = fileOf(listing, n);
    const load = (): ReturnType<typeof loadSealed> => loadSealed(ports, listing, folder, n);
    sent.push(road.send({ listing, sizeBytes, load, arrived: (end) => arrive(pending, n, end) }));
  } catch (error) {
    hold(pending, n, error);
  }
}

/** It was on record when the station stopped: what remains is a look inside, and its place in the spool. */
async function finishKnown(
  pending: Pending,
  n: number,
  { entry, index, examined }: NonNullable<ReturnType<IngestPorts['catalog']['item']>>,
  sealedStands: boolean,
): Promise<void> {
  const { ports } = pending.round;
  const { item, payload } = entry;
  pending.outcomes.set(n, recordedOutcome(item, payload, examined?.entry.facts?.durationMs));
  const sealed = sealedStands ? await readSealed(ports, pending.folder, n) : undefined;
  if (sealed === undefined) return await ports.spool.drop(pending.folder, n);
  const { manifest, spoolPath } = sealed;
  look(pending, n, { stage: 'recorded', item, manifest, index, spoolPath });
}

function arrive(pending: Pending, n: number, end: RoadEnd): void {
  if ('waits' in end) return hold(pending, n, end.waits);
  if ('stopped' in end) return;
  pending.outcomes.set(n, recordedOutcome(end.recorded.item, end.recorded.manifest.payload));
  look(pending, n, end.recorded);
}

/** Looks into what is on record, behind the road, and gives its place in the spool back. */
function look(pending: Pending, n: number, recorded: RecordedItem): void {
  const { round, folder, listing, outcomes } = pending;
  pending.finishing = pending.finishing.then(async () => {
    try {
      round.signal.throwIfAborted();
      const facts = await finishRecorded(round.ports, listing, folder, n, recorded);
      outcomes.set(n, recordedOutcome(recorded.item, recorded.manifest.payload, facts?.durationMs));
    } catch (error) {
      hold(pending, n, error);
    }
  });
}

/** A file that cannot go on keeps its acquisition waiting, and no other. */
function hold(pending: Pending, n: number, error: unknown): void {
  if (!isFailure(error) || error.policy === 'stop') return pending.round.road.stop(error);
  pending.outcomes.set(n, waitingOutcome(error));
  pending.held ??= error;
}

/** A full disk may refuse even that: the part then stays where it is, and its turn comes again. Failures: 'spool-full', 'disk-failed'. */
async function keepOrSetAside(ports: IngestPorts, folder: SpoolFolder, listing: Listing, n: number): Promise<void> {
  try {
    await movePart(ports, folder, listing, n);
  } catch (error) {
    throw wrapWriteError(error, folder.partPath(n), 'spool-full');
  }
}

/** Bytes written in this boot are all there; after a power cut they may have holes, so they are kept, but never continued. */
async function movePart(ports: IngestPorts, folder: SpoolFolder, listing: Listing, n: number): Promise<void> {
  if (listing.boot === ports.boot && ports.boot !== 'unknown') {
    await keepPart(ports.spool, folder, n, listing.camera, fileOf(listing, n));
    return;
  }
  await moveDurable(
    folder.partPath(n),
    join(ports.spool.path, 'parts', `${makeItemId(listing.acquisition, n)}-unproven.part`),
  );
}
