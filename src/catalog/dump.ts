// Everything a catalog says, line by line in one order, whatever batches it was applied in: two catalogs of one content give one dump.
// Never the file's bytes: where SQLite puts a row or a word is its own business.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { CONTENT_TABLES, type ContentTable } from './sql.ts';
import { guard, openForReading } from './sqlite.ts';

/** Lines of the dump: each is JSON, a table's name and a row, in the order of keys; then every word and where it stands. Throws as openCatalog. */
export function* dumpCatalog(path: string): Generator<string> {
  const database = guard(path, () => openForReading(resolve(path)));
  try {
    for (const table of CONTENT_TABLES) yield* lines(database, table.name, selectAll(table));
    database.exec("CREATE VIRTUAL TABLE temp.word USING fts5vocab('main', 'item_fts', 'instance')");
    yield* lines(database, 'word', 'SELECT term, doc, "offset" FROM temp.word ORDER BY term, doc, "offset"');
  } finally {
    database.close();
  }
}

/** SHA-256 of the dump, hexadecimal: equal for equal content. */
export function digestCatalog(path: string): string {
  const digest = createHash('sha256');
  for (const line of dumpCatalog(path)) digest.update(`${line}\n`);
  return digest.digest('hex');
}

function selectAll({ name, key, columns }: ContentTable): string {
  return `SELECT ${[...key, ...columns].join(', ')} FROM ${name} ORDER BY ${key.join(', ')}`;
}

function* lines(database: Database, name: string, sql: string): Generator<string> {
  for (const row of database.prepare(sql).raw().iterate()) yield JSON.stringify([name, row]);
}
