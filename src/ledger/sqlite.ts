// The slice of SQLite this room uses, and the only file of the room that knows better-sqlite3.
// Everything is synchronous; errors carry SQLite's own code text (SQLITE_FULL, SQLITE_IOERR_FSYNC, ...).
import Database from 'better-sqlite3';
import { errnoOf, Failure } from '../evidence/index.ts';

/** A prepared statement. */
export interface SqlStatement {
  run(...values: unknown[]): { readonly changes: number };
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

/** An open database. Whoever opens it closes it. */
export interface SqlDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): SqlStatement;
  exec(sql: string): unknown;
  pragma(sql: string, options?: { simple?: boolean }): unknown;
  /** The database as SQLite reads it, page for page: equal to the file's bytes when no write-ahead log stands beside it. */
  serialize(): Buffer;
  close(): unknown;
}

/** How to open: `create` may make the file; the others require it. */
export type SqlMode = 'create' | 'write' | 'read';

/** How long a statement waits for a lock, in milliseconds: a reader holds one for a few milliseconds at most. */
const BUSY_TIMEOUT_MS = 2000;

/** Opens a database file; throws SQLite's own error. */
export function openDatabase(path: string, mode: SqlMode, busyTimeoutMs: number = BUSY_TIMEOUT_MS): SqlDatabase {
  return new Database(path, { readonly: mode === 'read', fileMustExist: mode !== 'create', timeout: busyTimeoutMs });
}

/** SQLite's code text of an error, or ''. */
export function sqliteCode(error: unknown): string {
  const code = errnoOf(error) ?? '';
  return code.startsWith('SQLITE_') ? code : '';
}

/** There is no room: for a page, or for the index of the log that stands beside the file while it is open. */
const NO_ROOM = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE']);

/** The Failure for an error of which it is certain that nothing was written. */
export function wrapSqliteError(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  const code = sqliteCode(error);
  if (NO_ROOM.has(code)) return new Failure('spool-full', `no space left for ${what}`, { cause: error });
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code))
    return new Failure('station-locked', `${what} is in use by another process`, { cause: error });
  if (/^SQLITE_(?:CORRUPT|NOTADB|SCHEMA|ERROR|MISMATCH|RANGE|TOOBIG|FORMAT|CONSTRAINT)/.test(code))
    return new Failure('ledger-corrupt', `${what} is damaged (${code})`, { cause: error });
  if (code !== '') return new Failure('disk-failed', `${what} cannot be read or written (${code})`, { cause: error });
  throw error; // not SQLite's: a defect
}
