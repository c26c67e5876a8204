// Turns: how many may do something at once, first come, first served. Keeps memory and disks bounded.
// Never drops a waiter silently: an aborted one rejects with its signal's reason.

/** A counted gate. */
export interface Gate {
  /** Runs `work` when a place is free; the place is given back however it ends. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** How many wait. */
  readonly waiting: number;
}

/** A gate with `places` places. */
export function makeGate(places: number): Gate {
  let free = places;
  const queue: { admit: () => void }[] = [];
  const enter = (signal: AbortSignal | undefined): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const admit = (): void => {
        signal?.removeEventListener('abort', abort); // a signal may live as long as the station; its listeners must not
        resolve();
      };
      const waiter = { admit };
      queue.push(waiter);
      signal?.addEventListener('abort', abort, { once: true });
    });
  };
  const leave = (): void => {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next.admit();
  };
  return {
    get waiting() {
      return queue.length;
    },
    async run(work, signal) {
      signal?.throwIfAborted();
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
