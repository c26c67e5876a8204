// The Vault port: write-once copies by name. Every implementation passes test/contract/vault.ts unchanged.
// There is no delete and no update here; disposal after retention will be a recorded use case of its own.
import type { RetainUntil, Sha256, VaultReceipt } from '../evidence/index.ts';

/** Bytes to store: a fsynced file on this machine, or a small buffer. `sha256` and `sizeBytes` are already known. */
export type PutSource =
  | { readonly file: string; readonly sha256: Sha256; readonly sizeBytes: number }
  | { readonly bytes: Uint8Array; readonly sha256: Sha256; readonly sizeBytes: number };

/** What the store is asked to guarantee for an object. */
export interface PutTerms {
  /** Locked objects may not be changed or deleted before retainUntil; partial tiles are not locked. */
  readonly locked: boolean;
  readonly retainUntil?: RetainUntil | undefined;
}

/** An object as the store lists it. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** False when the store itself would let the bytes be overwritten (for example a writable file). */
  readonly sealed: boolean;
}

/** A write-once store. All methods may throw Failure 'vault-unreachable'. Whoever opens it closes it. */
export interface Vault extends AsyncDisposable {
  /** Name in vault receipts and messages. */
  readonly name: string;
  /**
   * Stores bytes under a key: the same bytes again is success, different bytes are Failure 'vault-conflict'. When it returns, the
   * object is durable and every byte was read back and compared; 'vault-mismatch' when they differ, 'vault-full' without space.
   */
  putOnce(key: string, source: PutSource, terms: PutTerms, signal?: AbortSignal): Promise<VaultReceipt>;
  /** Facts of an object, or undefined. */
  stat(key: string): Promise<StoredObject | undefined>;
  /** Reads back every byte: digest and size; undefined when missing. */
  digest(key: string): Promise<{ readonly sha256: Sha256; readonly sizeBytes: number } | undefined>;
  /** The bytes of an object in order; Failure 'not-found' when missing. */
  read(key: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** A small object whole, undefined when missing, Failure 'too-large' above maxBytes. */
  readSmall(key: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Every object under a prefix that ends with `/` or is empty, in key order within each folder. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Replaces the one mutable object, `ledgers/<station>/checkpoint`; atomic and durable. Any other key is a defect. */
  replaceCheckpoint(key: string, bytes: Uint8Array): Promise<void>;
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
