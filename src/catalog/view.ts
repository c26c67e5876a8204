// What the catalog answers with: ledger entries as they were recorded, paired with their index, and sums over them.
// Never a second vocabulary for the same facts: the words are those of the room evidence.
import type { AcquisitionId, ByteCount, CaseNumber, EntryKind, EntryOf, Instant, ItemKind } from '../evidence/index.ts';

/** A ledger entry and its index. */
export interface Recorded<K extends EntryKind> {
  readonly index: number;
  readonly entry: EntryOf<K>;
}

/** An item: its record and its newest examination. `examined.entry.facts.text` is never set here: see documentText(). */
export interface CatalogItem extends Recorded<'item.recorded'> {
  readonly examined?: Recorded<'item.examined'>;
}

/** An acquisition and, once it happened, the release of its camera. */
export interface CatalogAcquisition extends Recorded<'acquisition.recorded'> {
  readonly released?: Recorded<'camera.released'>;
}

/** A camera's newest registration. */
export interface CatalogCamera extends Recorded<'camera.registered'> {
  /** Ledger index of its removal; absent while it is in use. */
  readonly removedIndex?: number;
}

/** One page of a long answer; `next` goes into `after` for the page that follows, and is absent on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** Items of one kind: how many, how large, how long (milliseconds, as far as examined). */
export interface KindTotals {
  readonly items: number;
  readonly bytes: ByteCount;
  readonly durationMs: number;
}

/** What a case holds, text and video together. */
export interface CaseSummary extends KindTotals {
  readonly case: CaseNumber;
  /** Ledger index of the entry that first named the case. */
  readonly firstIndex: number;
  readonly kinds: Readonly<Record<ItemKind, KindTotals>>;
  /** First and last capture; absent while the case holds no item. */
  readonly firstCapturedAt?: Instant;
  readonly lastCapturedAt?: Instant;
  /** Acquisitions that brought something into it, by id; at most MAX_CASE_ACQUISITIONS of them. */
  readonly acquisitions: readonly AcquisitionId[];
  readonly acquisitionCount: number;
}

/** Everything the catalog holds, counted. */
export interface CatalogCounts extends KindTotals {
  readonly kinds: Readonly<Record<ItemKind, KindTotals>>;
  /** Ledger entries applied. */
  readonly entries: number;
  /** Of those, entries that a later version wrote. */
  readonly foreignEntries: number;
  readonly cases: number;
  readonly acquisitions: number;
  /** Cameras registered and not removed. */
  readonly cameras: number;
}
