// The keys of a ledger that is being restored: those whose handovers the store holds, and one that was cut off before its handover was published.
// Never goes on under a key that is not at hand, and never past an entry that replaces a key without its handover.
import { Failure, formatKeyLine, keyLabel, type Signer } from '../evidence/index.ts';
import { type Checkpoint, signCheckpoint } from './checkpoint.ts';
import { formatHandover, mayHandOver } from './handover.ts';
import { leafHash } from './hashing.ts';
import type { KeyHistory } from './key-history.ts';
import type { CompactRange } from './range.ts';

/** The private keys at hand. */
export interface KeysAtHand {
  readonly signer: Signer;
  readonly next?: Signer | undefined;
}

/** The keys of one restore. */
export class RestoredKeys {
  #keys: KeyHistory;
  readonly #atHand: readonly Signer[];

  constructor({ signer, next }: KeysAtHand, keys: KeyHistory) {
    this.#keys = keys;
    this.#atHand = next === undefined ? [signer] : [signer, next];
  }

  /** As known so far. */
  get keys(): KeyHistory {
    return this.#keys;
  }

  /** Who signs now. Throws Failure 'key-foreign' unless that key is at hand. */
  signer(): Signer {
    const { newest, handovers } = this.#keys;
    const signer = this.#atHand.find((each) => each.publicKey.equals(newest.publicKey));
    if (signer !== undefined) return signer;
    const since = handovers.at(-1);
    const when = since === undefined ? '' : ` since entry ${since.index} of ${since.entry.at}`;
    throw new Failure(
      'key-foreign',
      `the ledger in the vault is under the key ${keyLabel(newest)}${when}, and that key is not here: put it back from a backup made after it was made`,
    );
  }

  /** An entry of the signed tree. Throws Failure 'vault-mismatch' when it replaces a key and there is no such handover. */
  compare(index: number, bytes: Buffer): void {
    if (!mayHandOver(bytes) || this.#keys.handovers.some((each) => each.index === index)) return;
    throw new Failure(
      'vault-mismatch',
      `entry ${index} in the vault replaces the key of the station, but its handover is missing`,
    );
  }

  /** The tree so far. Throws Failure 'vault-mismatch' when a handover is of another one. */
  comparePast(range: CompactRange): void {
    const here = this.#keys.handovers.find(({ checkpoint }) => checkpoint.size === range.size);
    if (here !== undefined && !here.checkpoint.root.equals(range.root()))
      throw new Failure('vault-mismatch', `the handover of entry ${here.index} in the vault is of another history`);
  }

  /**
   * An entry beyond the checkpoint, before it is added to the tree of `range`. One that replaces a key and was cut off before its handover
   * was published is handed over now. Throws Failure 'key-foreign' when the keys for that are not at hand, and 'vault-mismatch'.
   */
  take(range: CompactRange, bytes: Buffer): void {
    if (!mayHandOver(bytes)) return;
    const grown = range.clone();
    grown.push(leafHash(bytes));
    if (this.#keys.handovers.some((each) => each.index === range.size)) return this.comparePast(grown);
    const old = this.signer();
    const next = this.#atHand.find((each) => bytes.includes(`"new":"${formatKeyLine(each)}"`));
    if (next === undefined)
      throw new Failure(
        'key-foreign',
        `entry ${range.size} in the vault replaces the key of the station, and the new key is not here: put station.key.next back from the backup made for that`,
      );
    this.#keys = this.#keys.with(formatHandover(range, bytes, old, next), `the handover of entry ${range.size}`);
  }

  /** The checkpoint of the restored tree. Throws Failure 'vault-mismatch' when a handover lies beyond it. */
  sign(range: CompactRange): Checkpoint {
    const last = this.#keys.handovers.at(-1);
    if (last !== undefined && last.checkpoint.size > range.size)
      throw new Failure(
        'vault-mismatch',
        `the vault holds ${range.size} ledger entries, but a handover of ${last.checkpoint.size}: entries are missing`,
      );
    if (last?.checkpoint.size === range.size) return last.checkpoint;
    return signCheckpoint(this.signer(), range.size, range.root());
  }
}
