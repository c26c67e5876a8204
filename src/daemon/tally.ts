// Counts what a running docketd puts on record, for metrics: acquisitions by how they ended, files by what became of them.
// Never a truth of its own: it begins at zero with every start; the ledger has it all.
import { type Entry, OUTCOMES, type Outcome } from '../evidence/index.ts';
import type { Recorder } from '../ingest/index.ts';

const ENDS = ['complete', 'interrupted'] as const;

/** A count by label, as metrics want it. */
type Counts = readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];

/** Counts since the start. */
export class Tally {
  readonly #ends = new Map<(typeof ENDS)[number], number>();
  readonly #outcomes = new Map<Outcome, number>();

  /** A recorder that is counted; what could not be committed is not. */
  counting(recorder: Recorder): Recorder {
    return {
      ...recorder,
      record: (entries) => {
        const recorded = recorder.record(entries);
        for (const each of entries) this.#count(each);
        return recorded;
      },
    };
  }

  /** Acquisitions by end; those that did not happen are 0, so that a rate has a beginning. */
  ended(): Counts {
    return ENDS.map((ended) => ({ labels: { ended }, value: this.#ends.get(ended) ?? 0 }));
  }

  /** Files by outcome. */
  outcomes(): Counts {
    return OUTCOMES.map((outcome) => ({ labels: { outcome }, value: this.#outcomes.get(outcome) ?? 0 }));
  }

  #count(entry: Entry): void {
    if (entry.kind !== 'acquisition.recorded') return;
    this.#ends.set(entry.ended, (this.#ends.get(entry.ended) ?? 0) + 1);
    for (const outcome of OUTCOMES)
      this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + entry.outcomes[outcome]);
  }
}
