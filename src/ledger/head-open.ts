// Opening a head file: always read-only first, with every check, so that a damaged head is not touched by looking at it.
// Never repairs; never writes.
import { Failure, isFailure, type Verifier } from '../evidence/index.ts';
import { exists } from '../platform/index.ts';
import { type CheckedHead, checkHead, openTexts } from './head-check.ts';
import { checkMark } from './head-mark.ts';
import { HeadRows } from './head-rows.ts';
import { checkTables, versionOf } from './head-schema.ts';
import type { KeyHistory } from './key-history.ts';
import { openDatabase, type SqlDatabase, type SqlMode, wrapSqliteError } from './sqlite.ts';

/** A head file open for reading, and what it held when it was checked. */
export interface OpenHead {
  readonly database: SqlDatabase;
  readonly rows: HeadRows;
  readonly checked: CheckedHead;
}

/**
 * Opens a head whose first key is `first` for reading and checks all it holds; the caller closes the database.
 * Throws Failure 'ledger-missing', 'ledger-foreign', 'key-foreign', 'ledger-corrupt', 'format-newer', 'station-locked' or 'disk-failed'.
 */
export async function openChecked(path: string, first: Verifier): Promise<OpenHead> {
  const database = await openHeadFile(path, 'read');
  try {
    database.exec('BEGIN'); // one state for all checks; with the read lock held, nobody writes between the mark and the bytes
    database.pragma('schema_version');
    checkMark(path, database);
    checkTables(database, path);
    const rows = new HeadRows(database);
    const checked = checkHead(rows, first, path);
    database.exec('COMMIT');
    return { database, rows, checked };
  } catch (error) {
    database.close();
    throw wrapSqliteError(error, `the ledger head ${path}`);
  }
}

/** The keys of a head, without a look at its entries. Throws Failure as openChecked. */
export async function readHeadKeys(path: string, first: Verifier): Promise<KeyHistory> {
  const database = await openHeadFile(path, 'read');
  try {
    database.exec('BEGIN');
    checkTables(database, path);
    return openTexts(new HeadRows(database), first, path).keys;
  } catch (error) {
    throw wrapSqliteError(error, `the ledger head ${path}`);
  } finally {
    database.close();
  }
}

/** Throws Failure 'format-newer' where a newer docket's head stands: whoever is about to replace a head that is lost must not replace that. */
export async function refuseNewerHead(path: string): Promise<void> {
  if (!(await exists(path))) return;
  try {
    const database = openDatabase(path, 'read');
    try {
      versionOf(database, path);
    } finally {
      database.close();
    }
  } catch (error) {
    if (isFailure(error, 'format-newer')) throw error; // anything else is what it is replaced for
  }
}

/** Opens the file of a head that must exist, unchecked. Throws Failure 'ledger-missing' and as wrapSqliteError. */
export async function openHeadFile(path: string, mode: Exclude<SqlMode, 'create'>): Promise<SqlDatabase> {
  if (!(await exists(path))) throw new Failure('ledger-missing', `there is no ledger head at ${path}`);
  try {
    return openDatabase(path, mode);
  } catch (error) {
    throw wrapSqliteError(error, `the ledger head ${path}`);
  }
}
