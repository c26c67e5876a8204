// Comparing a tile store's checkpoint with a head: the head must be the same tree or a later one, never an earlier or another.
// Reads the checkpoint and O(log n) tiles; never writes.
import { Failure, isFailure } from '../evidence/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import { prunedBelow } from './head-check.ts';
import { type KeyHistory, readHandovers } from './key-history.ts';
import type { TileStore } from './store.ts';
import type { LedgerView } from './view.ts';

/** What stands in the store, seen from the head. */
export interface StoreStanding {
  /** `new`: nothing yet, and nothing was; `missing`: one was published and is gone; `behind`: older than the one last published; `current`: that one or a later. */
  readonly standing: 'new' | 'missing' | 'behind' | 'current';
  /** The store's checkpoint, proven to be a beginning of this ledger. */
  readonly checkpoint: Checkpoint | undefined;
}

/**
 * Proves that the store's checkpoint, and that of each copy where there are several, is a beginning of this ledger. Throws Failure 'ledger-behind' (the store is ahead: an old head
 * was put back), 'ledger-foreign' (another station or key), 'signature-invalid' (damaged), 'ledger-corrupt' (another history) or
 * 'vault-mismatch' (tiles missing or damaged).
 */
export async function compareWithStore(view: LedgerView, store: TileStore): Promise<StoreStanding> {
  const { checkpoint: ours, published, keys } = view.state();
  const texts = await readTexts(store, published);
  let newest: Checkpoint | undefined;
  for (const text of texts) {
    const theirs = await openTheirs(text, keys, store);
    await proveBeginning(view, ours, theirs);
    if (newest === undefined || theirs.size > newest.size) newest = theirs;
  }
  if (newest === undefined) return compareWithNothing(view, published);
  return { standing: newest.size < (published?.size ?? 0) ? 'behind' : 'current', checkpoint: newest };
}

/** Every checkpoint there is, each text once. The one last published, which is nearly always what stands there, is not read again. */
async function readTexts(store: TileStore, published: Checkpoint | undefined): Promise<ReadonlySet<string>> {
  if (store.readCheckpoints !== undefined) return new Set(await store.readCheckpoints());
  if (published !== undefined && (await store.holdsCheckpoint?.(published.text)) === true)
    return new Set([published.text]);
  const text = await store.readCheckpoint();
  return new Set(text === undefined ? [] : [text]);
}

async function proveBeginning(view: LedgerView, ours: Checkpoint, theirs: Checkpoint): Promise<void> {
  if (theirs.size > ours.size)
    throw new Failure('ledger-behind', `the vault has ${theirs.size} ledger entries, this head only ${ours.size}`, {
      facts: { vault: theirs.size, head: ours.size },
    });
  const root = theirs.size === ours.size ? ours.root : await view.rootAt(theirs.size);
  if (!root.equals(theirs.root))
    throw new Failure(
      'ledger-corrupt',
      `the vault's checkpoint of ${theirs.size} entries is of another history than this head`,
    );
}

async function compareWithNothing(view: LedgerView, published: Checkpoint | undefined): Promise<StoreStanding> {
  if (published === undefined) return { standing: 'new', checkpoint: undefined };
  // What the head let go must still be there, or this is not the store it was published to.
  const pruned = prunedBelow(published.size, 0);
  if (pruned > 0) await Promise.all([view.entry(0), view.entry(pruned - 1)]);
  return { standing: 'missing', checkpoint: undefined };
}

/** A key that this head does not know may be the one it was replaced by since: then the head is an old one. */
async function openTheirs(text: string, keys: KeyHistory, store: TileStore): Promise<Checkpoint> {
  const what = 'the checkpoint in the vault';
  try {
    return keys.open(text, what);
  } catch (error) {
    if (!isFailure(error, 'key-foreign')) throw error;
    const later = await laterKeys(store, keys);
    if (later.newest !== keys.newest) return later.open(text, what);
    throw new Failure('ledger-foreign', error.message, { cause: error });
  }
}

/** What is no handover of ours says nothing about our keys. */
async function laterKeys(store: TileStore, keys: KeyHistory): Promise<KeyHistory> {
  try {
    return await readHandovers(store, keys);
  } catch (error) {
    if (!isFailure(error) || error.policy !== 'report') throw error;
    return keys;
  }
}
