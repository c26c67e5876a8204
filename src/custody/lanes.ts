// A few checks side by side: the reader of the ledger goes on while payloads are hashed, but never far ahead.
// The first error of a check is thrown to whoever adds or drains; nothing is left running unobserved.
/** Runs work in at most `width` lanes. */
export class Lanes {
  readonly #width: number;
  readonly #running = new Set<Promise<void>>();
  #failed: { readonly error: unknown } | undefined;

  constructor(width: number) {
    this.#width = width;
  }

  /** Starts work when a lane is free; resolves once it has started. */
  async add(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#width) await Promise.race(this.#running);
    this.#throwFailure();
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failed ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all work. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failed !== undefined) throw this.#failed.error;
  }
}
