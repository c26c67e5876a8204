// A bounded queue between those who notice and the one who acts. A producer that can wait, waits; one that cannot is told "full".
// Never grows beyond its bound, never drops what was accepted.
/** A queue of at most `max` values, read by one consumer. */
export class BoundedQueue<T> {
  readonly #max: number;
  readonly #values: T[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  /** Resolves when anything about the queue has changed. */
  #changed = Promise.withResolvers<void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Accepts a value if there is room. */
  tryPut(value: T): boolean {
    if (this.#ended || this.#values.length >= this.#max) return false;
    this.#values.push(value);
    this.#change();
    return true;
  }

  /** Waits for room; false when the queue has ended. */
  async put(value: T): Promise<boolean> {
    while (!this.#ended && this.#values.length >= this.#max) await this.#changed.promise;
    return this.tryPut(value);
  }

  /** The next value; undefined at the end. Throws what fail() was given. */
  async take(): Promise<T | undefined> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) {
        this.#change();
        return value;
      }
      if (this.#failure !== undefined)
        throw this.#failure.error instanceof Error ? this.#failure.error : new Error(String(this.#failure.error));
      if (this.#ended) return undefined;
      await this.#changed.promise;
    }
  }

  /** No more values; those accepted may still be taken. */
  end(): void {
    this.#ended = true;
    this.#change();
  }

  /** Ends with a defect of a producer, which the consumer gets to see. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.end();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
