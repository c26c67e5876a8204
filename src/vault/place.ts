// Puts an object under a name that must not exist yet: by a second name on the same file system, else by a copy; whole and durable.
// Never leaves half an object under the final name: a copy grows under a temporary one.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, link, open, readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, Failure } from '../evidence/index.ts';
import { createExclusive, linkDurable, syncDirectory, TEMP_PREFIX } from '../platform/index.ts';
import type { PutSource } from './port.ts';

/** A stored object may not be written to by anybody. */
const STORED_MODE = 0o444;
/** What link(2) says where a second name cannot be made. */
const NO_LINK: ReadonlySet<string | undefined> = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP']);

/** False when something stands there already. Failure 'disk-failed' when the source cannot be made read-only; else errors of the system (ENOSPC…). */
export async function placeObject(source: PutSource, path: string): Promise<boolean> {
  try {
    if ('bytes' in source) await createExclusive(path, source.bytes, STORED_MODE);
    else await linkOrCopy(source.file, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** On one file system a second name is enough; the write permission goes first, so that no writable name of a stored file exists. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await makeReadOnly(from);
  try {
    await linkDurable(from, to);
  } catch (error) {
    if (!NO_LINK.has(errnoOf(error))) throw error;
    await placeCopy(from, to);
  }
}

async function makeReadOnly(path: string): Promise<void> {
  try {
    await chmod(path, STORED_MODE);
  } catch (cause) {
    throw new Failure('disk-failed', `${path} cannot be stored: ${errnoOf(cause) ?? 'unknown error'}`, { cause });
  }
}

/** Copies this process is making now: two cameras may bring the same bytes. */
const copying = new Set<string>();

async function placeCopy(from: string, to: string): Promise<void> {
  const mark = `${TEMP_PREFIX}${basename(to)}-`;
  await removeLeftovers(dirname(to), mark);
  const temp = join(dirname(to), `${mark}${randomBytes(8).toString('hex')}`);
  copying.add(temp);
  try {
    await copyFile(from, temp, constants.COPYFILE_EXCL); // copies inside the kernel where it can
    await finishCopy(temp);
    await link(temp, to);
  } finally {
    copying.delete(temp);
    await unlink(temp).catch(() => undefined); // best effort: names with TEMP_PREFIX are never objects
  }
  await syncDirectory(dirname(to));
}

/**
 * Removes what a killed copy left, as large as the footage may be. Another station that copies the same bytes into a common vault right
 * now loses its temporary name, cannot link it, and tries again.
 */
async function removeLeftovers(folder: string, mark: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(mark)).map((name) => join(folder, name));
  for (const path of left) if (!copying.has(path)) await unlink(path);
}

async function finishCopy(path: string): Promise<void> {
  await using file = await open(path, 'r'); // copied as read-only as its source is; fsync needs no more
  await file.chmod(STORED_MODE);
  await file.sync();
}
