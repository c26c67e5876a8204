// What a batch of entries adds to counts and to cases, gathered first and written once at the end of its transaction.
// Sums, minima and first mentions do not depend on where a batch ends, so every partition gives the same rows.
import { type EntryOf, epochOf } from '../evidence/index.ts';

/** What a batch adds to one kind of one case. */
export interface CaseKindDelta {
  readonly caseNo: string;
  readonly kind: string;
  items: number;
  bytes: number;
  durationMs: number;
  firstMs: number;
  lastMs: number;
}

/** Where totals go. */
export interface TotalsWriter {
  addTally(what: string, n: number): void;
  insertCase(caseNo: string, idx: number): void;
  upsertCaseKind(delta: CaseKindDelta): void;
  lengthenCaseKind(durationMs: number, caseNo: string, kind: string): void;
  insertCaseAcquisition(caseNo: string, acquisition: string): void;
}

/** Gathers one batch; made anew for each. */
export class Totals {
  readonly #tallies = new Map<string, number>();
  readonly #cases = new Map<string, { idx: number; acquisitions: Set<string> }>();
  readonly #kinds = new Map<string, CaseKindDelta>();

  /** Counts an entry by kind. */
  entry(kind: string): void {
    this.#tally(`entry:${kind}`, 1);
  }

  /** Counts an item that is new. */
  item(idx: number, entry: EntryOf<'item.recorded'>): void {
    this.#tally(`items:${entry.itemKind}`, 1);
    this.#tally(`bytes:${entry.itemKind}`, entry.payload.sizeBytes);
    if (entry.case === undefined) return;
    this.touch(idx, entry.case, entry.acquisition);
    const capturedMs = epochOf(entry.time.captured);
    const delta = this.#kind(entry.case, entry.itemKind);
    delta.items += 1;
    delta.bytes += entry.payload.sizeBytes;
    delta.firstMs = Math.min(delta.firstMs, capturedMs);
    delta.lastMs = Math.max(delta.lastMs, capturedMs);
  }

  /** An acquisition touched a case. */
  touch(idx: number, caseNo: string, acquisition: string): void {
    const known = this.#cases.get(caseNo);
    if (known === undefined) this.#cases.set(caseNo, { idx, acquisitions: new Set([acquisition]) });
    else known.acquisitions.add(acquisition);
  }

  /** The known duration of an item grew or shrank by an examination. */
  lengthen(entry: EntryOf<'item.recorded'>, durationMs: number): void {
    this.#tally(`duration:${entry.itemKind}`, durationMs);
    if (entry.case !== undefined) this.#kind(entry.case, entry.itemKind).durationMs += durationMs;
  }

  /** Writes all that was gathered. */
  flush(to: TotalsWriter): void {
    for (const [what, n] of this.#tallies) to.addTally(what, n);
    for (const [caseNo, { idx, acquisitions }] of this.#cases) {
      to.insertCase(caseNo, idx);
      for (const acquisition of acquisitions) to.insertCaseAcquisition(caseNo, acquisition);
    }
    for (const delta of this.#kinds.values()) {
      if (delta.items > 0) to.upsertCaseKind(delta);
      else to.lengthenCaseKind(delta.durationMs, delta.caseNo, delta.kind); // its items came in an earlier batch
    }
  }

  #tally(what: string, n: number): void {
    this.#tallies.set(what, (this.#tallies.get(what) ?? 0) + n);
  }

  #kind(caseNo: string, kind: string): CaseKindDelta {
    const key = `${kind} ${caseNo}`;
    let delta = this.#kinds.get(key);
    if (delta === undefined) {
      delta = { caseNo, kind, items: 0, bytes: 0, durationMs: 0, firstMs: Infinity, lastMs: -Infinity };
      this.#kinds.set(key, delta);
    }
    return delta;
  }
}
