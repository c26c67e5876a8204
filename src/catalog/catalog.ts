// An open catalog: what was applied from the ledger, and the questions asked of it.
// Never the truth: its answers point to ledger indexes, manifests and copies, and those are what is proven.
import assert from 'node:assert/strict';
import type { Database } from 'better-sqlite3';
import {
  type AcquisitionId,
  type CameraIdentity,
  type CaseNumber,
  ITEM_KINDS,
  type ItemId,
  type ItemKind,
  isFailure,
  type Sha256,
  type SourcePath,
} from '../evidence/index.ts';
import { MAX_MARKED_BYTES, writeMark } from './mark.ts';
import type { Paging } from './paging.ts';
import type { IndexedEntry, Projector } from './projector.ts';
import type { Question } from './question.ts';
import type { Reader } from './reader.ts';
import { guard } from './sqlite.ts';
import type {
  CaseSummary,
  CatalogAcquisition,
  CatalogCamera,
  CatalogCounts,
  CatalogItem,
  Page,
  Recorded,
} from './view.ts';

/** Items returned by a list that has no pages, when nothing is said. */
const DEFAULT_COUNT = 100;
/** How long closing waits for readers of an older state, in milliseconds: they may read on, there is only no mark then. */
const CLOSING_TIMEOUT_MS = 250;

/** An open catalog. Every method throws Failure 'catalog-broken' on a damaged file, 'disk-failed' or 'spool-full' where the disk says so. */
export class Catalog {
  /** Absolute path of the database file. */
  readonly path: string;
  /** True when a catalog of another version stood there and this one was made anew, empty. */
  readonly rebuilt: boolean;
  readonly #database: Database;
  readonly #reader: Reader;
  readonly #projector: Projector | undefined;
  #broken = false;

  /** Made by openCatalog(). */
  constructor(options: {
    path: string;
    rebuilt: boolean;
    database: Database;
    reader: Reader;
    projector: Projector | undefined;
  }) {
    this.path = options.path;
    this.rebuilt = options.rebuilt;
    this.#database = options.database;
    this.#reader = options.reader;
    this.#projector = options.projector;
  }

  /** Number of ledger entries applied: the index of the next one. */
  get appliedSize(): number {
    return this.#guard(() => this.#reader.appliedSize());
  }

  /**
   * Applies entries in the order of the ledger, in one transaction; those applied before are passed over. Returns the applied size.
   * A gap is a defect. Not durable on return (see sqlite.ts): after a power cut appliedSize says what to apply again.
   */
  apply(batch: readonly IndexedEntry[]): number {
    const projector = this.#projector;
    assert(projector !== undefined, 'this catalog was opened for reading');
    return this.#guard(() => projector.apply(batch));
  }

  /** An item by its id. */
  item(id: ItemId): CatalogItem | undefined {
    return this.#guard(() => this.#reader.item(id));
  }

  /** Copies of an item's payload made after it was recorded: the newest of each vault. */
  copies(id: ItemId): readonly Recorded<'item.copied'>[] {
    return this.#guard(() => this.#reader.copies(id));
  }

  /** The text that was extracted from a document, at most MAX_EXTRACT_CHARS characters. */
  documentText(id: ItemId): string | undefined {
    return this.#guard(() => this.#reader.documentText(id));
  }

  /** Items that fit every part of the question, newest recorded first. Throws Failure 'invalid' for a text or page out of bounds. */
  find(question: Question & Paging): Page<CatalogItem> {
    return this.#guard(() => this.#reader.find(question, question));
  }

  /** The item that was recorded first; undefined before there is one. */
  firstItem(): CatalogItem | undefined {
    return this.#guard(() => this.#reader.firstItem());
  }

  /** What a case holds in sum; undefined when nothing of it is on record. */
  caseSummary(caseNo: CaseNumber): CaseSummary | undefined {
    return this.snapshot(() => this.#reader.caseSummary(caseNo));
  }

  /** The documents and the footage of a case together, in the order of capture. */
  caseItems(caseNo: CaseNumber, paging: Paging = {}): Page<CatalogItem> {
    return this.#guard(() => this.#reader.caseItems(caseNo, paging));
  }

  /** The items of an acquisition, in the order of its receipt. */
  itemsOfAcquisition(id: AcquisitionId, paging: Paging = {}): Page<CatalogItem> {
    return this.#guard(() => this.#reader.itemsOfAcquisition(id, paging));
  }

  /** Items with these bytes, newest first. */
  itemsByDigest(sha256: Sha256, limit: number = DEFAULT_COUNT): readonly CatalogItem[] {
    return this.#guard(() => this.#reader.itemsByDigest(sha256, limit));
  }

  /**
   * Items recorded from this path of this camera (by serial; by folder where there is none), newest first.
   * Two cameras may share a serial and reuse a name: compare size, time, volume and in the end the digest.
   */
  knownFiles(camera: CameraIdentity, path: SourcePath, limit: number = DEFAULT_COUNT): readonly CatalogItem[] {
    return this.#guard(() => this.#reader.knownFiles(camera, path, limit));
  }

  /** Items that nothing looked into yet, oldest first. */
  unexamined(question: Paging & { readonly kinds?: readonly ItemKind[] | undefined } = {}): Page<CatalogItem> {
    return this.#guard(() => this.#reader.unexamined(question.kinds ?? ITEM_KINDS, question));
  }

  /** An acquisition by its id. */
  acquisition(id: AcquisitionId): CatalogAcquisition | undefined {
    return this.#guard(() => this.#reader.acquisition(id));
  }

  /** The newest acquisitions. */
  recentAcquisitions(limit: number = DEFAULT_COUNT): readonly CatalogAcquisition[] {
    return this.#guard(() => this.#reader.recentAcquisitions(limit));
  }

  /** The newest refusals of cameras. */
  recentRefusals(limit: number = DEFAULT_COUNT): readonly Recorded<'camera.refused'>[] {
    return this.#guard(() => this.#reader.recentRefusals(limit));
  }

  /** The register of cameras by serial, removed ones included (at most MAX_CAMERAS). */
  cameras(): readonly CatalogCamera[] {
    return this.#guard(() => this.#reader.cameras());
  }

  /** Cameras registered under a serial, newest registration first: one per model, since a serial such as 000000 is shared. */
  camera(serial: string): readonly CatalogCamera[] {
    return this.#guard(() => this.#reader.camera(serial));
  }

  /** Everything, counted. */
  counts(): CatalogCounts {
    return this.snapshot(() => this.#reader.counts());
  }

  /** Runs several questions on one state of the catalog, whatever is written meanwhile. `work` must not wait for anything. */
  snapshot<T>(work: () => T): T {
    return this.#guard(() => this.#database.transaction(work).deferred());
  }

  /** Closes it; a writer leaves a closing mark when the catalog is small and whole. Idempotent. */
  async close(): Promise<void> {
    if (!this.#database.open) return;
    const bytes = this.#projector === undefined ? undefined : this.#closingBytes();
    this.#database.close();
    if (bytes !== undefined) await writeMark(this.path, bytes);
  }

  /** As close(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * The file's bytes once nothing is left in the write-ahead log, or undefined when there will be no mark. They are read through SQLite:
   * opening and closing the file beside it would drop the locks that this process's other connections hold.
   */
  #closingBytes(): Buffer | undefined {
    try {
      this.#database.pragma(`busy_timeout = ${CLOSING_TIMEOUT_MS}`);
      const [checkpoint] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]; // one row, by SQLite's documentation
      const sizeBytes = this.#pragma('page_count') * this.#pragma('page_size');
      if (this.#broken || checkpoint?.busy !== 0 || sizeBytes > MAX_MARKED_BYTES) return undefined;
      return this.#database.serialize();
    } catch {
      return undefined; // a projection that cannot be finished is applied again or made anew; it only gets no mark
    }
  }

  #pragma(name: string): number {
    return Number(this.#database.pragma(name, { simple: true }));
  }

  #guard<T>(work: () => T): T {
    try {
      return guard(this.path, work);
    } catch (error) {
      if (isFailure(error, 'catalog-broken')) this.#broken = true;
      throw error;
    }
  }
}
