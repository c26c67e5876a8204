// The port to whatever keeps a published ledger: what this room asks of it, no more. The vault is adapted to it by the roof.
// Paths are relative to `ledgers/<station>/`: `checkpoint`, the tiles of C2SP tlog-tiles, and the handovers to new keys.

/** Where a ledger is published. Every method rejects with a Failure when the store cannot answer. */
export interface TileStore {
  /** The object's bytes, or undefined when there is none. */
  read(path: string): Promise<Buffer | undefined>;
  /** Writes a full tile, a full bundle or a handover once and locks it; the same bytes again succeed, others reject with Failure 'vault-conflict'. Durable when it resolves. */
  putFull(path: string, bytes: Buffer): Promise<void>;
  /** Writes a partial tile or bundle once, without a lock; the same bytes again succeed, others reject with Failure 'vault-conflict'. Durable when it resolves. */
  putPartial(path: string, bytes: Buffer): Promise<void>;
  /** The checkpoint's text, or undefined. */
  readCheckpoint(): Promise<string | undefined>;
  /** The checkpoints of all copies, where the store keeps several; readCheckpoint gives the most advanced of them. */
  readCheckpoints?(): Promise<readonly string[]>;
  /**
   * Whether the checkpoint that stands there is this text, by what the store tells of it; false also when it cannot tell: then readCheckpoint
   * says. Absent where reading costs no more, or there are several copies. Verification reads.
   */
  holdsCheckpoint?(text: string): Promise<boolean>;
  /**
   * Replaces the checkpoint: afterwards the old one or the new one stands there, whole. Durable when it resolves. Of several copies, one
   * that has no checkpoint of at least `since` entries lacks what the head has let go of: it is left as it is.
   */
  replaceCheckpoint(text: string, since: number): Promise<void>;
  /** Every path that exists, the checkpoint included; any order, sorted is faster to verify. */
  list(): AsyncIterable<string>;
}
