// The write side of a head file: one durable transaction at a time, and the knowledge of how each ended.
// After a commit of unknown end it writes nothing more. Never awaits inside a transaction; never reads the clock.
import { Failure } from '../evidence/index.ts';
import { formatMark, removeMark } from './head-mark.ts';
import { openHeadFile } from './head-open.ts';
import { HeadRows } from './head-rows.ts';
import { type SqlDatabase, type SqlStatement, sqliteCode, wrapSqliteError } from './sqlite.ts';

/** Free pages (4 KiB) above which closing rewrites the file compactly: left behind by a long time without a vault. */
const MAX_FREE_PAGES = 1024;
/** Value of `PRAGMA synchronous` that fsyncs the log at every commit. */
const SYNCHRONOUS_FULL = 2;
/**
 * Into and out of write-ahead mode SQLite changes a few bytes of the file's first sector, and nothing else outside the log is ever
 * written in a transaction. A rollback journal beside the file would guard nothing more, but killed before it is removed it would
 * keep every reader out: only a writer may roll it back.
 */
const WITHOUT_JOURNAL_FILE = 'journal_mode = MEMORY';

/**
 * Removes the closing mark and opens a checked head for writing; `checkpoint` is the text the check found.
 * Throws Failure 'station-locked', 'spool-full', 'disk-failed' or 'ledger-corrupt'.
 */
export async function openHeadWriter(path: string, checkpoint: string): Promise<HeadWriter> {
  await removeMark(path);
  const database = await openHeadFile(path, 'write');
  try {
    const writer = new HeadWriter(path, database);
    beginWriting(database, writer.rows, checkpoint, path);
    return writer;
  } catch (error) {
    database.close();
    throw wrapSqliteError(error, `the ledger head ${path}`);
  }
}

/**
 * Write-ahead log, every commit fsynced. What is in the log is written to the file first, because a crash or a failed fsync may have
 * left pages in memory that the disk does not have; then one commit that changes nothing begins the log anew. So whatever was left
 * undecided is settled as it was just read, before anything is built on it.
 */
function beginWriting(database: SqlDatabase, rows: HeadRows, checkpoint: string, path: string): void {
  if (database.pragma('journal_mode', { simple: true }) !== 'wal') database.pragma(WITHOUT_JOURNAL_FILE);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const mode = database.pragma('journal_mode', { simple: true });
  if (mode !== 'wal' || database.pragma('synchronous', { simple: true }) !== SYNCHRONOUS_FULL)
    throw new Failure('disk-failed', `SQLite refuses to write the ledger head ${path} durably (WAL, synchronous=FULL)`);
  database.pragma('wal_checkpoint(RESTART)');
  database.exec('BEGIN IMMEDIATE');
  if (!rows.move(checkpoint, checkpoint))
    throw new Failure('station-locked', `another process writes the ledger head ${path}`);
  database.exec('COMMIT');
}

/** A head file open for writing; the ledger that owns it closes it. */
export class HeadWriter {
  readonly rows: HeadRows;
  readonly path: string;
  readonly #database: SqlDatabase;
  readonly #begin: SqlStatement;
  readonly #commit: SqlStatement;
  #unknown: Failure | undefined;

  constructor(path: string, database: SqlDatabase) {
    this.path = path;
    this.rows = new HeadRows(database);
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
  }

  /** Throws Failure 'ledger-unknown' after a commit of unknown end. */
  mustBeKnown(): void {
    if (this.#unknown !== undefined)
      throw new Failure('ledger-unknown', this.#unknown.message, { cause: this.#unknown });
  }

  /** Throws Failure 'ledger-unknown' unless the file holds the checkpoint `known`, and as wrapSqliteError when it cannot be read. */
  confirm(known: string): void {
    this.mustBeKnown();
    let found: string;
    try {
      found = this.rows.texts().checkpoint;
    } catch (error) {
      throw wrapSqliteError(error, `the ledger head ${this.path}`);
    }
    if (found !== known) throw this.#poison(new Error('the head holds another checkpoint than was committed'));
  }

  /**
   * One transaction, durable when this returns, that moves the head on from the checkpoint `known`.
   * Throws Failure 'spool-full', 'station-locked', 'ledger-corrupt' or 'disk-failed' (nothing changed), or 'ledger-unknown'.
   */
  transact(known: string, work: () => void): void {
    this.mustBeKnown();
    try {
      this.#begin.run();
      work();
    } catch (error) {
      this.#rollBack(error);
      throw wrapSqliteError(error, `the ledger head ${this.path}`);
    }
    try {
      this.#commit.run();
    } catch (error) {
      throw this.#judge(error, known);
    }
  }

  /** Replaces the checkpoint `from`, inside a transaction. Throws Failure 'ledger-unknown' when the row holds another one. */
  move(from: string, to: string): void {
    if (!this.rows.move(from, to)) throw this.#poison(new Error('another process wrote the head'));
  }

  /** Before COMMIT nothing is in the log with a commit mark: after the rollback it is certain that nothing changed. */
  #rollBack(cause: unknown): void {
    try {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    } catch (error) {
      throw this.#poison(new AggregateError([cause, error], 'rollback failed'));
    }
  }

  /**
   * A COMMIT that failed. SQLITE_FULL means that a page could not be written, and the commit mark is on the last one, so nothing was
   * committed; the row is read to be sure. Anything else (a failed fsync above all) is unknown: the bytes may be there after a crash.
   */
  #judge(error: unknown, known: string): Failure {
    if (sqliteCode(error) !== 'SQLITE_FULL') return this.#poison(error);
    this.#rollBack(error);
    if (this.rows.texts().checkpoint !== known) return this.#poison(error);
    return wrapSqliteError(error, `the ledger head ${this.path}`);
  }

  #poison(cause: unknown): Failure {
    const message = `it is not known whether the ledger head ${this.path} was committed`;
    this.#unknown = new Failure('ledger-unknown', message, { cause });
    return this.#unknown;
  }

  /** Closes the file; returns the text of its closing mark, or undefined when it was left as a crash would leave it. */
  close(): string | undefined {
    try {
      return this.#unknown === undefined ? this.#settle() : undefined;
    } catch (error) {
      throw wrapSqliteError(error, `the ledger head ${this.path}`);
    } finally {
      this.#database.close();
    }
  }

  /** Brings everything into the one file, out of write-ahead mode, so that it can be read from anywhere. */
  #settle(): string | undefined {
    const database = this.#database;
    database.pragma('busy_timeout = 0'); // a reader that has the file open would keep us waiting for nothing
    if (Number(database.pragma('freelist_count', { simple: true })) > MAX_FREE_PAGES) database.exec('VACUUM');
    const [moved] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]; // one row by SQLite's documentation
    if (moved?.busy !== 0) return undefined;
    try {
      database.pragma(WITHOUT_JOURNAL_FILE);
    } catch (error) {
      if (!sqliteCode(error).startsWith('SQLITE_BUSY')) throw error; // a reader is there: the file stays in WAL mode, complete all the same
    }
    return formatMark(this.path, database.serialize());
  }
}
