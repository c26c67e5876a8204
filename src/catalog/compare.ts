// Compares two catalogs on one connection, both read-only: the one on trial is `main`, the one just derived from the ledger is `derived`.
// Row by row by key inside SQLite, so memory stays bounded; names the table and key of every row that is missing, invented or altered.
import { randomInt } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import { type Finding, finding } from '../evidence/index.ts';
import { CONTENT_TABLES, type ContentTable } from './sql.ts';
import { sqliteCode } from './sqlite.ts';

/** Findings named one by one in each comparison; how many more there are is said in one line. */
const MAX_NAMED = 100;
/** Primes for the fingerprints of words: a product of two remainders fits SQLite's 64-bit integers, and so does the sum of four thousand million of them. */
const P = 2_147_483_647;
const Q = 2_147_483_629;

/** Everything in which `main` differs from `derived`. Throws no SqliteError of a damaged `main`: that is a finding of its own. */
export function* compareCatalogs(database: Database, path: string): Generator<Finding> {
  yield* attempt(path, 'the tables', () => compareSchema(database, path));
  for (const table of CONTENT_TABLES)
    yield* attempt(path, `table ${table.name}`, () => compareTable(database, path, table));
  yield* attempt(path, 'the search words', () => compareWords(database, path));
  yield* attempt(path, 'the integrity check', () => checkIntegrity(database, path));
}

/** Runs one comparison; a file too damaged for it is named and the others go on. */
function attempt(path: string, what: string, compare: () => Finding[]): Finding[] {
  try {
    return compare();
  } catch (error) {
    const code = sqliteCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    if (code === 'SQLITE_FULL') throw error; // ours, not the catalog's: no room for sorting
    return [
      finding(
        code.startsWith('SQLITE_IOERR') ? 'read-failed' : 'catalog-altered',
        path,
        `${what} cannot be compared: ${error.message} (${code})`,
      ),
    ];
  }
}

function compareSchema(database: Database, path: string): Finding[] {
  const differing = `
    SELECT m.type AS type, m.name AS name, 'is not one of the catalog' AS what FROM main.sqlite_schema m
      WHERE NOT EXISTS (SELECT 1 FROM derived.sqlite_schema d WHERE d.type = m.type AND d.name = m.name AND d.tbl_name = m.tbl_name AND d.sql IS m.sql)
    UNION ALL
    SELECT d.type, d.name, 'is missing or altered' FROM derived.sqlite_schema d
      WHERE NOT EXISTS (SELECT 1 FROM main.sqlite_schema m WHERE d.type = m.type AND d.name = m.name AND d.tbl_name = m.tbl_name AND d.sql IS m.sql)`;
  const rows = database.prepare<[], { type: string; name: string; what: string }>(differing).iterate();
  const findings = named(rows, path, 'tables', ({ type, name, what }) => [
    `${path}: ${type} ${name}`,
    `the ${type} ${name} ${what}`,
  ]);
  for (const pragma of ['application_id', 'user_version', 'encoding']) {
    const [ours, theirs] = ['main', 'derived'].map((schema) =>
      database.pragma(`${schema}.${pragma}`, { simple: true }),
    );
    if (ours !== theirs)
      findings.push(finding('catalog-altered', path, `${pragma} is ${String(ours)}, not ${String(theirs)}`));
  }
  return findings;
}

function compareTable(database: Database, path: string, table: ContentTable): Finding[] {
  const { name, key, columns } = table;
  const on = key.map((column) => `a.${column} = b.${column}`).join(' AND ');
  const keyText = key.map((column) => `a.${column}`).join(` || ' ' || `);
  const differs = columns.map((column) => `a.${column} IS NOT b.${column}`).join(' OR ') || 'FALSE';
  // NOT INDEXED: the rows themselves are read; an index that disagrees with them is the integrity check's to find.
  const unlike = (a: string, b: string, what: string): string =>
    `SELECT ${keyText} AS key, '${what}' AS what FROM ${a}.${name} a ${notIndexed(table)} LEFT JOIN ${b}.${name} b ON ${on} WHERE b.${key[0]} IS NULL`;
  const altered = `SELECT ${keyText} AS key, 'altered' AS what FROM main.${name} a ${notIndexed(table)} JOIN derived.${name} b ON ${on} WHERE ${differs}`;
  return [
    unlike('main', 'derived', 'invented: no ledger entry says it'),
    unlike('derived', 'main', 'missing'),
    ...(columns.length > 0 ? [altered] : []),
  ].flatMap((sql) => {
    const rows = database.prepare<[], { key: string | number; what: string }>(sql).iterate();
    return named(rows, path, `table ${name}`, (row) => [
      `${path}: ${name} ${row.key}`,
      `the row ${row.key} of table ${name} is ${row.what}`,
    ]);
  });
}

/** Tables without row ids are their own index, and SQLite refuses the words for them. */
function notIndexed({ key }: ContentTable): string {
  return key.length === 1 ? 'NOT INDEXED' : '';
}

/**
 * Compares, word by word, a fingerprint of where the word stands. Its coefficients are drawn anew each time, so that nobody can prepare a
 * change that keeps it; two different lists agree by chance about once in 2^31.
 */
function compareWords(database: Database, path: string): Finding[] {
  const [a, b, c, d, e, f] = Array.from({ length: 6 }, () => randomInt(1, 1_000_000));
  const fingerprint = `sum(((doc * ${a} + "offset" * ${b} + ${c}) % ${P}) * ((doc * ${d} + "offset" * ${e} + ${f}) % ${Q}) % ${P})`;
  const words = (schema: string): Statement<[], WordRow> => {
    database.exec(`CREATE VIRTUAL TABLE temp.word_${schema} USING fts5vocab('${schema}', 'item_fts', 'instance')`);
    const sql = `SELECT term, count(*) AS n, ${fingerprint} AS print FROM temp.word_${schema} GROUP BY term ORDER BY term`;
    return database.prepare<[], WordRow>(sql);
  };
  const [ours, theirs] = [words('main'), words('derived')]; // both before either is read: nothing is prepared while rows are coming
  return named(differingWords(ours.iterate(), theirs.iterate()), path, 'search words', ({ term, what }) => [
    `${path}: item_fts ${term}`,
    `the search word ${term} ${what}`,
  ]);
}

interface WordRow {
  readonly term: string;
  readonly n: number;
  readonly print: number;
}

/** Walks two lists of words, both in the order of their UTF-8 bytes. */
function* differingWords(
  ours: Iterator<WordRow>,
  theirs: Iterator<WordRow>,
): Generator<{ term: string; what: string }> {
  try {
    let [a, b] = [ours.next(), theirs.next()];
    while (a.done !== true || b.done !== true) {
      const order =
        a.done === true
          ? 1
          : b.done === true
            ? -1
            : Buffer.compare(Buffer.from(a.value.term), Buffer.from(b.value.term));
      if (order < 0 && a.done !== true) yield { term: a.value.term, what: 'is invented: no ledger entry holds it' };
      if (order > 0 && b.done !== true) yield { term: b.value.term, what: 'is missing' };
      if (
        order === 0 &&
        a.done !== true &&
        b.done !== true &&
        (a.value.n !== b.value.n || a.value.print !== b.value.print)
      )
        yield { term: a.value.term, what: 'does not stand where the ledger says' };
      if (order <= 0) a = ours.next();
      if (order >= 0) b = theirs.next();
    }
  } finally {
    ours.return?.();
    theirs.return?.();
  }
}

function checkIntegrity(database: Database, path: string): Finding[] {
  const rows = database.prepare<[], { integrity_check: string }>(`PRAGMA main.integrity_check(${MAX_NAMED})`).all();
  if (rows.length === 1 && rows[0]?.integrity_check === 'ok') return [];
  return rows.map((row) => finding('catalog-altered', path, `SQLite's integrity check says: ${row.integrity_check}`));
}

function named<T>(
  rows: Iterable<T>,
  path: string,
  what: string,
  describe: (row: T) => readonly [where: string, what: string],
): Finding[] {
  const findings: Finding[] = [];
  let more = 0;
  for (const row of rows) {
    if (findings.length < MAX_NAMED) findings.push(finding('catalog-altered', ...describe(row)));
    else more += 1;
  }
  if (more > 0) findings.push(finding('catalog-altered', path, `${more} more differences in ${what}`));
  return findings;
}
