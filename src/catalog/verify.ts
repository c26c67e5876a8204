// Verifies a catalog against the ledger: makes a second one from the entries, with the same code as apply, and compares the two row by row.
// Never changes the catalog and never repairs it. Memory is bounded; the second catalog lies in a temporary folder.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { errnoOf, type Finding, finding, isFailure, newerFormat } from '../evidence/index.ts';
import { exists } from '../platform/index.ts';
import type { Catalog } from './catalog.ts';
import { compareCatalogs } from './compare.ts';
import { checkMark } from './mark.ts';
import { openCatalog } from './open.ts';
import type { IndexedEntry } from './projector.ts';
import { APPLICATION_ID, READ, SCHEMA_VERSION } from './sql.ts';
import { guard, openForReading, sqliteCode } from './sqlite.ts';

/** Entries per transaction of the second catalog. */
const BATCH_ENTRIES = 2_000;

/** Before the process id, in the name of a verification's folder. */
const WORK_NAME = 'docket-verify-';

/** What to verify against what. */
export interface VerifyCatalogOptions {
  readonly path: string;
  /** All ledger entries from index 0 on, verified by whoever hands them in; may go on beyond `size` while the ledger grows. */
  readonly entries: AsyncIterable<IndexedEntry> | Iterable<IndexedEntry>;
  /** Ledger entries there are: fewer in the catalog is 'catalog-behind'. */
  readonly size: number;
  /** Folder for the second catalog, which needs as much space as the first; the system's when absent. */
  readonly workDirectory?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Findings 'catalog-missing', 'catalog-altered', 'catalog-behind', 'format-newer' (and 'read-failed'); none means that the catalog says what the ledger says.
 * May run while another process writes the catalog: it looks at one state of it. Throws the failures of `entries`, and 'disk-failed' or
 * 'spool-full' for its own temporary file.
 */
export async function verifyCatalog(options: VerifyCatalogOptions): Promise<readonly Finding[]> {
  const path = resolve(options.path);
  if (!(await exists(path))) return [finding('catalog-missing', path)];
  const marked = await checkMark(path);
  const folder = options.workDirectory ?? tmpdir();
  await removeAbandoned(folder);
  const work = await mkdtemp(join(folder, `${WORK_NAME}${process.pid}-`));
  try {
    const database = openTried(path);
    if (!('close' in database)) return [...marked, database];
    try {
      const version = laterVersionOf(database);
      if (version !== undefined)
        return [...marked, finding('format-newer', path, newerFormat('the catalog', version, SCHEMA_VERSION).message)];
      return [...marked, ...(await compareWithLedger(database, { ...options, path }, join(work, 'derived.db')))];
    } finally {
      database.close();
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What a verification that was killed left behind: as large as a catalog, and nobody else would ever remove it. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/^(\d+)-/.exec(name.startsWith(WORK_NAME) ? name.slice(WORK_NAME.length) : '')?.[1] ?? 0);
    if (pid === 0 || isRunning(pid)) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch((error: unknown) => {
      if (!['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) throw error; // of another user, who will remove it
    });
  }
}

/** A process of another user runs, too. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

/** The catalog on trial, or why it cannot be opened. */
function openTried(path: string): Database | Finding {
  try {
    return guard(path, () => openForReading(path));
  } catch (error) {
    if (isFailure(error, 'catalog-broken')) return finding('catalog-altered', path, error.message);
    if (isFailure(error)) return finding('read-failed', path, error.message);
    throw error;
  }
}

/** The version of a catalog that a newer docket made: it says other things, or says them otherwise, and is not to be called altered. */
function laterVersionOf(database: Database): number | undefined {
  try {
    const version = Number(database.pragma('user_version', { simple: true }));
    const isCatalog = database.pragma('application_id', { simple: true }) === APPLICATION_ID;
    return isCatalog && version > SCHEMA_VERSION ? version : undefined;
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
    return undefined; // damaged, which the comparison then names
  }
}

async function compareWithLedger(
  database: Database,
  options: VerifyCatalogOptions,
  derivedPath: string,
): Promise<readonly Finding[]> {
  const { path, size, signal } = options;
  await using derived = await openCatalog({ path: derivedPath, mode: 'write' });
  const entries = new Supply(options.entries);
  try {
    await entries.apply(derived, appliedSize(database) ?? size, signal);
    guard(derivedPath, () => database.prepare('ATTACH ? AS derived').run(derivedPath));
    guard(path, () => database.exec('BEGIN')); // from the next read on one state of the catalog, whatever is written meanwhile
    const applied = appliedSize(database) ?? size;
    await entries.apply(derived, applied, signal); // what was applied while we derived the rest
    return [...checkSize(path, applied, derived.appliedSize, size), ...compareCatalogs(database, path)];
  } finally {
    if (database.inTransaction) database.exec('ROLLBACK'); // it only read
    await entries.close();
  }
}

function checkSize(path: string, applied: number, reached: number, size: number): readonly Finding[] {
  if (applied > reached)
    return [
      finding('catalog-altered', path, `the catalog says it holds ${applied} entries, the ledger has ${reached}`),
    ];
  if (applied < size)
    return [finding('catalog-behind', path, `the catalog holds ${applied} of ${size} ledger entries`)];
  return [];
}

/** What the catalog says it holds; undefined when it cannot say, which the comparison then names. */
function appliedSize(database: Database): number | undefined {
  try {
    return database.prepare<[], { appliedSize: number }>(READ.applied).get()?.appliedSize;
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Ledger entries, taken as they are needed. */
class Supply {
  readonly #entries: AsyncIterator<IndexedEntry> | Iterator<IndexedEntry>;

  constructor(entries: AsyncIterable<IndexedEntry> | Iterable<IndexedEntry>) {
    this.#entries = Symbol.asyncIterator in entries ? entries[Symbol.asyncIterator]() : entries[Symbol.iterator]();
  }

  /** Applies entries until the catalog holds `size` of them or there are no more. */
  async apply(catalog: Catalog, size: number, signal: AbortSignal | undefined): Promise<void> {
    for (let at = catalog.appliedSize; at < size; at = catalog.appliedSize) {
      signal?.throwIfAborted();
      const batch = await this.#take(Math.min(BATCH_ENTRIES, size - at));
      if (batch.length === 0) return;
      catalog.apply(batch);
    }
  }

  async close(): Promise<void> {
    await this.#entries.return?.();
  }

  async #take(count: number): Promise<readonly IndexedEntry[]> {
    const batch: IndexedEntry[] = [];
    while (batch.length < count) {
      const next = await this.#entries.next();
      if (next.done === true) break;
      batch.push(next.value);
    }
    return batch;
  }
}
