// The tables of a head file, and the check that a file has exactly these. See FORMAT.md, "Ledger head".
// Never migrates: a file with other tables is not a head this version may write.
import { Failure, newerFormat } from '../evidence/index.ts';
import type { SqlDatabase } from './sqlite.ts';

/** `docl` in ASCII: lets `file` and people tell a head from other SQLite files. */
const APPLICATION_ID = 0x64_6f_63_6c;
/** Version of the tables; the second one has handovers, and only a head whose key was replaced is of it. */
const USER_VERSION = 1;
const USER_VERSION_HANDOVERS = 2;

const TABLES: Readonly<Record<string, string>> = {
  edge: `CREATE TABLE edge(level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(level, position)) STRICT, WITHOUT ROWID`,
  head: `CREATE TABLE head(one INTEGER PRIMARY KEY CHECK(one = 1), checkpoint TEXT NOT NULL, published TEXT) STRICT`,
  tail: `CREATE TABLE tail(position INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT`,
};

const HANDOVER_TABLE = 'CREATE TABLE handover(number INTEGER PRIMARY KEY, proof TEXT NOT NULL) STRICT';

/** Adds the table of handovers and moves the version on, within the transaction that is open. */
export function createHandoverTable(database: SqlDatabase): void {
  database.exec(HANDOVER_TABLE);
  database.pragma(`user_version = ${USER_VERSION_HANDOVERS}`);
}

/** Makes the tables in an empty database. */
export function createTables(database: SqlDatabase): void {
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${USER_VERSION}`);
  for (const sql of Object.values(TABLES)) database.exec(sql);
}

function damaged(path: string, what: string): Failure {
  return new Failure('ledger-corrupt', `the ledger head ${path} is damaged: ${what}`);
}

/** The version of a head's tables. Throws Failure 'format-newer', or 'ledger-corrupt' where there never was such a head. */
export function versionOf(database: SqlDatabase, path: string): number {
  if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID)
    throw damaged(path, 'it is not marked as a ledger head');
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > USER_VERSION_HANDOVERS) throw newerFormat(`the ledger head ${path}`, version, USER_VERSION_HANDOVERS);
  if (version < USER_VERSION) throw damaged(path, 'its version is unknown');
  return version;
}

/** Throws Failure 'ledger-corrupt' unless the file is sound to SQLite and has these tables and no others; 'format-newer' as versionOf. */
export function checkTables(database: SqlDatabase, path: string): void {
  const wrong = (what: string): Failure => damaged(path, what);
  const version = versionOf(database, path);
  const rows = database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all() as {
    name: unknown;
    sql: unknown;
  }[]; // columns named in the query
  const tables = version === USER_VERSION ? TABLES : { ...TABLES, handover: HANDOVER_TABLE };
  const expected = Object.entries(tables).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const same =
    rows.length === expected.length &&
    expected.every(([name, sql], at) => rows[at]?.name === name && rows[at].sql === sql);
  if (!same) throw wrong('its tables are not those of a ledger head');
  // All rows, not the first alone: a quick_check left half-way keeps its lock.
  const [found] = database.pragma('quick_check(1)') as { quick_check: unknown }[]; // one column of that name by SQLite's documentation
  if (found?.quick_check !== 'ok') throw wrong(String(found?.quick_check));
}
