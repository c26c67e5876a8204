// Clearing: the only code that changes a card, and it can only unlink one regular file at a time, by its exact path below the card's open root.
// Called by ingest/release for files that are on record and were just read again; never follows a link, never leaves the card, never
// touches another card that stands in its place by now.
import type { Stats } from 'node:fs';
import { type FileHandle, lstat, unlink } from 'node:fs/promises';
import { errnoOf, Failure, type SourceFile } from '../evidence/index.ts';
import type { FolderCard } from './card.ts';
import { pathIn } from './folder-tree.ts';
import { mapSourceError } from './source-error.ts';

/**
 * What the file was when it was read again; anything else standing under its name is left alone. Not its inode number: FAT and exFAT make
 * another one up whenever the kernel forgot the file, which a card of many files makes it do.
 */
export interface SeenFile {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** What a file system says that cannot flush a folder; any other answer means that the file may still be there. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * Unlinks a file of the card and fsyncs its folder. Failures: 'source-changed' (another file stands there now), 'camera-gone' (or another card
 * stands there), 'name-refused', 'source-unreadable' (a read-only mount above all).
 */
export async function clearFile(card: FolderCard, file: SourceFile, seen: SeenFile): Promise<void> {
  const what = file.path.text;
  try {
    const { folder, name } = await card.openFolderOf(file);
    await using _folder = folder;
    demandSame(await lstat(pathIn(folder, name)), seen, what);
    if (!(await card.isPresent()))
      throw new Failure('camera-gone', `the camera left, or was exchanged, before ${what} was cleared`);
    await unlink(pathIn(folder, name));
    await flush(folder);
  } catch (error) {
    if (errnoOf(error) === 'EROFS')
      throw new Failure('source-unreadable', `${what} cannot be cleared: the card is mounted read-only`, {
        cause: error,
      });
    throw mapSourceError(error, what, await card.isPresent());
  }
}

async function flush(folder: FileHandle): Promise<void> {
  try {
    await folder.sync();
  } catch (error) {
    if (!CANNOT_SYNC.has(errnoOf(error) ?? '')) throw error; // else it is on record either way
  }
}

function demandSame(facts: Stats, seen: SeenFile, what: string): void {
  const same = facts.isFile() && facts.size === seen.sizeBytes && Math.trunc(facts.mtimeMs) === seen.modifiedAtMs;
  if (!same) throw new Failure('source-changed', `${what} is not the file that was read again; it is left alone`);
}
