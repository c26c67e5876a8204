// The members of a vault of several copies, and which of them are away: those are left alone for a while, so that they hold nobody up.
// Never decides what a failure means for an object; only whether it is time to ask again.
import { EXIT, type Failure, type FailureCode, isFailure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Vault } from './port.ts';
import { type Settled, settledTogether, type Together } from './together.ts';
import { untilAborted } from './until-aborted.ts';

/** First pause after a member did not answer, in milliseconds; doubled with every further try up to the longest. */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 30_000;

/** From the failure that says most to the one that says least; codes that are not here say more than all. */
const TELLING: readonly FailureCode[] = [
  'not-found',
  'vault-waiting',
  'vault-unreachable',
  'vault-full',
  'vault-refused',
  'vault-mismatch',
  'vault-conflict',
];

interface Rest {
  readonly failure: Failure;
  untilMs: number;
  tries: number;
}

/** The members; made by openCopiesVault. */
export class Members {
  readonly all: readonly Vault[];
  readonly #clock: Pick<Clock, 'elapsedMs' | 'wait'>;
  readonly #rests = new Map<Vault, Rest>();

  constructor(all: readonly Vault[], clock: Pick<Clock, 'elapsedMs' | 'wait'>) {
    this.all = all;
    this.#clock = clock;
  }

  /** In the order of the configuration, those that rest behind the others. */
  inOrder(): readonly Vault[] {
    return [...this.all.filter((each) => !this.#rests.has(each)), ...this.all.filter((each) => this.#rests.has(each))];
  }

  /** Asks a member. While it rests, rejects at once with the failure it had last; when its rest is over, one caller tries and the others go on. */
  async ask<T>(member: Vault, work: (member: Vault) => Promise<T>, left?: AbortSignal): Promise<T> {
    const rest = this.#rests.get(member);
    if (rest !== undefined) {
      if (this.#clock.elapsedMs() < rest.untilMs) throw rest.failure;
      this.#prolong(rest);
    }
    return await this.askAnyway(member, work, left);
  }

  /** Asks all members at once; see settledTogether. `work` asks with the `left` it is given. */
  async askAll<T>(
    { key, isEnough }: Pick<Together, 'key' | 'isEnough'>,
    work: (member: Vault, left: AbortSignal) => Promise<T>,
  ): Promise<Settled<T>> {
    return await settledTogether({ members: this.all, clock: this.#clock, key, isEnough }, work);
  }

  /** Asks a member even while it rests: nobody else has what is wanted. `left` aborts when it is waited for no more. */
  async askAnyway<T>(member: Vault, work: (member: Vault) => Promise<T>, left?: AbortSignal): Promise<T> {
    try {
      const answer = await untilAborted(work(member), left);
      this.#rests.delete(member);
      return answer;
    } catch (error) {
      if (isFailure(error, 'vault-unreachable')) this.#note(member, error);
      else if (isFailure(error) && error.code !== 'vault-waiting') this.#rests.delete(member); // it does answer
      throw error;
    }
  }

  #note(member: Vault, failure: Failure): void {
    const rest = this.#rests.get(member);
    const fresh = { failure, untilMs: 0, tries: rest?.tries ?? 0 };
    if (rest === undefined) this.#prolong(fresh);
    else fresh.untilMs = rest.untilMs;
    this.#rests.set(member, fresh);
  }

  #prolong(rest: Rest): void {
    rest.untilMs = this.#clock.elapsedMs() + Math.min(FIRST_PAUSE_MS * 2 ** rest.tries, LONGEST_PAUSE_MS);
    rest.tries += 1;
  }
}

/** What must be told whatever the other members say: altered or contradicting bytes, a vault that is not fit, a defect. */
export function isGrave(error: unknown): boolean {
  return !isFailure(error) || error.policy === 'stop' || error.exit === EXIT.integrity;
}

/** The failure that says most of several. */
export function mostTelling(errors: readonly unknown[]): unknown {
  const rank = (error: unknown): number => {
    if (!isFailure(error)) return TELLING.length + 1;
    const at = TELLING.indexOf(error.code);
    return at === -1 ? TELLING.length : at;
  };
  return errors.toSorted((a, b) => rank(b) - rank(a))[0];
}
