// The catch-up: what a vault lacks because it was away, or is newer than the station, is copied to it from the others, in ledger order:
// what the entries name, then tiles and bundles, and the checkpoint last. Idempotent; a crash anywhere repeats a few looks.
// Never removes anything, and never gives a vault a checkpoint that vouches for what it lacks.
import { decodeEntry, type Failure, formatInstant, isFailure, ledgerPrefix } from '../evidence/index.ts';
import {
  CHECKPOINT_PATH,
  type Checkpoint,
  copyCheckpoint,
  copyTree,
  parseCheckpoint,
  type TileStore,
} from '../ledger/index.ts';
import { errorFacts, type Log } from '../platform/index.ts';
import { membersOf, type Vault } from '../vault/index.ts';
import { MAX_OPEN, MarkBook, readMarks } from './copies-state.ts';
import { copyEntry, type EntryPorts } from './copy-entry.ts';
import type { IngestPorts } from './ports.ts';

/** Entries between two writings of the bookmarks. */
const SAVE_ENTRIES = 100;
/** A checkpoint is a few hundred bytes. */
const MAX_CHECKPOINT_BYTES = 1_048_576;

/** What the catch-up stands on. */
export interface ReplicatePorts
  extends Pick<
    IngestPorts,
    'station' | 'clock' | 'log' | 'signer' | 'vault' | 'ledger' | 'tiles' | 'catalog' | 'recorder' | 'standing'
  > {
  /** The ledger as it lies in one vault. */
  tilesOf(vault: Vault): TileStore;
  /** Where the bookmarks are. */
  readonly marksPath: string;
  /** As CopyPorts. */
  readonly workFolder: string;
  readonly reserveBytes: number;
}

/** Keeps the vaults of a station alike; made by openReplicator. */
export interface Replicator {
  /**
   * One round: notes which vaults answer, and copies to each what it lacks. Rejects only with what stops the station, or with the reason
   * of `signal`; what cannot be copied now is logged and tried again.
   */
  run(signal: AbortSignal): Promise<void>;
}

/** A replicator that goes on where the bookmarks are. */
export async function openReplicator(ports: ReplicatePorts): Promise<Replicator> {
  const book = new MarkBook(ports.marksPath, await readMarks(ports.marksPath));
  const retried = new Set<string>();
  const save = savingOrNoting(book, ports.log);
  return { run: (signal) => runRound({ ports, book, save, retried, signal }) };
}

/** Bookmarks that the disk does not take now stay in memory and are written with the next ones: lost, a few looks are repeated. */
function savingOrNoting(book: MarkBook, log: Log): () => Promise<void> {
  let failing = false;
  return async () => {
    try {
      await book.save();
      failing = false;
    } catch (error) {
      if (!isFailure(error) || error.policy === 'stop') throw error;
      if (!failing) log.warn('how far each vault has got could not be written down', errorFacts(error));
      failing = true;
    }
  };
}

interface Round {
  readonly ports: ReplicatePorts;
  readonly book: MarkBook;
  /** Writes the book down, or notes that it cannot be. */
  save(): Promise<void>;
  /** Vaults whose open entries were tried again in this run. */
  readonly retried: Set<string>;
  readonly signal: AbortSignal;
}

async function runRound(round: Round): Promise<void> {
  const { ports } = round;
  const members = membersOf(ports.vault);
  const answers = await Promise.all(members.map(async (member) => ({ member, size: await lookAt(round, member) })));
  if (members.length > 1) {
    const target = await targetOf(ports);
    const here = answers.filter(({ size }) => size !== undefined);
    if (target !== undefined)
      await Promise.all(here.map(({ member, size = 0 }) => fillOrNote(round, member, target, size)));
  }
  await round.save();
}

/** Entries the vault's checkpoint vouches for; undefined when it does not answer. */
async function lookAt({ ports, book }: Round, member: Vault): Promise<number | undefined> {
  try {
    const bytes = await member.readSmall(`${ledgerPrefix(ports.station)}${CHECKPOINT_PATH}`, MAX_CHECKPOINT_BYTES);
    if (book.of(member.name).away !== undefined) ports.log.info('a vault answers again', { vault: member.name });
    book.here(member.name);
    return bytes === undefined ? 0 : parseCheckpoint(bytes.toString('utf8'), `the checkpoint in ${member.name}`).size;
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    if (book.of(member.name).away === undefined)
      ports.log.warn('a vault is away', { vault: member.name, ...errorFacts(error) });
    book.away(member.name, formatInstant(ports.clock.now()), error.message);
    return undefined;
  }
}

/** The newest published state, proven against every vault that answers; undefined while that cannot be told, or nothing is published. */
async function targetOf({ standing, ledger, tiles, log }: ReplicatePorts): Promise<Checkpoint | undefined> {
  try {
    await standing.confirm();
    return (await ledger.checkAgainstStore(tiles)).checkpoint;
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    // A vault that is away is noted already, and told by whoever needs it.
    if (error.policy === 'report')
      log.error('no vault is filled: the ledger in one of them is not in order', errorFacts(error));
    return undefined;
  }
}

/** One vault's trouble must not keep another from being filled. */
async function fillOrNote(round: Round, member: Vault, target: Checkpoint, size: number): Promise<void> {
  const { ports, signal } = round;
  try {
    await fill(round, member, target, size);
  } catch (error) {
    if (signal.aborted) throw error;
    if (!isFailure(error) || error.policy === 'stop') throw error;
    ports.log.warn('the catch-up of a vault waits', { vault: member.name, ...errorFacts(error) });
  }
}

async function fill(round: Round, member: Vault, target: Checkpoint, size: number): Promise<void> {
  const { ports, book, signal } = round;
  const { name } = member;
  await believeOrForget(round, member);
  const { open } = book.of(name);
  if (!round.retried.has(name)) {
    round.retried.add(name);
    book.set(name, { open: [] });
    for (const index of open) await copyOne(round, member, index);
  }
  if (book.of(name).copied < target.size) await copyEntries(round, member, target);
  const mark = book.of(name);
  if (mark.copied < target.size) return;
  if (mark.tree < target.size || size < target.size) {
    const view = ports.ledger.view(ports.tiles);
    await copyTree(view, target, ports.tilesOf(member), { from: mark.tree, signal });
    book.set(name, { tree: target.size });
  }
  if (size < target.size) {
    // Crash here: all it vouches for stands; the next round puts the checkpoint.
    await copyCheckpoint(target, ports.tilesOf(member));
    ports.log.info('a vault has caught up', { vault: name, entries: target.size });
  }
}

/** A bookmark is of the vault it was written for: when the object seen last is gone from it, all is asked again. */
async function believeOrForget({ ports, book }: Round, member: Vault): Promise<void> {
  const { last } = book.of(member.name);
  if (last === undefined || (await member.stat(last)) !== undefined) return;
  ports.log.warn('a vault lacks what was copied to it; everything is compared again', {
    vault: member.name,
    key: last,
  });
  book.set(member.name, { copied: 0, tree: 0, open: [], last: undefined });
}

async function copyEntries(round: Round, member: Vault, target: Checkpoint): Promise<void> {
  const { ports, book, signal } = round;
  const { name } = member;
  const from = book.of(name).copied;
  for await (const { index, bytes } of ports.ledger.view(ports.tiles).entries(from, target.size)) {
    signal.throwIfAborted();
    const last = await copyNamed(round, member, index, bytes);
    if (book.of(name).open.length >= MAX_OPEN) break;
    book.set(name, { copied: index + 1, ...(last === undefined ? {} : { last }) });
    if (index % SAVE_ENTRIES === 0) await round.save();
  }
  await round.save();
}

async function copyOne(round: Round, member: Vault, index: number): Promise<void> {
  const { ports } = round;
  await copyNamed(round, member, index, await ports.ledger.view(ports.tiles).entry(index));
}

/** Copies what an entry names. What cannot be copied although everybody answers is noted, told, and does not hold back what comes after it. */
async function copyNamed(round: Round, member: Vault, index: number, bytes: Uint8Array): Promise<string | undefined> {
  const { ports, book, signal } = round;
  try {
    return await copyEntry(entryPorts(round, member), index, decodeEntry(bytes, `ledger entry ${index}`));
  } catch (error) {
    if (signal.aborted || !isFailure(error) || error.policy !== 'report') throw error;
    noteOpen(ports, member, index, error);
    book.set(member.name, { open: [...book.of(member.name).open, index] });
    return undefined;
  }
}

function noteOpen(ports: ReplicatePorts, member: Vault, index: number, failure: Failure): void {
  ports.log.error('an object could not be copied to a vault: run docket verify', {
    vault: member.name,
    entry: index,
    ...errorFacts(failure),
  });
}

function entryPorts({ ports, signal }: Round, target: Vault): EntryPorts {
  const { station, clock, signer, ledger, catalog, recorder, workFolder, reserveBytes } = ports;
  const sources = membersOf(ports.vault).filter((each) => each !== target);
  return { station, clock, signer, ledger, catalog, recorder, workFolder, reserveBytes, sources, target, signal };
}
