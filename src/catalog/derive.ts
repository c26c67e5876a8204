// From a ledger entry to the catalog's rows: pure, so that applying, rebuilding and verifying cannot differ.
// Never looks at what the catalog already holds; how rows of several entries meet is the projector's business.
import { type EntryOf, epochOf, formatCanonical } from '../evidence/index.ts';
import { itemFacets } from './facets.ts';
import { itemWords } from './words.ts';

/** Longest duration believed of one item, in milliseconds (31 days): a hostile file may claim any, and sums must stay exact. */
const MAX_DURATION_MS = 31 * 86_400_000;

/** A row of the table item. */
export interface ItemRow {
  readonly idx: number;
  readonly id: string;
  readonly kind: string;
  readonly caseNo: string | null;
  readonly capturedMs: number;
  readonly entry: string;
}

/** A row of the table examination, but for the item it belongs to. */
export interface ExaminationRow {
  readonly idx: number;
  readonly durationMs: number;
  readonly entry: string;
  readonly text: string | null;
}

/** The row of a recorded item. */
export function itemRow(idx: number, entry: EntryOf<'item.recorded'>): ItemRow {
  return {
    idx,
    id: entry.item,
    kind: entry.itemKind,
    caseNo: entry.case ?? null,
    capturedMs: epochOf(entry.time.captured),
    entry: formatCanonical(entry),
  };
}

/** The row of an examination; the extracted text stands beside the entry, not in it. */
export function examinationRow(idx: number, entry: EntryOf<'item.examined'>): ExaminationRow {
  const { text, ...facts } = entry.facts ?? {};
  const slim = entry.facts === undefined ? entry : { ...entry, facts };
  return { idx, durationMs: believedDuration(entry), entry: formatCanonical(slim), text: text ?? null };
}

function believedDuration(entry: EntryOf<'item.examined'>): number {
  return Math.min(Math.round(entry.facts?.durationMs ?? 0), MAX_DURATION_MS);
}

/** The words and facets of an item, as the full-text table takes them. */
export function searchText(record: EntryOf<'item.recorded'>, examined: EntryOf<'item.examined'> | undefined): string {
  return `${itemWords(record, examined)} ${itemFacets(record)}`;
}
