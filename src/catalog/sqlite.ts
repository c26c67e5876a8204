// The one place that opens SQLite files and turns SQLite's errors into failures.
// Never repairs: a catalog that cannot be read is made again from the ledger.
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { Failure } from '../evidence/index.ts';

/** How long a statement waits for another process's lock, in milliseconds: a checkpoint of a busy catalog takes well under this. */
const BUSY_TIMEOUT_MS = 5_000;
/** Pages kept in memory by one connection, in KiB (32 MiB): the inner pages of every index of a million items. */
const CACHE_KIB = 32_768;
/** Page of a new catalog: a recorded item is about 1.7 KiB, and pages of 4 KiB would leave a fifth of the file empty. */
const PAGE_BYTES = 8_192;
/** The write-ahead log is copied back after so many pages (16 MiB), and its file cut back to that. */
const CHECKPOINT_PAGES = 2_048;
const JOURNAL_LIMIT_BYTES = CHECKPOINT_PAGES * PAGE_BYTES;

/** Opens an existing file for writing, in WAL mode. Whoever opens closes. Throws SqliteError: call it inside guard(). */
export function openForWriting(path: string): Database {
  return opened(new SqliteDatabase(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS }), (database) => {
    database.pragma(`page_size = ${PAGE_BYTES}`); // says something only while the file is empty
    const mode: unknown = database.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal')
      throw new Failure(
        'disk-failed',
        `the file system of ${path} cannot hold a write-ahead log (journal mode ${String(mode)})`,
      );
    // NORMAL: after a power cut the newest transactions may be gone, but the file is never torn. What is gone is applied again
    // from the ledger, whose head is the only thing that must have reached the disk.
    database.pragma('synchronous = NORMAL');
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.pragma(`journal_size_limit = ${JOURNAL_LIMIT_BYTES}`);
  });
}

/** Opens an existing file for reading only, also while another process writes it. Whoever opens closes. Throws SqliteError: call it inside guard(). */
export function openForReading(path: string): Database {
  return opened(new SqliteDatabase(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS }));
}

function opened(database: Database, configure?: (database: Database) => void): Database {
  try {
    database.pragma('trusted_schema = OFF'); // a changed file must not run functions of its own choosing
    database.pragma(`cache_size = -${CACHE_KIB}`);
    configure?.(database);
    return database;
  } catch (error) {
    database.close();
    // Nothing but the file can be wrong here: SQLite calls a header it does not know a mere error.
    if (sqliteCode(error) === 'SQLITE_ERROR') throw broken(database.name, error);
    throw error;
  }
}

/** Runs work on the catalog at `path`; SQLite's errors become failures, defects stay what they are. */
export function guard<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw wrapSqlite(error, path);
  }
}

/** The failure an SQLite error means, or the error itself when it is none of SQLite's or a defect of ours. */
export function wrapSqlite(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (/^SQLITE_(?:CORRUPT|NOTADB|CONSTRAINT|FORMAT|SCHEMA|MISMATCH)/.test(code)) return broken(path, error);
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code))
    return failed('station-locked', `another process is writing the catalog ${path}`, error, code);
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE')
    return failed('spool-full', `no space left for the catalog ${path}`, error, code);
  if (/^SQLITE_(?:IOERR|CANTOPEN|READONLY|PERM|AUTH|NOLFS)/.test(code))
    return failed('disk-failed', `the catalog ${path} cannot be read or written`, error, code);
  return error;
}

/** The SQLite result code of an error, or undefined. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof SqliteDatabase.SqliteError ? error.code : undefined;
}

/** The failure that says the file itself is damaged. */
function broken(path: string, cause: unknown): Failure {
  return failed('catalog-broken', `the catalog ${path} is damaged`, cause, sqliteCode(cause) ?? '');
}

function failed(
  code: 'catalog-broken' | 'station-locked' | 'spool-full' | 'disk-failed',
  what: string,
  cause: unknown,
  sqlite: string,
): Failure {
  return new Failure(code, `${what} (${sqlite})`, { cause, facts: { sqlite } });
}
