// A clock that stands still until it is told to go on: waiting is over when enough time was put on it.
// Never sleeps.
import { type EpochMs, parseEpochMs } from '../../src/evidence/index.ts';
import type { Clock } from '../../src/platform/index.ts';

interface Waiter {
  readonly untilMs: number;
  readonly done: () => void;
}

/** A clock moved by hand. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #waiters: Waiter[] = [];
  #asked = Promise.withResolvers<void>();

  now(): EpochMs {
    return parseEpochMs(this.#nowMs);
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  wait(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      if (signal?.aborted === true) return abort();
      const waiter = { untilMs: this.#nowMs + durationMs, done: resolve };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', () => {
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        abort();
      });
      this.#asked.resolve();
    });
  }

  /** Resolves when at least `count` wait. */
  async waiting(count: number): Promise<void> {
    while (this.#waiters.length < count) {
      this.#asked = Promise.withResolvers();
      await this.#asked.promise;
    }
  }

  /** Puts time on the clock and ends the waits that are over. */
  advance(durationMs: number): void {
    this.#nowMs += durationMs;
    const over = this.#waiters.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#waiters = this.#waiters.filter(({ untilMs }) => untilMs > this.#nowMs);
    for (const { done } of over) done();
  }
}
