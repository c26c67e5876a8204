// Brings a catalog up to the ledger, from wherever it is: the daily case, the start after a power cut and the rebuild are one function.
// Never reads the ledger itself: entries are handed in, and only what is still missing is asked for.
import type { Catalog } from './catalog.ts';
import type { IndexedEntry } from './projector.ts';

/** Entries per transaction: long enough to share its cost, short enough (about 0.1 s) not to hold up the daemon. */
const BATCH_ENTRIES = 2_000;

/** How catching up may be followed and ended. */
export interface CatchUpOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each full batch with the applied size, and waited for. */
  readonly onApplied?: ((size: number) => Promise<void>) | undefined;
}

/**
 * Applies all entries from `entriesFrom(appliedSize)` on; returns the applied size. Memory is bounded by one batch.
 * Stops between two batches when `signal` aborts, with its reason; what was applied stays.
 */
export async function catchUp(
  catalog: Catalog,
  entriesFrom: (index: number) => AsyncIterable<IndexedEntry> | Iterable<IndexedEntry>,
  { signal, onApplied }: CatchUpOptions = {},
): Promise<number> {
  let batch: IndexedEntry[] = [];
  for await (const each of entriesFrom(catalog.appliedSize)) {
    batch.push(each);
    if (batch.length < BATCH_ENTRIES) continue;
    const size = catalog.apply(batch);
    batch = [];
    await onApplied?.(size);
    signal?.throwIfAborted();
  }
  return catalog.apply(batch);
}
