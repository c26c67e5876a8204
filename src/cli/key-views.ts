// What docket keys show and docket keys replace answer with; plain values, since --json prints them.
import type { VerifyResult } from '../custody/index.ts';
import type { Instant } from '../evidence/index.ts';

/** One key of a station. It is in force for what ledger entries `from` to `to` name, both included. */
export interface KeyView {
  readonly keyLine: string;
  readonly pem: string;
  readonly from: number;
  /** Null for the key in force now. */
  readonly to: number | null;
  /** When it was replaced and why; null for the key in force now. */
  readonly replacedAt: Instant | null;
  readonly reason: string | null;
}

/** `docket keys show`. */
export interface KeysView {
  readonly station: string;
  /** The first key, as station.public_key has it: every later one follows from it. */
  readonly keyLine: string;
  readonly pem: string;
  /** All keys, the first one first; null where the ledger head cannot be read. */
  readonly keys: readonly KeyView[] | null;
}

/** `docket keys replace`. */
export interface ReplaceKeyRequest {
  readonly reason: string;
  /** Where the backup goes that must be made first; without it the last one must hold the new key. */
  readonly backup?: string | undefined;
  readonly actor: string;
}

/** What became of it. */
export interface ReplacedKey {
  readonly station: string;
  readonly old: string;
  readonly new: string;
  /** Ledger index of the entry that replaced it. */
  readonly index: number;
  readonly reason: string;
  /** True when one was finished that had been cut off; nothing was begun then. */
  readonly resumed: boolean;
  /** The backup that holds the new key; null when one was finished that had been cut off. */
  readonly backup: string | null;
  /** A quick verification of everything, made afterwards. */
  readonly verified: VerifyResult;
}
