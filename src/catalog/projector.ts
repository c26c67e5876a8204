// Applies ledger entries to the catalog, in order, each batch in one transaction: all of it is there afterwards or none.
// Never decides what a row says (derive.ts does); decides only how entries about one thing meet: an item, an acquisition and a release
// keep their first record, a camera and an examination their newest.
import assert from 'node:assert/strict';
import type { Database, Statement, Transaction } from 'better-sqlite3';
import { type Entry, type EntryOf, type ForeignEntry, formatCanonical, isForeign } from '../evidence/index.ts';
import { examinationRow, itemRow, searchText } from './derive.ts';
import { readEntry } from './row.ts';
import { READ } from './sql.ts';
import { prepareWrite, type WriteStatements } from './statements.ts';
import { Totals, type TotalsWriter } from './totals.ts';

/** One ledger entry at its index. */
export interface IndexedEntry {
  readonly index: number;
  readonly entry: Entry | ForeignEntry;
}

/** Search words to write at the end of a batch; `fresh` when the item has none yet. */
interface PendingWords {
  readonly record: EntryOf<'item.recorded'>;
  readonly examined: EntryOf<'item.examined'> | undefined;
  readonly fresh: boolean;
}

/** What one batch gathers before it is written. */
interface Gathered {
  readonly totals: Totals;
  readonly words: Map<number, PendingWords>;
}

/** Turns a batch into a transaction. */
export class Projector {
  readonly #sql: WriteStatements;
  readonly #applied: Statement<[], { appliedSize: number }>;
  readonly #transaction: Transaction<(batch: readonly IndexedEntry[]) => number>;

  /** `database` is open for writing and holds the tables of CREATE; whoever opened it closes it. */
  constructor(database: Database) {
    this.#sql = prepareWrite(database);
    this.#applied = database.prepare(READ.applied);
    this.#transaction = database.transaction((batch: readonly IndexedEntry[]) => this.#applyAll(batch));
  }

  /** Applies a batch; entries applied before are passed over. Returns the applied size. Asserts that there is no gap. */
  apply(batch: readonly IndexedEntry[]): number {
    return this.#transaction.immediate(batch);
  }

  #applyAll(batch: readonly IndexedEntry[]): number {
    const before = this.#applied.get()?.appliedSize ?? 0;
    const gathered: Gathered = { totals: new Totals(), words: new Map() };
    let size = before;
    for (const { index, entry } of batch) {
      if (index < size) continue;
      assert.equal(index, size, `the catalog holds ${size} entries: entry ${index} would leave a gap`);
      this.#applyOne(index, entry, gathered);
      size += 1;
    }
    if (size === before) return size;
    gathered.totals.flush(this.#totalsWriter());
    this.#writeWords(gathered.words);
    this.#sql.setApplied.run(size);
    return size;
  }

  #applyOne(idx: number, entry: Entry | ForeignEntry, gathered: Gathered): void {
    gathered.totals.entry(isForeign(entry) ? 'foreign' : entry.kind);
    if (isForeign(entry)) return; // kept by the ledger; counted here, so that nobody thinks there is nothing
    switch (entry.kind) {
      case 'item.recorded':
        return this.#item(idx, entry, gathered);
      case 'item.examined':
        return this.#examination(idx, entry, gathered);
      case 'item.copied':
        return this.#copy(idx, entry);
      case 'acquisition.recorded':
        return this.#acquisition(idx, entry, gathered);
      case 'camera.registered':
        return this.#run('upsertCamera', {
          serial: entry.serial,
          model: entry.model ?? '',
          idx,
          entry: formatCanonical(entry),
        });
      case 'camera.removed':
        return this.#run('removeCamera', idx, entry.serial);
      case 'camera.released':
        return this.#run('insertRelease', { acquisition: entry.acquisition, idx, entry: formatCanonical(entry) });
      case 'camera.refused':
        return this.#run('insertRefusal', { idx, entry: formatCanonical(entry) });
      case 'camera.cleared':
      case 'station.created':
      case 'key.replaced':
      case 'ledger.restored':
      case 'scrub.recorded':
        return undefined; // nothing to find by: the ledger tells it
    }
  }

  #item(idx: number, entry: EntryOf<'item.recorded'>, { totals, words }: Gathered): void {
    if (this.#sql.insertItem.run(itemRow(idx, entry)).changes === 0) return; // recorded before: the first record stands
    this.#run('insertUnexamined', entry.itemKind, idx);
    totals.item(idx, entry);
    words.set(idx, { record: entry, examined: undefined, fresh: true });
  }

  #examination(idx: number, entry: EntryOf<'item.examined'>, { totals, words }: Gathered): void {
    const found = this.#sql.itemOfExamination.get(entry.item);
    if (found === undefined) return; // says something of an item that no entry recorded
    const item = found as { idx: number; entry: string; durationMs: number | null }; // the columns itemOfExamination names
    const record = words.get(item.idx)?.record ?? readEntry<'item.recorded'>(item.entry);
    const row = examinationRow(idx, entry);
    this.#run('upsertExamination', { item: item.idx, ...row });
    this.#run('deleteUnexamined', record.itemKind, item.idx);
    totals.lengthen(record, row.durationMs - (item.durationMs ?? 0));
    words.set(item.idx, { record, examined: entry, fresh: words.get(item.idx)?.fresh ?? false });
  }

  #copy(idx: number, entry: EntryOf<'item.copied'>): void {
    const found = this.#sql.itemOfExamination.get(entry.item);
    if (found === undefined) return; // says something of an item that no entry recorded
    const { idx: item } = found as { idx: number }; // a column itemOfExamination names
    this.#run('upsertCopy', { item, vault: entry.copy.vault, idx, entry: formatCanonical(entry) });
  }

  #acquisition(idx: number, entry: EntryOf<'acquisition.recorded'>, { totals }: Gathered): void {
    this.#run('insertAcquisition', { idx, id: entry.acquisition, entry: formatCanonical(entry) });
    if (entry.case !== undefined) totals.touch(idx, entry.case, entry.acquisition);
  }

  /** Ascending, since FTS5 starts a new segment whenever a row id goes back. */
  #writeWords(words: ReadonlyMap<number, PendingWords>): void {
    for (const [idx, { record, examined, fresh }] of [...words].toSorted(([a], [b]) => a - b)) {
      if (!fresh) this.#run('deleteWords', idx);
      this.#run('insertWords', idx, searchText(record, examined));
    }
  }

  #totalsWriter(): TotalsWriter {
    return {
      addTally: (what, n) => this.#run('addTally', what, n),
      insertCase: (caseNo, idx) => this.#run('insertCase', caseNo, idx),
      upsertCaseKind: (delta) => this.#run('upsertCaseKind', delta),
      lengthenCaseKind: (durationMs, caseNo, kind) => this.#run('lengthenCaseKind', durationMs, caseNo, kind),
      insertCaseAcquisition: (caseNo, acquisition) => this.#run('insertCaseAcquisition', caseNo, acquisition),
    };
  }

  #run(name: keyof WriteStatements, ...values: unknown[]): void {
    this.#sql[name].run(...values);
  }
}
