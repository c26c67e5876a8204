// A folder of the real file system, walked by open directories and not by paths: each name is looked up in the very directory that was opened,
// through /proc/self/fd, so that a folder swapped for a link meanwhile leads nowhere. Never opens anything for writing.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, opendir } from 'node:fs/promises';
import { errnoOf, Failure } from '../evidence/index.ts';
import { bytesOfRaw, type RawName } from './source-path.ts';
import type { Folder, Look } from './tree.ts';

const { O_DIRECTORY, O_NOATIME, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Names fetched from the kernel at a time. */
const NAMES_AT_ONCE = 1024;

/**
 * Opens for reading without following a link at the end, without waiting, and without touching the access time where that is allowed.
 * 'by its handle' is for a path in /proc/self/fd itself, which is a link to what is already held.
 */
export async function openQuietly(
  path: string | Buffer,
  flags: number,
  way: 'by name' | 'by its handle' = 'by name',
): Promise<FileHandle> {
  const quiet = O_RDONLY | O_NONBLOCK | flags | (way === 'by name' ? O_NOFOLLOW : 0);
  try {
    return await open(path, quiet | O_NOATIME);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    return open(path, quiet); // not our file: its access time is the mount's concern (noatime, read-only)
  }
}

/** Linux's O_PATH: names a file without opening it, so that a pipe or device put there meanwhile is not even touched. */
const O_PATH = 0o10000000;

/** Opens a regular file, and nothing else that stands under that name by now: EISDIR. */
export async function openRegular(path: Buffer): Promise<FileHandle> {
  const named = await open(path, O_PATH | O_NOFOLLOW);
  try {
    if (!(await named.stat()).isFile()) throw errno('EISDIR', 'no regular file');
    return await openQuietly(`/proc/self/fd/${named.fd}`, 0, 'by its handle');
  } finally {
    await named.close();
  }
}

/** The path of a name in an open directory; valid while the directory is open. */
export function pathIn(directory: FileHandle, name: RawName): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory.fd}/`), bytesOfRaw(name)]);
}

/** Opens the root of a card; the root itself may be reached through links, since the station's configuration names it. */
export async function openRoot(path: string): Promise<FileHandle> {
  const flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK;
  return open(path, flags);
}

/**
 * Opens the folder in which a path lies, name by name from an open directory: no name of it through a link, all on one file system. Returns it
 * with the last name, which is not looked up. Whoever called closes it; `root` stays open.
 */
export async function openFolderOf(
  root: FileHandle,
  path: RawName,
  device: number,
): Promise<{ readonly folder: FileHandle; readonly name: RawName }> {
  const names = path.split('/');
  if (names.some((each) => each === '' || each === '.' || each === '..' || each.includes('\0')))
    throw errno('ELOOP', 'a path that leads elsewhere');
  const name = names.pop() ?? '';
  let at = await openAgain(root);
  try {
    for (const each of names) {
      const inner = await openQuietly(pathIn(at, each), O_DIRECTORY);
      await at.close();
      at = inner;
      if ((await at.stat()).dev !== device) throw errno('ELOOP', 'another file system is mounted on the way');
    }
    return { folder: at, name };
  } catch (error) {
    await at.close();
    throw error;
  }
}

/** The same directory once more, by its handle, whatever stands at its path by now. */
export function openAgain(directory: FileHandle): Promise<FileHandle> {
  return openQuietly(`/proc/self/fd/${directory.fd}/.`, O_DIRECTORY);
}

/** An error as the kernel would give it. */
export function errno(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** A folder that owns its handle. `device` is the file system of the card: folders of another one are not entered. */
export function makeFolder(directory: FileHandle, device: number): Folder {
  return {
    names: (max, signal) => readNames(directory, max, signal),
    look: async (name) => lookOf(await lstat(pathIn(directory, name))),
    async enter(name) {
      const inner = await openQuietly(pathIn(directory, name), O_DIRECTORY);
      if ((await inner.stat()).dev === device) return makeFolder(inner, device);
      await inner.close();
      throw errno('EXDEV', 'another file system is mounted here');
    },
    close: () => directory.close(),
  };
}

async function readNames(
  directory: FileHandle,
  max: number,
  signal?: AbortSignal,
): Promise<{ readonly names: RawName[]; readonly more: boolean }> {
  const names: RawName[] = [];
  // @types/node knows opendir's names as text only; with this encoding they are buffers.
  const entries = (await opendir(`/proc/self/fd/${directory.fd}`, {
    encoding: 'buffer' as BufferEncoding,
    bufferSize: NAMES_AT_ONCE,
  })) as AsyncIterable<{ name: string | Buffer }>;
  for await (const { name } of entries) {
    if (names.length === max) return { names, more: true };
    if (signal?.aborted === true)
      throw new Failure('cancelled', 'listing the card was cancelled', { cause: signal.reason });
    names.push(Buffer.from(name as Buffer).toString('latin1')); // a buffer, see above
  }
  return { names, more: false };
}

function lookOf(stats: Stats): Look {
  return { type: typeOf(stats), sizeBytes: stats.size, modifiedAtMs: stats.mtimeMs };
}

function typeOf(stats: Stats): Look['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}
