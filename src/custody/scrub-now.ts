// Runs the rolling check now, because somebody asked: as far as a budget of bytes goes, or to the end of the ledger.
// Never waits for the hours or the budget of the day; what it reads counts against them all the same.
import { Failure, type Finding } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { OnCheck } from './ports.ts';
import type { Scrubber, ScrubStep } from './scrub.ts';

/** Rounds in a row in which something could not be read, and the pause between them in milliseconds. */
const MAX_ROUNDS = 4;
const PAUSE_MS = 1000;

/** What was checked. */
export interface ScrubbedNow {
  readonly items: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
  /** Ledger index that comes next, of how many; 0 once everything was read back. */
  readonly next: number;
  readonly size: number;
  /** True when the end of the ledger was reached: everything on record was read back since the cycle began. */
  readonly complete: boolean;
}

/** Checks until the budget is used or the ledger ends. Failures: 'vault-unreachable' and others of a vault that is away, 'cancelled'. */
export async function scrubNow(
  scrubber: Scrubber,
  order: {
    readonly budgetBytes: number;
    readonly clock: Clock;
    readonly onCheck: OnCheck;
    readonly signal: AbortSignal;
  },
): Promise<ScrubbedNow> {
  let done: ScrubbedNow = { items: 0, bytes: 0, findings: [], next: 0, size: 0, complete: false };
  try {
    while (!done.complete && done.bytes < order.budgetBytes) {
      done = add(done, await patiently(scrubber, order));
      order.onCheck({ step: 'reading back', done: done.next, total: done.size, unit: 'entries' });
    }
    return done;
  } finally {
    await scrubber.settle();
  }
}

function add(done: ScrubbedNow, step: Exclude<ScrubStep, { readonly did: 'rested' }>): ScrubbedNow {
  const complete = step.did === 'cycle';
  return {
    items: done.items + step.items,
    bytes: done.bytes + step.bytes,
    findings: [...done.findings, ...step.findings],
    next: complete ? 0 : step.next,
    size: step.size,
    complete,
  };
}

/** A step, through trouble that may be passing. */
async function patiently(
  scrubber: Scrubber,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Exclude<ScrubStep, { readonly did: 'rested' }>> {
  for (let round = 1; ; round += 1) {
    const step = await scrubber.step(signal, { asked: true });
    if (step.did !== 'rested') return step;
    if (round === MAX_ROUNDS) throw step.failure ?? new Failure('vault-unreachable', 'the vault cannot be read');
    await clock.wait(PAUSE_MS, signal);
  }
}
