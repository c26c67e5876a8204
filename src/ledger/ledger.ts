// A station's ledger, open for writing: append is the commit point of the whole product, publish makes it readable by others.
// Only one process may have it open (the station lock); one that wrote nevertheless is noticed at the next append.
// Never awaits inside a transaction, never updates or deletes an entry that is not published in full.
import assert from 'node:assert/strict';
import { Failure, keyLabel, type Signer, type Verifier } from '../evidence/index.ts';
import { checkEntrySize } from './bundle.ts';
import { type Checkpoint, signCheckpoint } from './checkpoint.ts';
import { formatHandover } from './handover.ts';
import { leafHash } from './hashing.ts';
import { type CheckedHead, prunedBelow } from './head-check.ts';
import { writeMark } from './head-mark.ts';
import { openChecked } from './head-open.ts';
import type { HeadState } from './head-view.ts';
import { type HeadWriter, openHeadWriter } from './head-writer.ts';
import type { KeyHistory } from './key-history.ts';
import { putCheckpoint, putEntries, putHandovers, putTiles } from './publish.ts';
import type { CompactRange } from './range.ts';
import type { TileStore } from './store.ts';
import { compareWithStore, type StoreStanding } from './store-check.ts';
import { MAX_LEVEL } from './tile.ts';
import { LedgerView } from './view.ts';
import { checkLog } from './wal-check.ts';

/** Most entries in one append: bounds the transaction and its memory. */
export const MAX_APPEND_ENTRIES = 10_000;

/** What an append did; it is durable. */
export interface Appended {
  /** Index of the first of the entries. */
  readonly firstIndex: number;
  /** Entries in the ledger now. */
  readonly size: number;
  /** The new signed checkpoint. */
  readonly checkpoint: string;
}

/** What a publication did. */
export interface Published {
  /** Entries the store now has. */
  readonly size: number;
  readonly checkpoint: string;
  /** What stood in the store before; 'missing' and 'behind' mean that somebody removed or put back a checkpoint. */
  readonly found: StoreStanding['standing'];
}

/** How a publication is made. */
export interface PublishOptions {
  readonly signal?: AbortSignal | undefined;
  /** Entries `from` to `to` (without `to`) are not known to be published; a failure here ends the publication: no checkpoint covers them yet. */
  readonly beforeTiles?: ((from: number, to: number) => Promise<void>) | undefined;
  /** Puts again whatever the head still holds, though it was published: somebody may have removed what is not locked. */
  readonly again?: boolean;
}

/** Whose ledger is opened. */
export interface OpenLedgerOptions {
  readonly path: string;
  /** The first key of the ledger. */
  readonly first: Verifier;
  /** The private key of the newest of its keys; throws where that is not at hand. */
  readonly signerOf: (keys: KeyHistory) => Signer;
}

/**
 * Opens a head for writing, checks all it holds, and removes the closing mark. The caller closes it (`await using`).
 * Throws Failure 'ledger-missing', 'ledger-foreign', 'key-foreign', 'ledger-corrupt', 'station-locked', 'spool-full' or 'disk-failed'.
 */
export async function openLedgerUnder({ path, first, signerOf }: OpenLedgerOptions): Promise<Ledger> {
  await checkLog(path);
  const { database, checked } = await openChecked(path, first);
  database.close();
  const signer = signerOf(checked.keys);
  assert(signer.publicKey.equals(checked.keys.newest.publicKey), 'only the newest key signs');
  return new Ledger(await openHeadWriter(path, checked.checkpoint.text), signer, checked);
}

/** Opens a head whose newest key is `signer`; `first` where that is not its first. As openLedgerUnder. */
export function openLedger({
  path,
  signer,
  first = signer,
}: {
  readonly path: string;
  readonly signer: Signer;
  readonly first?: Verifier | undefined;
}): Promise<Ledger> {
  const signerOf = ({ newest }: KeyHistory): Signer => {
    if (newest.publicKey.equals(signer.publicKey)) return signer;
    throw new Failure('key-foreign', `the ledger head ${path} is under ${keyLabel(newest)}, not ${keyLabel(signer)}`);
  };
  return openLedgerUnder({ path, first, signerOf });
}

/** An open ledger; made by openLedgerUnder. */
export class Ledger implements AsyncDisposable {
  readonly #head: HeadWriter;
  #signer: Signer;
  #keys: KeyHistory;
  #range: CompactRange;
  #checkpoint: Checkpoint;
  #published: Checkpoint | undefined;
  #publishing: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(head: HeadWriter, signer: Signer, { range, checkpoint, published, keys }: CheckedHead) {
    this.#head = head;
    this.#signer = signer;
    this.#keys = keys;
    this.#range = range;
    this.#checkpoint = checkpoint;
    this.#published = published;
  }

  /** Entries committed. */
  get size(): number {
    return this.state().checkpoint.size;
  }

  /** RFC 6962 root of the committed entries. */
  get root(): Buffer {
    return this.state().checkpoint.root;
  }

  /** The newest signed checkpoint. */
  get checkpoint(): string {
    return this.state().checkpoint.text;
  }

  /** The key that signs now. */
  get signer(): Signer {
    return this.#signer;
  }

  /** Committed and published state. Throws Failure 'ledger-unknown' after a commit of unknown end. */
  state(): HeadState {
    assert(!this.#closed, 'the ledger is closed');
    this.#head.mustBeKnown();
    return { checkpoint: this.#checkpoint, published: this.#published, keys: this.#keys };
  }

  /** Reads the committed head from its file again: proof that the file answers. Throws Failure 'ledger-unknown', 'ledger-corrupt' or 'disk-failed'. */
  confirmHead(): void {
    const { checkpoint } = this.state();
    this.#head.confirm(checkpoint.text);
  }

  /** Reads entries and proofs; valid while this ledger is open. */
  view(store: Pick<TileStore, 'read'>): LedgerView {
    return new LedgerView({ rows: this.#head.rows, state: () => this.state() }, store);
  }

  /**
   * Commits entries and the new signed checkpoint in one transaction: durable when it returns, one fsync. 1 to MAX_APPEND_ENTRIES entries.
   * Throws Failure 'too-large', 'spool-full' or 'disk-failed' (nothing changed), or 'ledger-unknown' (committed or not: open it again and look).
   */
  append(entries: readonly Uint8Array[]): Appended {
    this.state();
    assert(entries.length > 0 && entries.length <= MAX_APPEND_ENTRIES, 'an append has 1 to MAX_APPEND_ENTRIES entries');
    return this.#commit(entries, (range) => signCheckpoint(this.#signer, range.size, range.root()));
  }

  /**
   * Commits the entry that hands this ledger over to the key `next`, with a checkpoint that both keys sign: durable when it returns. Whatever is
   * appended later is signed by `next`; publish before it is. Throws Failure as append, and 'limit-exceeded'.
   */
  handOver(entry: Uint8Array, next: Signer): Appended {
    const text = formatHandover(this.#range, entry, this.#signer, next);
    const keys = this.state().keys.with(text, 'the handover'); // what others will ask of it, before it is on record
    const { checkpoint } = keys.handovers.at(-1) ?? assert.fail('a handover was added');
    const appended = this.#commit(
      [entry],
      () => checkpoint,
      () => this.#head.rows.addHandover(keys.handovers.length, text),
    );
    this.#keys = keys;
    this.#signer = next;
    return appended;
  }

  #commit(
    entries: readonly Uint8Array[],
    sign: (range: CompactRange) => Checkpoint,
    also: () => void = () => undefined,
  ): Appended {
    const old = this.#checkpoint;
    entries.forEach(checkEntrySize);
    const range = this.#range.clone();
    const edge = entries.flatMap((entry) => range.push(leafHash(entry)));
    const checkpoint = sign(range);
    this.#head.transact(old.text, () => {
      this.#head.move(old.text, checkpoint.text);
      entries.forEach((entry, at) => this.#head.rows.addEntry(old.size + at, entry));
      for (const hash of edge) this.#head.rows.addEdge(hash);
      also();
    });
    this.#range = range;
    this.#checkpoint = checkpoint;
    return { firstIndex: old.size, size: checkpoint.size, checkpoint: checkpoint.text };
  }

  /** Proves that the store holds a beginning of this ledger; call it when the daemon starts. Failures as compareWithStore. */
  async checkAgainstStore(store: TileStore): Promise<StoreStanding> {
    return compareWithStore(this.view(store), store);
  }

  /**
   * Brings the store up to the entries committed when it begins; appends may go on meanwhile. Idempotent; a second call waits for the first.
   * `beforeTiles` runs with exactly the entries that this publication is about to cover, once their bundles stand in the store: what
   * it writes of them can then never be contradicted, because a head that is lost meanwhile takes up those very entries.
   * Throws Failure as compareWithStore, as the store does, or as append; the ledger stays usable unless it is 'ledger-unknown'.
   */
  async publish(store: TileStore, options: PublishOptions = {}): Promise<Published> {
    const turn = this.#publishing.then(() => this.#publish(store, options));
    this.#publishing = turn.catch(() => undefined); // the caller of that turn gets the error; the next turn does not depend on it
    return turn;
  }

  async #publish(store: TileStore, { signal, beforeTiles, again = false }: PublishOptions): Promise<Published> {
    const { checkpoint: target, published, keys } = this.state();
    const { standing, checkpoint } = await this.checkAgainstStore(store);
    const stands = checkpoint?.size === target.size && published?.size === target.size;
    if (stands && again) {
      await putEntries(this.#head.rows, target, store, signal);
      await putTiles(this.#head.rows, target, store, signal);
      await putHandovers(keys, target, store, 0);
    }
    if (!stands) {
      await putEntries(this.#head.rows, target, store, signal);
      await beforeTiles?.(published?.size ?? 0, target.size);
      await putTiles(this.#head.rows, target, store, signal);
      await putHandovers(keys, target, store, Math.min(published?.size ?? 0, checkpoint?.size ?? 0));
      await putCheckpoint(store, target, published?.size ?? 0);
      // A crash here: the store is ahead of `published`, and the next publication finds everything in place.
      this.#prune(target);
    }
    return { size: target.size, checkpoint: target.text, found: standing };
  }

  /** Lets go of what stands in the store in full bundles and tiles, each read back and compared. */
  #prune(published: Checkpoint): void {
    const { checkpoint } = this.state();
    this.#head.transact(checkpoint.text, () => {
      this.#head.move(checkpoint.text, checkpoint.text); // still ours?
      this.#head.rows.setPublished(published.text);
      for (let level = 0; level <= MAX_LEVEL; level += 1)
        this.#head.rows.drop(level, prunedBelow(published.size, level));
    });
    this.#published = published;
  }

  /** Closes the file with its closing mark; idempotent. After a commit of unknown end, or while a reader is at work in it, it leaves no mark. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#publishing;
    if (this.#closed) return;
    this.#closed = true;
    const mark = this.#head.close();
    if (mark !== undefined) await writeMark(this.#head.path, mark);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
