// Verification of a whole ledger: every entry, tile, partial tile, checkpoint and stray in the store, and the station's head.
// Streams once in order with bounded memory; names what is wrong and where; never repairs, never stops at the first.
import { type Failure, type Finding, type FindingCode, isFailure, type Verifier } from '../evidence/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import { Findings, prefixOf } from './findings.ts';
import { handoverPath } from './handover.ts';
import { leafHash } from './hashing.ts';
import type { HeadState } from './head-view.ts';
import type { KeyHistory } from './key-history.ts';
import type { CompactRange } from './range.ts';
import { type LedgerReader, openLedgerReader } from './reader.ts';
import type { TileStore } from './store.ts';
import { checkStrays } from './stray-check.ts';
import { CHECKPOINT_PATH } from './tile.ts';
import { type OnEntry, readFailed, TreeCheck } from './tree-check.ts';
import { checkHandsOver, checkReached, readStoreKeys, settleKeys } from './verify-keys.ts';

/** What to verify. */
export interface VerifyLedgerOptions {
  readonly store: TileStore;
  /** The first key of the ledger; later ones follow from it. */
  readonly verifier: Verifier;
  /** The station's head; leave it out to verify as an outsider, from the store and the public key alone. */
  readonly headPath?: string | undefined;
  /** Gets every entry that is proven, in order, and the key in force there; findings of its own are the caller's. */
  readonly onEntry?: ((index: number, bytes: Buffer, key: Verifier) => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was verified. */
export interface LedgerVerification {
  readonly findings: readonly Finding[];
  /** Entries of the newest signed state found, in head or store; 0 when there is none. */
  readonly size: number;
  /** That state's checkpoint. */
  readonly checkpoint: string | undefined;
}

/** Verifies a ledger; works while another process appends and publishes. Rejects only when cancelled, or when the store cannot list. */
export async function verifyLedger(options: VerifyLedgerOptions): Promise<LedgerVerification> {
  const findings = new Findings(prefixOf(options.verifier));
  // In this order, so that a station at work is not suspected: first the store, then the head, then the store again.
  const text = await readText(options, findings);
  const published = await readStoreKeys(options, findings);
  const { head, failure } = await openHead(options);
  try {
    const state = head?.state();
    const keys = settleKeys(published, state, findings);
    const before = text === undefined ? undefined : openStored(text, keys, findings);
    if (failure !== undefined)
      findings.addAt(HEAD_FINDINGS[failure.code] ?? 'read-failed', options.headPath ?? '', failure.message);
    if (state === undefined && text === undefined && options.headPath !== undefined)
      await reportAbsent(options, findings);
    const standing = state === undefined ? before : await compareStanding(options, findings, { before, state, keys });
    return await verifyAgainst(options, findings, { stored: standing, head, state, keys });
  } finally {
    await head?.close();
  }
}

interface Known {
  readonly stored: Checkpoint | undefined;
  readonly head: LedgerReader | undefined;
  readonly state: HeadState | undefined;
  readonly keys: KeyHistory;
}

async function verifyAgainst(
  options: VerifyLedgerOptions,
  findings: Findings,
  { stored, head, state, keys }: Known,
): Promise<LedgerVerification> {
  const { store, signal } = options;
  const onEntry: OnEntry = (index, bytes) => {
    checkHandsOver(keys, index, bytes, findings);
    return options.onEntry?.(index, bytes, keys.at(index));
  };
  const expected = larger(state?.published, stored); // of two of one size, the head's: it is proven down to its entries
  const newest = larger(expected, state?.checkpoint);
  checkReached(keys, newest, findings);
  const pins = makePins(options, { stored, head, state, keys });
  const onLeaf = (range: CompactRange): void => checkPins(pins, range, findings);
  let size = 0;
  if (expected !== undefined) {
    const check = new TreeCheck({ store, head, expected, findings, onEntry, onLeaf, signal });
    await check.run();
    size = expected.size;
    if (head !== undefined && state !== undefined)
      await checkTail(options, findings, { head, from: size, to: state.checkpoint.size, check, onLeaf, onEntry });
    await checkStrays({ store, head, keys, size, truth: check.truth, findings, signal });
  } else if (head !== undefined && state !== undefined) {
    await checkUnpublished(options, { head, state, onEntry });
    await checkStrays({ store, head, keys, size, truth: new Map(), findings, signal });
  } // else there is no signed state to compare anything with, and that is reported
  return { findings: findings.finish(), size: newest?.size ?? 0, checkpoint: newest?.text };
}

function larger(a: Checkpoint | undefined, b: Checkpoint | undefined): Checkpoint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.size >= b.size ? a : b;
}

// ---- Checkpoint and head.

async function readText({ store, headPath }: VerifyLedgerOptions, findings: Findings): Promise<string | undefined> {
  try {
    const text = await store.readCheckpoint();
    // With a head, whether one must be there is known only from the head.
    if (text === undefined && headPath === undefined) findings.add('checkpoint-missing', CHECKPOINT_PATH);
    return text;
  } catch (error) {
    if (!isFailure(error) || error.code === 'cancelled') throw error;
    findings.add('read-failed', CHECKPOINT_PATH, error.message);
    return undefined;
  }
}

function openStored(text: string, keys: KeyHistory, findings: Findings): Checkpoint | undefined {
  try {
    return keys.open(text, 'the checkpoint in the vault');
  } catch (error) {
    if (!isFailure(error)) throw error;
    findings.add('checkpoint-altered', CHECKPOINT_PATH, error.message);
    return undefined;
  }
}

/** What is wrong when a head cannot be opened. */
const HEAD_FINDINGS: Partial<Record<Failure['code'], FindingCode>> = {
  'ledger-missing': 'head-missing',
  'ledger-foreign': 'head-foreign',
  'key-foreign': 'key-foreign',
  'ledger-corrupt': 'head-altered',
  'format-newer': 'format-newer',
};

async function openHead({ headPath, verifier }: VerifyLedgerOptions): Promise<{
  readonly head?: LedgerReader;
  readonly failure?: Failure;
}> {
  if (headPath === undefined) return {};
  try {
    return { head: await openLedgerReader({ path: headPath, verifier }) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { failure: error };
  }
}

/** Compares the store's checkpoint with what the head says was published and is committed; returns the one to go by. */
async function compareStanding(
  options: VerifyLedgerOptions,
  findings: Findings,
  {
    before,
    state,
    keys,
  }: { readonly before: Checkpoint | undefined; readonly state: HeadState; readonly keys: KeyHistory },
): Promise<Checkpoint | undefined> {
  const wanted = state.published?.size ?? 0;
  if (before !== undefined && before.size > state.checkpoint.size)
    findings.addAt(
      'head-behind',
      options.headPath ?? '',
      `the vault has ${before.size} entries, this head only ${state.checkpoint.size}`,
    );
  if (before !== undefined && before.size >= wanted) return before;
  const again = await readAgain(options, keys); // a publication may have ended between our looks at store and head
  if (again !== undefined && again.size >= wanted) return again;
  if (again !== undefined)
    findings.add(
      'checkpoint-behind',
      CHECKPOINT_PATH,
      `the vault has the checkpoint of ${again.size} entries, but that of ${wanted} was published`,
    );
  else if (before === undefined && state.published !== undefined) await reportAbsent(options, findings);
  return again ?? before;
}

async function readAgain({ store }: VerifyLedgerOptions, keys: KeyHistory): Promise<Checkpoint | undefined> {
  try {
    const text = await store.readCheckpoint();
    return text === undefined ? undefined : keys.open(text, 'the checkpoint in the vault');
  } catch (error) {
    if (isFailure(error) && error.code !== 'cancelled') return undefined; // the first look has reported it, or the next verification will
    throw error;
  }
}

/** One that is there but damaged is reported already. */
async function reportAbsent({ store }: VerifyLedgerOptions, findings: Findings): Promise<void> {
  const text = await store.readCheckpoint().catch(() => '');
  if (text === undefined) findings.add('checkpoint-missing', CHECKPOINT_PATH);
}

// ---- Signed states inside the tree.

interface Pin {
  readonly checkpoint: Checkpoint;
  readonly code: FindingCode;
  /** In the store, where it is not of the head. */
  readonly path?: string;
  readonly where: string | undefined;
  readonly what: string;
}

/** Every signed state known must be a beginning of the one tree. */
function makePins({ headPath }: VerifyLedgerOptions, { stored, state, keys }: Known): Pin[] {
  const pins: Pin[] = keys.handovers.map(({ checkpoint }, at) => ({
    checkpoint,
    code: 'handover-altered',
    path: handoverPath(at + 1),
    where: undefined,
    what: 'the handover to a new key is of another history',
  }));
  if (stored !== undefined)
    pins.push({
      checkpoint: stored,
      code: 'checkpoint-altered',
      path: CHECKPOINT_PATH,
      where: undefined,
      what: 'the checkpoint in the vault is of another history',
    });
  if (state !== undefined) {
    const where = headPath ?? '';
    pins.push({ checkpoint: state.checkpoint, code: 'head-altered', where, what: 'the head is of another history' });
    if (state.published !== undefined)
      pins.push({
        checkpoint: state.published,
        code: 'head-altered',
        where,
        what: 'the checkpoint the head published is of another history',
      });
  }
  return pins;
}

function checkPins(pins: readonly Pin[], range: CompactRange, findings: Findings): void {
  for (const { checkpoint, code, path = '', where, what } of pins) {
    if (checkpoint.size !== range.size || range.root().equals(checkpoint.root)) continue;
    const sentence = `${what} (${checkpoint.size} entries)`;
    if (where === undefined) findings.add(code, path, sentence);
    else findings.addAt(code, where, sentence);
  }
}

// ---- What only the head has yet.

interface Tail {
  readonly head: LedgerReader;
  readonly from: number;
  readonly to: number;
  readonly check: TreeCheck;
  readonly onLeaf: (range: CompactRange) => void;
  readonly onEntry: OnEntry;
}

async function checkTail(
  { store, signal }: VerifyLedgerOptions,
  findings: Findings,
  { head, from, to, check, onLeaf, onEntry }: Tail,
): Promise<void> {
  if (from >= to) return;
  let at = from;
  try {
    for await (const { index, bytes } of head.view(store).entries(from, to)) {
      signal?.throwIfAborted();
      at = index;
      if (check.whole) {
        check.range.push(leafHash(bytes));
        onLeaf(check.range);
      }
      await onEntry(index, bytes);
    }
  } catch (error) {
    if (!isFailure(error) || error.code === 'cancelled') throw error;
    findings.addAt('entry-missing', head.path, `entries from ${at} on cannot be read: ${readFailed(error)}`);
  }
}

/** Nothing was published: the head's own check on opening has proven its entries; they are only handed over. */
async function checkUnpublished(
  { store, signal }: VerifyLedgerOptions,
  { head, state, onEntry }: { head: LedgerReader; state: HeadState; onEntry: OnEntry },
): Promise<void> {
  for await (const { index, bytes } of head.view(store).entries(0, state.checkpoint.size)) {
    signal?.throwIfAborted();
    await onEntry(index, bytes);
  }
}
