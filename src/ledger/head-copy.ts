// A copy of a head for a backup, taken while another process may be writing: one committed state, in one complete, marked file.
// Never copies bytes of a file that somebody writes to: SQLite reads, under its own locks.
import type { Verifier } from '../evidence/index.ts';
import { syncFile, wrapWriteError } from '../platform/index.ts';
import { formatMark, writeMark } from './head-mark.ts';
import { openChecked } from './head-open.ts';
import type { HeadState } from './head-view.ts';
import { type SqlDatabase, wrapSqliteError } from './sqlite.ts';

/** What is copied, and where to. */
export interface CopyHeadOptions {
  readonly from: string;
  /** Nothing may stand there. Its file name goes into the mark. */
  readonly to: string;
  readonly verifier: Verifier;
}

/**
 * Copies a head with its closing mark; durable when it resolves, and every check of an open head was passed by the copy itself.
 * Throws Failure 'ledger-missing', 'ledger-foreign', 'key-foreign', 'ledger-corrupt', 'station-locked', 'spool-full' or 'disk-failed'.
 */
export async function copyHead({ from, to, verifier }: CopyHeadOptions): Promise<HeadState> {
  const source = await openChecked(from, verifier);
  writeCopy(source.database, from, to);
  await syncFile(to).catch((error: unknown) => {
    throw wrapWriteError(error, to, 'spool-full');
  });
  const { database, checked } = await openChecked(to, verifier);
  const mark = formatMark(to, database.serialize());
  database.close();
  await writeMark(to, mark);
  return checked;
}

/** VACUUM INTO reads one state, whatever is committed meanwhile, and writes a file that needs no log beside it. */
function writeCopy(database: SqlDatabase, from: string, to: string): void {
  try {
    database.prepare('VACUUM INTO ?').run(to);
  } catch (error) {
    throw wrapSqliteError(error, `a copy of the ledger head ${from}`);
  } finally {
    database.close();
  }
}
