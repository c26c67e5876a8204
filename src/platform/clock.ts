// The only place that reads the time. Everything else is handed a Clock, so that tests can be at any hour.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EpochMs } from '../evidence/index.ts';

/** Wall time, elapsed time and waiting. */
export interface Clock {
  /** Station wall clock. May go back: never use it for order or elapsed time. */
  now(): EpochMs;
  /** Milliseconds that only ever grow; for rates and time-outs. */
  elapsedMs(): number;
  /** Waits; rejects with the signal's reason when aborted. */
  wait(durationMs: number, signal?: AbortSignal): Promise<void>;
}

/** CLOCK_MONOTONIC in whole microseconds, as systemd compares it; for messages to systemd only. */
export function monotonicMicros(): string {
  return String(process.hrtime.bigint() / 1000n);
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now() as EpochMs, // the one place this brand is made from a reading
  elapsedMs: () => performance.now(),
  wait: async (durationMs, signal) => {
    try {
      await sleep(durationMs, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted(); // Node rejects with an AbortError of its own
      throw error;
    }
  },
};
