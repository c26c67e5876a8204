// The door of the room catalog.
export { Catalog } from './catalog.ts';
export { catchUp } from './catch-up.ts';
export { digestCatalog, dumpCatalog } from './dump.ts';
export { openCatalog, removeCatalog } from './open.ts';
export { MAX_LIMIT, type Paging } from './paging.ts';
export type { IndexedEntry } from './projector.ts';
export { MAX_TEXT_CHARS, type Question } from './question.ts';
export { MAX_CAMERAS, MAX_CASE_ACQUISITIONS } from './reader.ts';
export { type VerifyCatalogOptions, verifyCatalog } from './verify.ts';
export type {
  CaseSummary,
  CatalogAcquisition,
  CatalogCamera,
  CatalogCounts,
  CatalogItem,
  KindTotals,
  Page,
  Recorded,
} from './view.ts';
