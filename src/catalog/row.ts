// From the catalog's rows back to what it answers with.
// Rows were written from parsed entries and are compared with the ledger by verifyCatalog(); here they are only unpacked, since a page
// of fifty must take well under a millisecond. Text that is not even JSON is Failure 'catalog-broken'.
import {
  type AcquisitionId,
  type ByteCount,
  type EntryKind,
  type EntryOf,
  Failure,
  ITEM_KINDS,
  type ItemKind,
} from '../evidence/index.ts';
import type { CatalogAcquisition, CatalogCamera, CatalogItem, KindTotals, Recorded } from './view.ts';

/** The columns every query for items reads. */
export interface ItemRead {
  readonly idx: number;
  readonly entry: string;
  readonly examinedIdx: number | null;
  readonly examinedEntry: string | null;
}

/** The columns every query for acquisitions reads. */
export interface AcquisitionRead {
  readonly idx: number;
  readonly entry: string;
  readonly releasedIdx: number | null;
  readonly releasedEntry: string | null;
}

/** The columns every query for cameras reads. */
export interface CameraRead {
  readonly idx: number;
  readonly entry: string;
  readonly removedIdx: number | null;
}

/** Sums of one kind, as case_kind and tally hold them. */
export interface KindRead {
  readonly kind: string;
  readonly items: number;
  readonly bytes: number;
  readonly durationMs: number;
}

/** The entry in a column. Throws Failure 'catalog-broken' when it is not JSON. */
export function readEntry<K extends EntryKind>(text: string): EntryOf<K> {
  try {
    return JSON.parse(text) as EntryOf<K>; // written by derive.ts from a parsed entry of this kind
  } catch (cause) {
    throw new Failure('catalog-broken', 'a row of the catalog does not hold a ledger entry', { cause });
  }
}

/** An entry with its index. */
export function readRecorded<K extends EntryKind>(row: { readonly idx: number; readonly entry: string }): Recorded<K> {
  return { index: row.idx, entry: readEntry<K>(row.entry) };
}

/** An item with its newest examination. */
export function readItem(row: ItemRead): CatalogItem {
  const item = readRecorded<'item.recorded'>(row);
  if (row.examinedIdx === null || row.examinedEntry === null) return item;
  return { ...item, examined: readRecorded<'item.examined'>({ idx: row.examinedIdx, entry: row.examinedEntry }) };
}

/** An acquisition with its release. */
export function readAcquisition(row: AcquisitionRead): CatalogAcquisition {
  const acquisition = readRecorded<'acquisition.recorded'>(row);
  if (row.releasedIdx === null || row.releasedEntry === null) return acquisition;
  return {
    ...acquisition,
    released: readRecorded<'camera.released'>({ idx: row.releasedIdx, entry: row.releasedEntry }),
  };
}

/** A camera with the mark of its removal. */
export function readCamera(row: CameraRead): CatalogCamera {
  const camera = readRecorded<'camera.registered'>(row);
  return row.removedIdx === null ? camera : { ...camera, removedIndex: row.removedIdx };
}

/** An acquisition id as case_acquisition holds it. */
export function readAcquisitionId(row: { readonly acquisition: string }): AcquisitionId {
  return row.acquisition as AcquisitionId; // written by totals.ts from a parsed entry
}

/** Sums by kind, with every kind present, and over all kinds. */
export function readKinds(rows: readonly KindRead[]): KindTotals & { readonly kinds: Record<ItemKind, KindTotals> } {
  const by = new Map(rows.map((row) => [row.kind, row]));
  const kinds = Object.fromEntries(ITEM_KINDS.map((kind) => [kind, sumOf(by.get(kind))])) as Record<
    ItemKind,
    KindTotals
  >; // ITEM_KINDS is every key
  const all = Object.values(kinds);
  return {
    kinds,
    items: all.reduce((sum, each) => sum + each.items, 0),
    bytes: byteSum(all.reduce((sum, each) => sum + each.bytes, 0)),
    durationMs: all.reduce((sum, each) => sum + each.durationMs, 0),
  };
}

function sumOf(row: KindRead | undefined): KindTotals {
  return { items: row?.items ?? 0, bytes: byteSum(row?.bytes ?? 0), durationMs: row?.durationMs ?? 0 };
}

function byteSum(bytes: number): ByteCount {
  return bytes as ByteCount; // a sum of byte counts
}
