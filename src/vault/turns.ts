// One after the other under the same name, side by side under different ones.
// Never remembers a name that nobody waits for.
import { type Gate, makeGate } from '../platform/index.ts';

/** Turns by name. */
export class Turns {
  readonly #turns = new Map<string, { readonly gate: Gate; users: number }>();

  /** Runs `work` once everything that came before under this name has ended, however it ended. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(name) ?? { gate: makeGate(1), users: 0 };
    this.#turns.set(name, turn);
    turn.users += 1;
    try {
      return await turn.gate.run(work);
    } finally {
      turn.users -= 1;
      if (turn.users === 0) this.#turns.delete(name);
    }
  }
}
