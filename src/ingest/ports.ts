// What the write side for bytes needs, as narrow ports; daemon/compose makes them, tests make them in memory.
// Order of durability, said once (each step repeats after a crash; recovery calls the same functions as the normal path):
//   1. bytes fsynced in the spool            acquire/pull
//   2. manifest and signature fsynced        settle -> seal
//   3. vault receipts read back and compared settle -> store
//   4. ledger head committed: THE COMMIT POINT   recorder
//   5. catalog applied; case statements, tiles and checkpoint published   recorder, publish
//   6. camera released (off by default)      release
import type { PullPorts, Spool } from '../acquire/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type {
  CameraIdentity,
  Entry,
  EntryOf,
  EpochMs,
  Failure,
  RetentionRule,
  Signer,
  StationName,
} from '../evidence/index.ts';
import type { Ledger, TileStore } from '../ledger/index.ts';
import type { Media } from '../media/index.ts';
import type { Clock, DigestPool, Gate, Log } from '../platform/index.ts';
import type { Vault } from '../vault/index.ts';

/** Rules of the station that ingest obeys; from the configuration. */
export interface IngestRules {
  readonly sm3: boolean;
  readonly maxFileBytes: number;
  readonly readRetries: number;
  readonly maxAcquisitionMs: number;
  readonly release: boolean;
  /** So many vaults must hold an item before its camera is cleared of it. */
  readonly copies: number;
  readonly retention: {
    readonly footage: RetentionRule;
    readonly case: RetentionRule;
    readonly keyMark: RetentionRule;
  };
  readonly pictures: boolean;
}

/** Appends entries at the commit point and projects them; made by makeRecorder. */
export interface Recorder {
  /** Commits entries in one transaction, then applies them to the catalog. Failures: 'ledger-unknown', 'spool-full', 'ledger-*'. */
  record(entries: readonly Entry[]): { readonly firstIndex: number };
  /** Commits the entry that hands the ledger over to the key `next`; nothing is recorded or sealed with the old one afterwards. Failures as record. */
  handOver(entry: EntryOf<'key.replaced'>, next: Signer): { readonly firstIndex: number };
}

/** Brings vault copies of the ledger up to the head; made by makePublisher. */
export interface Publisher {
  /**
   * Publishes what is committed and not yet in the vault; waits for a running one. `again`: also what was published and is not locked,
   * in case somebody removed it. Failures as Vault.putOnce, and 'ledger-behind'.
   */
  publish(options?: { readonly again?: boolean }): Promise<void>;
}

/** The head, proven against the vault once in every run; made by the daemon. */
export interface Standing {
  /** Proves it now unless it is proven already. Failures: vault-* while the vault is away, ledger-* when the head is not its continuation. */
  confirm(): Promise<void>;
  readonly isConfirmed: boolean;
}

/** Everything ingest stands on. */
export interface IngestPorts {
  readonly station: StationName;
  readonly clock: Clock;
  readonly log: Log;
  readonly spool: Spool;
  /** What one pull needs. */
  readonly pull: PullPorts;
  readonly signer: Signer;
  readonly vault: Vault;
  readonly ledger: Ledger;
  readonly tiles: TileStore;
  readonly catalog: Catalog;
  readonly recorder: Recorder;
  readonly standing: Standing;
  readonly publisher: Publisher;
  /** Absent when examination is switched off. */
  readonly media?: Media | undefined;
  readonly digests: DigestPool;
  /** How many cards may be listed at once: bounds memory, and never waits for the copying. */
  readonly listings: Gate;
  /** How many cameras may be copied at once. */
  readonly cameras: Gate;
  /** How many items of all cameras may be on their way into the vault at once: bounds memory and connections. */
  readonly stores: Gate;
  readonly rules: IngestRules;
  /** Id of this boot; see readBootId. */
  readonly boot: string;
}

/**
 * 'storing': the card is copied, the vault takes it now; 'copied': it waits for a vault that is away. In both the camera may go, unless its card is to be cleared.
 * 'releasing': the camera is cleared now, and stays.
 */
export type ProgressState =
  | 'waiting'
  | 'listing'
  | 'copying'
  | 'storing'
  | 'examining'
  | 'finishing'
  | 'releasing'
  | 'copied'
  | 'done'
  | 'problem';

/** True for an acquisition that nobody works on any more: it is done, or recovery goes on with it. */
export function isOver(state: ProgressState): boolean {
  return state === 'done' || state === 'copied' || state === 'problem';
}

/** How far an acquisition is. */
export interface Progress {
  readonly acquisition: string;
  readonly camera: CameraIdentity;
  readonly state: ProgressState;
  readonly filesTotal: number;
  readonly filesDone: number;
  readonly bytesTotal: number;
  readonly bytesDone: number;
  /** File being read now. */
  readonly file?: string | undefined;
  /** True once the listing is durable: from then on the receipt answers for every file, whatever happens. */
  readonly receiptStands: boolean;
  /** True as long as the card is yet to be cleared: then the camera stays, whatever the state. Absent where no card is cleared. */
  readonly toClear?: boolean | undefined;
  /** The first failure that leaves a file on the camera; there may be more. */
  readonly problem?: Failure | undefined;
  /** Since when it is in this state. */
  readonly since: EpochMs;
  /** Of elapsedMs of the clock, when the copying began; rate and time left come from it. */
  readonly startedElapsedMs: number;
  readonly at: EpochMs;
}

/** Receives progress; must not throw. */
export type OnProgress = (progress: Progress) => void;
