// Clearing: the only code that changes a card, and it can only unlink one regular file at a time, by its exact path.
// Called by ingest/release for files that are on record and were just read again; never follows a link, never leaves the card.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, unlink } from 'node:fs/promises';
import { errnoOf, Failure, type SourceFile } from '../evidence/index.ts';
import { openQuietly, openRoot, pathIn } from './folder-tree.ts';
import { mapSourceError } from './source-error.ts';
import { bytesOfSourcePath } from './source-path.ts';

/** What the file was when it was read again; anything else standing under its name is left alone. */
export interface SeenFile {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/**
 * Unlinks a file of the card mounted at `root` and fsyncs its folder. Failures: 'source-changed' (another file stands there now),
 * 'camera-gone', 'name-refused', 'source-unreadable' (a read-only mount above all).
 */
export async function clearFile(root: string, file: SourceFile, seen: SeenFile): Promise<void> {
  const what = file.path.text;
  try {
    const names = bytesOfSourcePath(file.path).toString('latin1').split('/');
    const last = names.pop() ?? '';
    await using folder = await openFolder(root, names);
    demandSame(await lstat(pathIn(folder, last)), seen, what);
    await unlink(pathIn(folder, last));
    await folder.sync().catch(() => undefined); // some camera file systems cannot; the file is on record either way
  } catch (error) {
    if (errnoOf(error) === 'EROFS')
      throw new Failure('source-unreadable', `${what} cannot be cleared: the card is mounted read-only`, {
        cause: error,
      });
    throw mapSourceError(error, what, true);
  }
}

async function openFolder(root: string, names: readonly string[]): Promise<FileHandle> {
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    throw Object.assign(new Error('a path that leads elsewhere'), { code: 'ELOOP' });
  let at = await openRoot(root);
  for (const name of names) {
    await using outer = at;
    at = await openQuietly(pathIn(outer, name), constants.O_DIRECTORY);
  }
  return at;
}

function demandSame(facts: Stats, seen: SeenFile, what: string): void {
  const same = facts.isFile() && facts.size === seen.sizeBytes && Math.trunc(facts.mtimeMs) === seen.modifiedAtMs;
  if (!same) throw new Failure('source-changed', `${what} is not the file that was read again; it is left alone`);
}
