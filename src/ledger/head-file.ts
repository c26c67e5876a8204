// Making a head file: whole or not at all, never over an existing one.
// After a crash here either nothing stands under the name or a complete, closed, marked or unmarked head.
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { errnoOf, Failure, type Signer } from '../evidence/index.ts';
import { ensureDirectory, exists, linkDurable, removeDurable, TEMP_PREFIX, wrapWriteError } from '../platform/index.ts';
import { signCheckpoint } from './checkpoint.ts';
import { EMPTY_ROOT } from './hashing.ts';
import { formatMark, writeMark } from './head-mark.ts';
import { HeadRows } from './head-rows.ts';
import { createTables } from './head-schema.ts';
import type { EdgeHash } from './range.ts';
import { openDatabase, type SqlDatabase, wrapSqliteError } from './sqlite.ts';

/** Everything a new head holds. */
export interface HeadContent {
  /** Signed notes. */
  readonly checkpoint: string;
  readonly published: string | undefined;
  /** Entries from index `firstEntry` on. */
  readonly firstEntry: number;
  readonly entries: readonly Uint8Array[];
  readonly edge: readonly EdgeHash[];
  /** Texts of the handovers, in order. */
  readonly handovers: readonly string[];
}

/**
 * Makes the head of a new, empty ledger; durable when it resolves. Throws Failure 'station-exists' when something stands at `path`,
 * 'spool-full' or 'disk-failed'.
 */
export async function createLedger({
  path,
  signer,
}: {
  readonly path: string;
  readonly signer: Signer;
}): Promise<void> {
  const checkpoint = signCheckpoint(signer, 0, EMPTY_ROOT).text;
  await createHead(path, { checkpoint, published: undefined, firstEntry: 0, entries: [], edge: [], handovers: [] });
}

/** Makes a head file with this content; failures as createLedger. */
export async function createHead(path: string, content: HeadContent): Promise<void> {
  if (await exists(path)) throw refuse(path);
  const temp = join(dirname(path), `${TEMP_PREFIX}${randomBytes(8).toString('hex')}-${basename(path).slice(0, 100)}`);
  try {
    await ensureDirectory(dirname(path));
    const mark = fill(temp, path, content);
    await linkDurable(temp, path); // fails when the name is taken: two creators cannot both win
    await writeMark(path, mark);
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? refuse(path) : wrapWriteError(error, path, 'spool-full');
  } finally {
    await removeDurable(temp);
  }
}

function refuse(path: string): Failure {
  return new Failure('station-exists', `a ledger head stands at ${path} already; it is never overwritten`);
}

/** Writes the file in rollback-journal mode, so that it is complete in itself; returns its mark. */
function fill(temp: string, path: string, content: HeadContent): string {
  let database: SqlDatabase | undefined;
  try {
    database = openDatabase(temp, 'create');
    database.pragma('journal_mode = DELETE');
    database.pragma('synchronous = FULL');
    database.exec('BEGIN EXCLUSIVE');
    createTables(database);
    database
      .prepare('INSERT INTO head(one, checkpoint, published) VALUES(1, ?, ?)')
      .run(content.checkpoint, content.published ?? null);
    const rows = new HeadRows(database);
    content.entries.forEach((entry, at) => rows.addEntry(content.firstEntry + at, entry));
    content.edge.forEach((hash) => rows.addEdge(hash));
    content.handovers.forEach((text, at) => rows.addHandover(at + 1, text));
    database.exec('COMMIT');
    return formatMark(path, database.serialize());
  } catch (error) {
    throw wrapSqliteError(error, path);
  } finally {
    database?.close();
  }
}
