// The closing mark: `<catalog>.sha256`, in the form `sha256sum -c` reads, written when a small catalog is closed cleanly and removed before
// it is written again. While it stands, any changed bit of the file has a name, even one in space that SQLite does not use.
// Its absence says nothing: a catalog that is open, large or was left by a power cut has none.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { errnoOf, type Finding, finding } from '../evidence/index.ts';
import { exists, removeDurable, replaceFile, wrapWriteError } from '../platform/index.ts';

/** Largest catalog that gets a mark, in bytes (64 MiB): it is read whole when it is closed, which must not hold up a shutdown. */
export const MAX_MARKED_BYTES = 67_108_864;

/** Path of a catalog's closing mark. */
export function markPath(path: string): string {
  return `${path}.sha256`;
}

/** Writes the mark for a closed catalog of these bytes; durable on return. Throws Failure 'disk-failed' or 'spool-full'. */
export async function writeMark(path: string, bytes: Uint8Array): Promise<void> {
  await replaceFile(markPath(path), Buffer.from(markText(path, bytes))).catch((error: unknown) => {
    throw wrapWriteError(error, markPath(path), 'spool-full');
  });
}

/** Removes the mark; durable on return, so that no write can stand beside an old mark. Throws Failure 'disk-failed'. */
export async function removeMark(path: string): Promise<void> {
  await removeDurable(markPath(path)).catch((error: unknown) => {
    throw wrapWriteError(error, markPath(path), 'spool-full');
  });
}

/** What is wrong with the closing mark, or with reading it. */
export async function checkMark(path: string): Promise<readonly Finding[]> {
  try {
    return await compareMark(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return [finding('read-failed', path, `the catalog and its closing mark cannot be compared: ${errno}`)];
  }
}

/** What the mark says against the file; nothing when there is no mark. Call it only while nobody writes: a writer removes the mark first. */
async function compareMark(path: string): Promise<readonly Finding[]> {
  const mark = await readIfThere(markPath(path));
  if (mark === undefined) return [];
  if (mark === 'no-file') return [finding('catalog-altered', path, `${markPath(path)} is not the file it should be`)];
  if ((await sizeOf(`${path}-wal`)) > 0)
    return [
      finding(
        'catalog-altered',
        `${path}-wal`,
        'the catalog was closed cleanly, yet a write-ahead log stands beside it',
      ),
    ];
  if ((await sizeOf(path)) > MAX_MARKED_BYTES)
    return [finding('catalog-altered', path, 'the catalog is larger than any that gets a closing mark')];
  const bytes = await readIfThere(path);
  if (bytes === 'no-file') return [finding('catalog-altered', path, 'no regular file stands in its place')];
  if (bytes === undefined || !(await exists(markPath(path)))) return []; // a writer came while we read
  if (mark.equals(Buffer.from(markText(path, bytes)))) return [];
  return [
    finding('catalog-altered', path, 'the file is not the one that was closed: its bytes do not fit the closing mark'),
  ];
}

function markText(path: string, bytes: Uint8Array): string {
  return `${createHash('sha256').update(bytes).digest('hex')}  ${basename(path)}\n`;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function readIfThere(path: string): Promise<Buffer | 'no-file' | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'EISDIR') return 'no-file';
    throw error;
  }
}
