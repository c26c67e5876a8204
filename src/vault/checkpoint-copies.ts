// The checkpoint in several vaults: every member's is looked at, and only those that were looked at and continue are replaced.
// Never overwrites a checkpoint nobody has seen, and never gives a member one that vouches for what it missed.
import { Failure } from '../evidence/index.ts';
import { isGrave, type Members, mostTelling } from './members.ts';
import type { Follows, Vault } from './port.ts';

/** A checkpoint is a few hundred bytes; what is larger is none. */
export const MAX_CHECKPOINT_BYTES = 1_048_576;

interface Look {
  /** What each member had when it last answered in this run. */
  readonly had: Map<Vault, Buffer | undefined>;
  /** Members that answered the last time all were asked. */
  answered: ReadonlySet<Vault>;
  /** Members that missed an object since then. */
  readonly missed: Set<Vault>;
}

interface Replacement {
  readonly key: string;
  readonly bytes: Buffer;
  readonly follows: Follows;
  readonly left: AbortSignal;
}

/** Checkpoints by key. */
export class CheckpointCopies {
  readonly #members: Members;
  readonly #required: number;
  readonly #looks = new Map<string, Look>();

  constructor(members: Members, required: number) {
    this.#members = members;
    this.#required = required;
  }

  /** A member missed an object: if it is of a ledger, the member gets no new checkpoint of that ledger until the next look. */
  missed(member: Vault, key: string): void {
    for (const [checkpoint, look] of this.#looks) if (key.startsWith(folderOf(checkpoint))) look.missed.add(member);
  }

  /**
   * The checkpoint of each member. A member that is away counts with what it had earlier in this run. Failure of a member unless so many
   * are known that every earlier publication, which stood in `required` of them, is among them.
   */
  async readEach(key: string, maxBytes: number): Promise<readonly Buffer[]> {
    const look = await this.#look(key, maxBytes);
    return [...look.had.values()].filter((each) => each !== undefined);
  }

  async #look(key: string, maxBytes: number): Promise<Look> {
    const look = this.#looks.get(key) ?? { had: new Map(), answered: new Set<Vault>(), missed: new Set<Vault>() };
    this.#looks.set(key, look);
    look.missed.clear();
    const answered = new Set<Vault>();
    const enough = Math.max(this.#required, this.#members.all.length - this.#required + 1);
    const isEnough = (done: number): boolean => done >= this.#required && look.had.size >= enough;
    const { reasons } = await this.#members.askAll({ key, isEnough }, async (member, left) => {
      look.had.set(member, await this.#members.ask(member, (each) => each.readSmall(key, maxBytes), left));
      answered.add(member);
    });
    look.answered = answered;
    if (look.had.size < enough || reasons.some(isGrave)) throw mostTelling(reasons);
    return look;
  }

  /** Replaces it in as many members as required, or rejects with the most telling failure. */
  async replace(key: string, bytes: Buffer, follows: Follows = () => true): Promise<void> {
    const look = this.#looks.get(key) ?? (await this.#look(key, MAX_CHECKPOINT_BYTES));
    const isEnough = (done: number): boolean => done >= this.#required;
    const { values, reasons } = await this.#members.askAll({ key, isEnough }, (member, left) =>
      this.#replaceOne(look, member, { key, bytes, follows, left }),
    );
    if (reasons.some(isGrave) || values.length < this.#required) throw mostTelling(reasons);
  }

  async #replaceOne(look: Look, member: Vault, { key, bytes, follows, left }: Replacement): Promise<void> {
    if (!look.answered.has(member))
      throw new Failure(
        'vault-unreachable',
        `the vault ${member.name} did not answer, so its checkpoint is left as it is`,
      );
    if (look.missed.has(member) || !follows(look.had.get(member)))
      throw new Failure(
        'vault-waiting',
        `the vault ${member.name} lacks earlier parts of the ledger; docketd fills it, and it gets this checkpoint then`,
      );
    await this.#members.ask(member, (each) => each.replaceCheckpoint(key, bytes), left);
    look.had.set(member, Buffer.from(bytes));
  }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
