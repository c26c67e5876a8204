// Opens a catalog: makes it when it is missing, makes it anew when another version made it, refuses what is damaged or not a catalog.
// Never removes a database that is not a docket catalog, and never changes anything when opened for reading.
import { dirname, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { Failure, newerFormat } from '../evidence/index.ts';
import { createExclusive, ensureDirectory, exists, removeDurable, wrapWriteError } from '../platform/index.ts';
import { Catalog } from './catalog.ts';
import { removeMark } from './mark.ts';
import { Projector } from './projector.ts';
import { Reader } from './reader.ts';
import { APPLICATION_ID, CREATE, SCHEMA_VERSION } from './sql.ts';
import { guard, openForReading, openForWriting, sqliteCode } from './sqlite.ts';

/** What stands in a file: nothing yet, this version's catalog, some other database, or another version's catalog. */
type Standing = 'empty' | 'current' | 'foreign' | { readonly version: number };

/**
 * Opens the catalog at `path`; the caller closes it. One writer at a time (the station's lock sees to that), any number of readers.
 * 'write' makes a missing catalog, and an empty one in place of another version's (`rebuilt`); it removes the closing mark first.
 * Throws Failure 'catalog-broken' for a damaged file, for a database that is no catalog and, reading, for a missing or earlier version's
 * one; reading, 'format-newer' for a later version's; 'disk-failed' or 'spool-full' where the disk says so.
 */
export async function openCatalog({ path, mode }: { path: string; mode: 'write' | 'read' }): Promise<Catalog> {
  const absolute = resolve(path); // SQLite takes 'file:…' and ':memory:' for something else than a file
  return mode === 'write' ? await openWriter(absolute) : await openReader(absolute);
}

/** Removes a catalog, its write-ahead log and its mark, so that it can be made again. Nobody may have it open for writing. Throws Failure 'disk-failed'. */
export async function removeCatalog(path: string): Promise<void> {
  await removeMark(path);
  try {
    for (const suffix of ['', '-wal', '-shm']) await removeDurable(`${path}${suffix}`);
  } catch (error) {
    throw wrapWriteError(error, `the catalog ${path}`, 'spool-full');
  }
}

async function openWriter(path: string): Promise<Catalog> {
  await prepareFile(path);
  const standing = look(path); // before anything is opened for writing: the file may be some other database
  if (standing === 'foreign')
    throw new Failure('catalog-broken', `${path} is a database, but not a docket catalog: it is left as it is`);
  const rebuilt = typeof standing === 'object';
  if (rebuilt) {
    await removeCatalog(path);
    await prepareFile(path);
  }
  await removeMark(path); // before the first byte changes
  const database = guard(path, () => openForWriting(path));
  try {
    if (standing !== 'current') guard(path, () => database.transaction(() => database.exec(CREATE)).immediate());
    return assemble(path, database, { write: true, rebuilt });
  } catch (error) {
    database.close();
    throw error;
  }
}

async function prepareFile(path: string): Promise<void> {
  try {
    if (await exists(path)) return;
    await ensureDirectory(dirname(path));
    await createExclusive(path, Buffer.alloc(0)); // an empty file is an empty database; SQLite gives its log the same mode
  } catch (error) {
    throw wrapWriteError(error, `the catalog ${path}`, 'spool-full');
  }
}

async function openReader(path: string): Promise<Catalog> {
  if (!(await exists(path))) throw new Failure('catalog-broken', `the catalog ${path} is missing`);
  const standing = look(path);
  if (standing === 'empty') throw new Failure('catalog-broken', `the catalog ${path} is empty`);
  if (standing === 'foreign') throw new Failure('catalog-broken', `${path} is a database, but not a docket catalog`);
  if (standing !== 'current' && standing.version > SCHEMA_VERSION)
    throw newerFormat(`the catalog ${path}`, standing.version, SCHEMA_VERSION);
  if (standing !== 'current')
    throw new Failure(
      'catalog-broken',
      `the catalog ${path} is of an earlier version of docket (${standing.version}, here ${SCHEMA_VERSION})`,
    );
  const database = guard(path, () => openForReading(path));
  try {
    return assemble(path, database, { write: false, rebuilt: false });
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Looks at the header and the list of tables only, so that opening takes the same time at any size; changes nothing. */
function look(path: string): Standing {
  return guard(path, () => {
    const database = openForReading(path);
    try {
      const tables = database.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get();
      const application: unknown = database.pragma('application_id', { simple: true });
      const version = Number(database.pragma('user_version', { simple: true }));
      if (application === 0 && version === 0 && tables?.n === 0) return 'empty';
      if (application !== APPLICATION_ID) return 'foreign';
      return version === SCHEMA_VERSION ? 'current' : { version };
    } finally {
      database.close();
    }
  });
}

function assemble(path: string, database: Database, { write, rebuilt }: { write: boolean; rebuilt: boolean }): Catalog {
  return guard(path, () => {
    try {
      const reader = new Reader(database);
      reader.appliedSize();
      return new Catalog({ path, rebuilt, database, reader, projector: write ? new Projector(database) : undefined });
    } catch (error) {
      // A statement that cannot be prepared on a catalog of this version means that its tables are not what they were made as.
      if (sqliteCode(error) !== 'SQLITE_ERROR') throw error;
      throw new Failure('catalog-broken', `the tables of the catalog ${path} are not those of this version`, {
        cause: error,
      });
    }
  });
}
