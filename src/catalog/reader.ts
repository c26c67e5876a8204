// The questions the catalog answers, each bounded: a page, a limit, or one thing.
// Never writes; runs on a connection that may be read-only. Throws SqliteError: Catalog wraps it.
import type { Database } from 'better-sqlite3';
import {
  type AcquisitionId,
  type CameraIdentity,
  type CaseNumber,
  Failure,
  formatInstant,
  type Instant,
  ITEM_KINDS,
  type ItemId,
  type ItemKind,
  type Sha256,
  type SourcePath,
} from '../evidence/index.ts';
import { digestFacet, sameSource, sourceFacet } from './facets.ts';
import { indexCursor, type Paging, page, pageLimit, parseCursor } from './paging.ts';
import { ALWAYS, type CaptureRange, captureRange, matchExpression, matchFacet, type Question } from './question.ts';
import {
  type ItemRead,
  readAcquisition,
  readAcquisitionId,
  readCamera,
  readItem,
  readKinds,
  readRecorded,
} from './row.ts';
import { prepareRead, type ReadStatements } from './statements.ts';
import type {
  CaseSummary,
  CatalogAcquisition,
  CatalogCamera,
  CatalogCounts,
  CatalogItem,
  Page,
  Recorded,
} from './view.ts';

/** Most acquisitions named in the summary of a case; their count is always exact. */
export const MAX_CASE_ACQUISITIONS = 1_000;
/** Most cameras in the register that are listed: a station serves hundreds. */
export const MAX_CAMERAS = 10_000;

/** Prepared questions on one connection. */
export class Reader {
  readonly #sql: ReadStatements;

  /** Whoever opened `database` closes it. */
  constructor(database: Database) {
    this.#sql = prepareRead(database);
  }

  appliedSize(): number {
    const row = this.#sql.applied.get();
    if (row === undefined)
      throw new Failure('catalog-broken', 'the catalog does not say how much of the ledger it holds');
    return row.appliedSize;
  }

  item(id: ItemId): CatalogItem | undefined {
    const row = this.#sql.item.get(id);
    return row && readItem(row);
  }

  documentText(id: ItemId): string | undefined {
    return this.#sql.documentText.get(id)?.text ?? undefined;
  }

  find(question: Question, paging: Paging): Page<CatalogItem> {
    const limit = pageLimit(paging);
    const before = paging.after === undefined ? Number.MAX_SAFE_INTEGER : parseCursor(paging.after, 1)[0];
    const expression = matchExpression(question);
    if (expression === 'nothing') return { items: [] };
    if (expression === 'everything')
      return page(this.#sql.itemsNewest.all(before, limit + 1).map(readItem), limit, indexCursor);
    const passes = (item: CatalogItem): boolean => answers(item, question);
    return page(
      this.#matching(expression.match, { before, range: captureRange(question), count: limit + 1, passes }),
      limit,
      indexCursor,
    );
  }

  caseItems(caseNo: CaseNumber, paging: Paging): Page<CatalogItem> {
    const limit = pageLimit(paging);
    const [afterMs, afterIndex] =
      paging.after === undefined ? [Number.MIN_SAFE_INTEGER, -1] : parseCursor(paging.after, 2);
    const rows = this.#sql.itemsOfCase.all(caseNo, afterMs, afterIndex, limit + 1);
    const last = rows[limit - 1];
    return page(rows.map(readItem), limit, () => `${last?.capturedMs}.${last?.idx}`);
  }

  copies(id: ItemId): readonly Recorded<'item.copied'>[] {
    return this.#sql.copiesOfItem.all(id).map((row) => readRecorded<'item.copied'>(row));
  }

  caseSummary(caseNo: CaseNumber): CaseSummary | undefined {
    const file = this.#sql.caseFile.get(caseNo);
    if (file === undefined) return undefined;
    const rows = this.#sql.caseKinds.all(caseNo);
    return {
      case: caseNo,
      firstIndex: file.idx,
      ...readKinds(rows),
      ...captured(rows),
      acquisitions: this.#sql.caseAcquisitions.all(caseNo, MAX_CASE_ACQUISITIONS).map(readAcquisitionId),
      acquisitionCount: this.#sql.caseAcquisitionCount.get(caseNo)?.n ?? 0,
    };
  }

  itemsOfAcquisition(id: AcquisitionId, paging: Paging): Page<CatalogItem> {
    const limit = pageLimit(paging);
    const from =
      paging.after === undefined ? `${id}-` : `${id}-${String(parseCursor(paging.after, 1)[0]).padStart(6, '0')}`;
    const items = this.#sql.itemsById.all(from, `${id}-999999`, limit + 1).map(readItem);
    return page(items, limit, (item) => item.entry.item.slice(id.length + 1));
  }

  itemsByDigest(sha256: Sha256, limit: number): readonly CatalogItem[] {
    const passes = (item: CatalogItem): boolean => item.entry.payload.sha256 === sha256;
    return this.#matching(matchFacet(digestFacet(sha256)), { count: pageLimit({ limit }), passes });
  }

  knownFiles(camera: CameraIdentity, path: SourcePath, limit: number): readonly CatalogItem[] {
    const passes = (item: CatalogItem): boolean => sameSource(item.entry, { camera, path });
    return sourceFacet({ camera, path }).flatMap((facet) =>
      this.#matching(matchFacet(facet), { count: pageLimit({ limit }), passes }),
    );
  }

  unexamined(kinds: readonly ItemKind[], paging: Paging): Page<CatalogItem> {
    const limit = pageLimit(paging);
    const after = paging.after === undefined ? -1 : parseCursor(paging.after, 1)[0];
    const rows = kinds.flatMap((kind) => this.#sql.unexamined.all(kind, after, limit + 1));
    return page(
      rows
        .toSorted((a, b) => a.idx - b.idx)
        .slice(0, limit + 1)
        .map(readItem),
      limit,
      indexCursor,
    );
  }

  acquisition(id: AcquisitionId): CatalogAcquisition | undefined {
    const row = this.#sql.acquisition.get(id);
    return row && readAcquisition(row);
  }

  recentAcquisitions(limit: number): readonly CatalogAcquisition[] {
    return this.#sql.recentAcquisitions.all(pageLimit({ limit })).map(readAcquisition);
  }

  recentRefusals(limit: number): readonly Recorded<'camera.refused'>[] {
    return this.#sql.recentRefusals.all(pageLimit({ limit })).map((row) => readRecorded<'camera.refused'>(row));
  }

  cameras(): readonly CatalogCamera[] {
    return this.#sql.cameras.all(MAX_CAMERAS).map(readCamera);
  }

  camera(serial: string): readonly CatalogCamera[] {
    return this.#sql.camerasOfSerial.all(serial).map(readCamera);
  }

  counts(): CatalogCounts {
    const tallies = new Map(this.#sql.tallies.all().map(({ what, n }) => [what, n]));
    const of = (what: string): number => tallies.get(what) ?? 0;
    return {
      ...readKinds(
        ITEM_KINDS.map((kind) => ({
          kind,
          items: of(`items:${kind}`),
          bytes: of(`bytes:${kind}`),
          durationMs: of(`duration:${kind}`),
        })),
      ),
      entries: this.appliedSize(),
      foreignEntries: of('entry:foreign'),
      cases: this.#sql.caseCount.get()?.n ?? 0,
      acquisitions: this.#sql.acquisitionCount.get()?.n ?? 0,
      cameras: this.#sql.cameraCount.get()?.n ?? 0,
    };
  }

  firstItem(): CatalogItem | undefined {
    const row = this.#sql.itemOldest.get();
    return row && readItem(row);
  }

  /** Newest first; stops reading once `count` items pass. */
  #matching(
    match: string,
    wanted: {
      readonly before?: number;
      readonly range?: CaptureRange;
      readonly count: number;
      readonly passes: (item: CatalogItem) => boolean;
    },
  ): CatalogItem[] {
    const { before = Number.MAX_SAFE_INTEGER, range = ALWAYS, count, passes } = wanted;
    const rows = this.#sql.itemsMatching.iterate(match, before, range.fromMs, range.toMs);
    return take(rows, count, passes);
  }
}

/** Reads items until `count` of them pass; the rest is never fetched. */
function take(rows: Iterable<ItemRead>, count: number, passes: (item: CatalogItem) => boolean): CatalogItem[] {
  const items: CatalogItem[] = [];
  for (const row of rows) {
    const item = readItem(row);
    if (passes(item)) items.push(item);
    if (items.length === count) break;
  }
  return items;
}

/** Facets are hashes: this is the comparison itself. */
function answers({ entry }: CatalogItem, question: Question): boolean {
  const { officer } = entry.camera;
  if (question.case !== undefined && entry.case !== question.case) return false;
  if (question.kind !== undefined && entry.itemKind !== question.kind) return false;
  if (question.camera !== undefined && (entry.camera.serial ?? entry.camera.folder) !== question.camera) return false;
  return (
    question.officer === undefined || officer?.name === question.officer || officer?.certificate === question.officer
  );
}

function captured(rows: readonly { firstMs: number; lastMs: number }[]): {
  firstCapturedAt?: Instant;
  lastCapturedAt?: Instant;
} {
  if (rows.length === 0) return {};
  return {
    firstCapturedAt: formatInstant(Math.min(...rows.map((row) => row.firstMs))),
    lastCapturedAt: formatInstant(Math.max(...rows.map((row) => row.lastMs))),
  };
}
