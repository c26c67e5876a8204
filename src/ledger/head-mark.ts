// The closing mark `<head>.sha256`: the SHA-256 of a head file that was closed in order, so that any flipped byte of it is named.
// It stands only while nobody writes; whoever opens for writing removes it first, durably.
import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { errnoOf, Failure } from '../evidence/index.ts';
import { removeDurable, replaceFile, wrapWriteError } from '../platform/index.ts';
import type { SqlDatabase } from './sqlite.ts';

/** Path of the mark of a head file. */
export function markPath(head: string): string {
  return `${head}.sha256`;
}

/** The mark's text: one line that `sha256sum -c` reads, run in the head's folder. */
export function formatMark(head: string, bytes: Buffer): string {
  return `${hash('sha256', bytes, 'hex')}  ${basename(head)}\n`;
}

/** Writes the mark; durable when it resolves. Throws Failure 'spool-full' or 'disk-failed'. */
export async function writeMark(head: string, text: string): Promise<void> {
  await replaceFile(markPath(head), Buffer.from(text, 'utf8')).catch((error: unknown) => {
    throw wrapWriteError(error, markPath(head), 'spool-full');
  });
}

/** Removes the mark; durable when it resolves. Throws Failure 'disk-failed'. */
export async function removeMark(head: string): Promise<void> {
  await removeDurable(markPath(head)).catch((error: unknown) => {
    throw wrapWriteError(error, markPath(head), 'spool-full');
  });
}

/**
 * Compares an open head with its mark, if it has one. Call it inside a read transaction: then nobody can write between mark and bytes.
 * The bytes are read through SQLite, because opening the file a second time in one process would drop SQLite's locks on it.
 * Throws Failure 'ledger-corrupt'.
 */
export function checkMark(head: string, database: SqlDatabase): void {
  const mark = readMark(head);
  if (mark === undefined) return;
  // The length first: a damaged page count would ask for any amount of memory.
  const bytes =
    Number(database.pragma('page_count', { simple: true })) * Number(database.pragma('page_size', { simple: true }));
  if (statSync(head).size === bytes && mark === formatMark(head, database.serialize())) return;
  throw new Failure(
    'ledger-corrupt',
    `the ledger head ${head} was changed after it was closed: it does not fit ${markPath(head)}`,
  );
}

// Synchronous on purpose: one line of text, read inside a SQLite transaction, where nothing may wait.
function readMark(head: string): string | undefined {
  try {
    return readFileSync(markPath(head), 'latin1');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new Failure('disk-failed', `${markPath(head)} cannot be read`, { cause: error });
  }
}
