// Work of all members at once. Once enough have done it, the others are waited for only as long as they answer: a store that hangs holds
// nobody up, and one that is slow is not left.
// Never counts what was left behind: it has failed, as if its member were away, and what it comes to later is not heard.
import { Failure, isFailure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Vault } from './port.ts';

/** How long a member is waited for that is not needed any more, and then for its answer to a small question, in milliseconds. */
const PATIENCE_MS = 5000;

/** Who works at what. */
export interface Together {
  readonly members: readonly Vault[];
  readonly clock: Pick<Clock, 'wait'>;
  /** The object it is about: the small question is whether it is there. */
  readonly key: string;
  /** True once the others are not needed any more; asked whenever one has done its work, with how many have. */
  readonly isEnough: (done: number) => boolean;
}

/** What the work came to. */
export interface Settled<T> {
  readonly values: readonly T[];
  readonly reasons: readonly unknown[];
}

/** Fulfilled values and the reasons of the others. `left` aborts for a member that is left behind: its work must reject then. */
export async function settledTogether<T>(
  { members, clock, key, isEnough }: Together,
  work: (member: Vault, left: AbortSignal) => Promise<T>,
): Promise<Settled<T>> {
  const enough = Promise.withResolvers<void>();
  let done = 0;
  const run = async (member: Vault): Promise<T> => {
    const left = new AbortController();
    const ended = new AbortController();
    void enough.promise.then(() => leaveSilent(member, { clock, key, left, ended: ended.signal }));
    try {
      const value = await work(member, left.signal);
      done += 1;
      if (isEnough(done)) enough.resolve();
      return value;
    } finally {
      ended.abort();
    }
  };
  const all = await Promise.allSettled(members.map(run));
  return {
    values: all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
    reasons: all.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : [])),
  };
}

interface Watch {
  readonly clock: Pick<Clock, 'wait'>;
  readonly key: string;
  readonly left: AbortController;
  readonly ended: AbortSignal;
}

async function leaveSilent(member: Vault, { clock, key, left, ended }: Watch): Promise<void> {
  while (!ended.aborted && !left.signal.aborted) {
    await clock.wait(PATIENCE_MS, ended).catch(() => undefined); // ends early with the work
    if (ended.aborted || (await answers(member, key, clock))) continue;
    left.abort(
      new Failure('vault-unreachable', 'it does not answer, and the others are enough; it gets its copy later'),
    );
  }
}

async function answers(member: Vault, key: string, clock: Pick<Clock, 'wait'>): Promise<boolean> {
  const answered = new AbortController();
  const asked = member.stat(key).then(
    () => true,
    (error: unknown) => !isFailure(error, 'vault-unreachable'), // a refusal is an answer
  );
  const late = clock.wait(PATIENCE_MS, answered.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    answered.abort();
  }
}
