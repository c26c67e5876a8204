// The Vault port: write-once copies by name. Every implementation passes test/contract/vault.ts unchanged.
// There is no delete and no update here; disposal after retention will be a recorded use case of its own.
import type { Instant, RetainUntil, Sha256, VaultReceipt } from '../evidence/index.ts';

/** Bytes to store: a fsynced file on this machine, or a small buffer. `sha256` and `sizeBytes` are already known. */
export type PutSource =
  | { readonly file: string; readonly sha256: Sha256; readonly sizeBytes: number }
  | { readonly bytes: Uint8Array; readonly sha256: Sha256; readonly sizeBytes: number };

/** What the store is asked to guarantee for an object, and to say of it. */
export interface PutTerms {
  /** Locked objects may not be changed or deleted before retainUntil; partial tiles are not locked. */
  readonly locked: boolean;
  readonly retainUntil?: RetainUntil | undefined;
  /** A legal hold too: nobody may delete it, whatever its date, until the hold is taken off. */
  readonly legalHold?: boolean | undefined;
  /** What people see of it in the store's own tools, by lower-case ASCII name. Never needed by docket: the signed manifest says it all. */
  readonly about?: Readonly<Record<string, string>> | undefined;
}

/** Where receipts say that copies lie: a store that keeps versions reads the one that was recorded, whatever was laid over it since. */
export type Copies = readonly Pick<VaultReceipt, 'vault' | 'version'>[];

/** An object as the store lists it. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** False when the store itself would let the bytes be overwritten (for example a writable file). */
  readonly sealed: boolean;
}

/** An object as the store tells of it without giving its bytes: its lock above all. */
export interface LockFacts {
  readonly version: string | undefined;
  readonly sizeBytes: number;
  /** The digest the store took when it got the bytes; undefined where it kept none of the whole. */
  readonly sha256: Sha256 | undefined;
  /** Of an object that came in parts: the digest of their digests that the store took instead, base64, `-` and their number. */
  readonly composite: string | undefined;
  readonly lock: VaultReceipt['lock'];
  readonly retainUntil: Instant | undefined;
  readonly legalHold: boolean;
  /** The mode in which this vault locks now; undefined where it is not said. */
  readonly asked?: 'governance' | 'compliance' | undefined;
}

/** Something that was laid over a write-once name: the evidence below still stands, but its name shows something else, or nothing. */
export interface Overlay {
  readonly key: string;
  readonly kind: 'delete-marker' | 'newer-version';
  readonly version: string;
  readonly at: Instant;
}

/** What a store with versions and locks can be asked. */
export interface StoreGuard {
  /** The lock of an object (of the version the receipts name), or undefined when it is missing. */
  lockOf(key: string, copies?: Copies): Promise<LockFacts | undefined>;
  /** Lengthens the lock to what the terms ask; never shortens one. Returns what stands then. */
  extendLock(key: string, terms: PutTerms, copies?: Copies): Promise<LockFacts>;
  /** Everything laid over write-once names under a prefix. */
  overlays(prefix: string): AsyncIterable<Overlay>;
  /** Gives up uploads in parts that were begun so long ago and never ended, and the place their parts take. Returns how many. */
  abortStaleUploads(olderThanMs: number): Promise<number>;
}

/**
 * Whether a new checkpoint may follow the one that stands in a copy (undefined: none does). A copy that lacks earlier parts of the ledger
 * must not be given a checkpoint that vouches for them.
 */
export type Follows = (standing: Buffer | undefined) => boolean;

/** A write-once store. All methods may throw Failure 'vault-unreachable'. Whoever opens it closes it. */
export interface Vault extends AsyncDisposable {
  /** Name in vault receipts and messages. */
  readonly name: string;
  /** Puts at a time that keep it busy without crowding it; one where it does not say. */
  readonly lanes?: number;
  /** The vaults behind a vault of several copies, in the order of the configuration; absent where it is one vault. */
  readonly members?: readonly Vault[];
  /**
   * Stores bytes under a key: the same bytes again is success, different bytes are Failure 'vault-conflict'. When it returns, the
   * object is durable and every byte was compared after the writing: read back, or hashed by the store against the SHA-256 sent with
   * it. What the store keeps of it (version, digest, lock) was read back too. Failures: 'vault-mismatch' when something differs,
   * 'vault-full' without space, 'vault-refused' when the store does not let us.
   */
  putOnce(key: string, source: PutSource, terms: PutTerms, signal?: AbortSignal): Promise<VaultReceipt>;
  /** Facts of an object, or undefined. */
  stat(key: string, copies?: Copies): Promise<StoredObject | undefined>;
  /**
   * Reads back every byte: digest and size; undefined when missing. Rejects with the reason of `signal` half way. What is larger than
   * `mostBytes` need not be read to its end: any size above that, and a digest of what was read.
   */
  digest(
    key: string,
    copies?: Copies,
    signal?: AbortSignal,
    mostBytes?: number,
  ): Promise<{ readonly sha256: Sha256; readonly sizeBytes: number } | undefined>;
  /** The bytes of an object in order; Failure 'not-found' when missing. */
  read(key: string, signal?: AbortSignal, copies?: Copies): AsyncIterable<Uint8Array>;
  /** A small object whole, undefined when missing, Failure 'too-large' above maxBytes. */
  readSmall(key: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Every object under a prefix that ends with `/` or is empty, in key order within each folder. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /**
   * Replaces the one mutable object, `ledgers/<station>/checkpoint`; atomic and durable. Any other key is a defect. Where the store can
   * tell that it is not the one last written here (or first read, before that), Failure 'vault-conflict': another copy of the station writes too.
   */
  replaceCheckpoint(key: string, bytes: Uint8Array, follows?: Follows): Promise<void>;
  /**
   * Whether these bytes are the checkpoint that stands there, by the digest that the store tells of it; false also when it tells none: then
   * readSmall says. Absent where reading the checkpoint costs no more than asking.
   */
  holdsCheckpoint?(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Stores as putOnce, with one receipt for each copy that stands; absent where there is one copy. See putCopies. */
  putEach?(key: string, source: PutSource, terms: PutTerms, signal?: AbortSignal): Promise<readonly VaultReceipt[]>;
  /**
   * The checkpoint of each member that has one; absent where there is one copy. Failure 'vault-unreachable' unless so many members
   * answered in this run that the newest one is among them.
   */
  readEach?(key: string, maxBytes: number): Promise<readonly Buffer[]>;
  /** Path of an object that is a file on this machine, to be read and never written; absent where objects are none. */
  fileOf?(key: string): string;
  /** What only a store with versions and locks can tell; absent where there are none. */
  readonly guard?: StoreGuard;
  close(): Promise<void>;
}

const CHECKPOINT_KEY = /^ledgers\/[^/]+\/checkpoint$/;
const SEGMENT = /^[^/\0]{1,255}$/;

/** True for the only key that may be replaced. */
export function isCheckpointKey(key: string): boolean {
  return CHECKPOINT_KEY.test(key);
}

/** True for a key every vault can hold: segments of 1-255 characters, none `.` or `..`. */
export function isVaultKey(key: string): boolean {
  return key.length <= 1024 && key.split('/').every((each) => SEGMENT.test(each) && each !== '.' && each !== '..');
}

/** Stores bytes in every vault there is; one receipt for each copy that stands. Failures as Vault.putOnce. */
export async function putCopies(vault: Vault, ...put: Parameters<Vault['putOnce']>): Promise<readonly VaultReceipt[]> {
  return vault.putEach === undefined ? [await vault.putOnce(...put)] : await vault.putEach(...put);
}

/** The vaults that each hold a copy: the members of a vault of several copies, else the vault itself. */
export function membersOf(vault: Vault): readonly Vault[] {
  return vault.members ?? [vault];
}
