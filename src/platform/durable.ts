// The only module that writes files that matter. The name of a function is its guarantee.
// After any of them returns, the bytes and the directory entry survive a power cut; after a throw, the name was not changed
// (or, for a failed fsync, the file must be started again: the kernel may have dropped the pages it could not write).
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, Failure } from '../evidence/index.ts';

/** Name mark of files in the making; recovery may remove any file that starts with it. */
export const TEMP_PREFIX = '.docket-tmp-';

/** Fsyncs a directory, so that names made or removed in it survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Fsyncs a file that something else wrote whole, and its name. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
}

/** Makes a directory and its parents durable; existing ones are fine. */
export async function ensureDirectory(path: string, mode = 0o750): Promise<void> {
  const whole = resolve(path); // one form, so that the walk upwards meets the first new one
  const first = await mkdir(whole, { recursive: true, mode });
  if (first === undefined) return;
  // Every parent from the first new one's up to path's holds a new name.
  for (let at = whole; ; at = dirname(at)) {
    await syncDirectory(dirname(at));
    if (at === first) return;
  }
}

/** Writes a file that must not exist yet: whole or not at all. Throws an EEXIST error when it does. */
export async function createExclusive(path: string, bytes: Uint8Array, mode = 0o640): Promise<void> {
  await viaTemp(path, bytes, mode, async (temp) => {
    await link(temp, path);
    await unlink(temp);
  });
}

/** Writes or replaces a file: after a crash either the old bytes or the new ones stand there, whole. */
export async function replaceFile(path: string, bytes: Uint8Array, mode = 0o640): Promise<void> {
  await viaTemp(path, bytes, mode, (temp) => rename(temp, path));
}

async function viaTemp(
  path: string,
  bytes: Uint8Array,
  mode: number,
  place: (temp: string) => Promise<void>,
): Promise<void> {
  const temp = join(dirname(path), `${TEMP_PREFIX}${randomBytes(8).toString('hex')}-${basename(path).slice(0, 100)}`);
  const file = await open(temp, 'wx', mode);
  try {
    await writeAll(file, bytes);
    await file.sync();
    await file.close();
    await place(temp);
  } catch (error) {
    await file.close().catch(() => undefined); // already closed when place() failed; the first error is the one to report
    await unlink(temp).catch(() => undefined); // best effort: recovery removes what starts with TEMP_PREFIX
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, done);
    done += bytesWritten;
  }
}

/** Gives a fsynced file a second name without copying. Both directories must be on one file system; throws EEXIST or EXDEV errors. */
export async function linkDurable(from: string, to: string): Promise<void> {
  await link(from, to);
  await syncDirectory(dirname(to));
}

/** Moves a fsynced file within one file system; replaces what stands there. */
export async function moveDurable(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
}

/** Removes a name; a missing one is fine. */
export async function removeDurable(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Removes the files in the making that a killed process left in a folder. Only for a folder that nobody else writes to at this time. */
export async function sweepTemporary(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith(TEMP_PREFIX)) await removeDurable(join(folder, name));
}

/** True if the path exists (any type; the link itself, not its target, is not followed further than stat does). */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Turns the errno of a failed write into a Failure: full disks wait, broken ones stop. `full` is the code for a full disk here. What is no error of the system is a defect, and stays one. */
export function wrapWriteError(error: unknown, what: string, full: 'spool-full' | 'vault-full'): Error {
  const errno = errnoOf(error);
  if (error instanceof Failure) return error;
  if (error instanceof Error && (errno === undefined || errno.startsWith('ERR_'))) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG')
    return new Failure(full, `no space left: ${what}`, { cause: error });
  if (errno === 'ENOENT' || errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS' || errno === 'ENOTDIR')
    return new Failure(full === 'vault-full' ? 'vault-unreachable' : 'disk-failed', `cannot write ${what}: ${errno}`, {
      cause: error,
    });
  return new Failure('disk-failed', `write failed (${errno ?? 'unknown error'}): ${what}`, { cause: error });
}
