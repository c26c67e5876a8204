// Every key a ledger was signed with, from the first one on, and which of them is in force where.
// Grows by handovers only, each proven by the key before it; never believes a key for what came after its replacement.
import { Failure, formatKeyLine, isFailure, keyLabel, parseNote, type Verifier } from '../evidence/index.ts';
import { type Checkpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { type Handover, handoverPath, openHandover } from './handover.ts';
import type { TileStore } from './store.ts';

/** Most replacements of one station's key: once a month for eighty years. Bounds what an open reads. */
export const MAX_HANDOVERS = 1000;

/** The keys of one ledger; immutable. */
export class KeyHistory {
  /** What is believed without proof. */
  readonly first: Verifier;
  readonly handovers: readonly Handover[];

  private constructor(first: Verifier, handovers: readonly Handover[]) {
    this.first = first;
    this.handovers = handovers;
  }

  /** The history of a ledger whose key was never replaced. */
  static of(first: Verifier): KeyHistory {
    return new KeyHistory(first, []);
  }

  /** The key that signs now. */
  get newest(): Verifier {
    return this.handovers.at(-1)?.key ?? this.first;
  }

  /** Entries there are at least. */
  get size(): number {
    return this.handovers.at(-1)?.checkpoint.size ?? 0;
  }

  /** The key for what entry `index` names: its manifest and statement. The entry that replaces a key is still the old one's. */
  at(index: number): Verifier {
    return this.handovers.findLast((each) => each.index < index)?.key ?? this.first;
  }

  /** Every key that must have signed a checkpoint of `size` entries: two where it is the first one that covers a replacement. */
  signersOf(size: number): readonly Verifier[] {
    const both = this.handovers.find((each) => each.checkpoint.size === size);
    return [this.at(size - 1), ...(both === undefined ? [] : [both.key])];
  }

  /** This history and one handover more. Throws Failure as openHandover, and 'limit-exceeded'. */
  with(text: string, what: string): KeyHistory {
    const next = openHandover(text, this.newest, what);
    if (this.handovers.length >= MAX_HANDOVERS)
      throw new Failure('limit-exceeded', `a station's key can be replaced ${MAX_HANDOVERS} times`);
    const known = [this.first, ...this.handovers.map(({ key }) => key)];
    if (next.index < this.size || known.some((key) => key.publicKey.equals(next.key.publicKey)))
      throw new Failure('signature-invalid', `${what} names a key or an entry that was there before`);
    return new KeyHistory(this.first, [...this.handovers, next]);
  }

  /** True when `other` is this history, or goes on from it. */
  isBeginningOf(other: KeyHistory): boolean {
    return (
      formatKeyLine(this.first) === formatKeyLine(other.first) &&
      this.handovers.every(({ text }, at) => other.handovers[at]?.text === text)
    );
  }

  /**
   * The checkpoint in a signed note, if the keys in force at its size signed it. Throws Failure as openCheckpoint, and
   * 'signature-invalid' where it has the signature of a key of this history that was not in force there.
   */
  open(text: string, what: string): Checkpoint {
    if (this.handovers.length === 0) return openCheckpoint(text, this.first, what);
    const size = sizeOf(text, what);
    const [signer, ...others] = this.signersOf(size);
    try {
      const checkpoint = openCheckpoint(text, signer ?? this.newest, what);
      for (const each of others) openCheckpoint(text, each, what);
      return checkpoint;
    } catch (error) {
      if (!isFailure(error, 'key-foreign')) throw error;
      const wrong = this.#keyOn(text, what);
      if (wrong === undefined) throw error;
      const who = keyLabel(wrong);
      throw new Failure(
        'signature-invalid',
        `${what} of ${size} entries is signed by ${who}, which is not in force there`,
      );
    }
  }

  #keyOn(text: string, what: string): Verifier | undefined {
    const ids = parseNote(text, what).signatures.map(({ keyId }) => keyId);
    return [this.first, ...this.handovers.map(({ key }) => key)].find((key) => ids.some((id) => id.equals(key.keyId)));
  }
}

/** What no signature vouches for yet: it only says which keys are asked. */
function sizeOf(text: string, what: string): number {
  try {
    return parseCheckpoint(text, what).size;
  } catch (cause) {
    throw new Failure('signature-invalid', `${what} is damaged: it is not a checkpoint`, { cause });
  }
}

/** A history with the next handover that a store holds, or undefined when it holds none. Throws Failure as KeyHistory.with, and what the store throws. */
export async function readHandover(store: Pick<TileStore, 'read'>, known: KeyHistory): Promise<KeyHistory | undefined> {
  const path = handoverPath(known.handovers.length + 1);
  const bytes = await store.read(path);
  return bytes === undefined ? undefined : known.with(bytes.toString('utf8'), `${path} in the vault`);
}

/** A history with all handovers that a store holds beyond it. Throws as readHandover. */
export async function readHandovers(store: Pick<TileStore, 'read'>, known: KeyHistory): Promise<KeyHistory> {
  const more = await readHandover(store, known);
  return more === undefined ? known : await readHandovers(store, more);
}
