// A nap that can be cut short: a loop looks again after so long, or at once when something tells it to.
// Several calls to wake() before the loop looks are one.
import type { Clock } from '../platform/index.ts';

/** One loop's alarm. */
export class Wake {
  #woken = false;
  #rouse: (() => void) | undefined;

  /** Ends the nap under way, or the next one before it begins. */
  wake(): void {
    this.#woken = true;
    this.#rouse?.();
  }

  /** Waits at most so long; returns early when woken or aborted, and never throws for either. */
  async nap(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
    const cut = new AbortController();
    const abort = (): void => cut.abort();
    signal.addEventListener('abort', abort, { once: true });
    this.#rouse = abort;
    try {
      if (!this.#woken && !signal.aborted) await clock.wait(durationMs, cut.signal);
    } catch (error) {
      if (!cut.signal.aborted) throw error;
    } finally {
      this.#rouse = undefined;
      this.#woken = false;
      signal.removeEventListener('abort', abort);
    }
  }
}
