// One object of a directory vault as a file: opened without following a link, and only if it is a regular file.
// Never waits on a pipe, never opens a device.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errnoOf, Failure } from '../evidence/index.ts';

/** An object's file, open for reading; whoever opened it closes it. */
export interface ObjectFile {
  readonly file: FileHandle;
  readonly sizeBytes: number;
}

/** Opens an object; undefined when nothing or a folder has the name. Failure 'vault-conflict' for anything but a file; other errors as they are. */
export async function openObject(path: string): Promise<ObjectFile | undefined> {
  const file = await openQuietly(path);
  if (file === undefined) return undefined;
  try {
    const facts = await file.stat();
    if (facts.isFile()) return { file, sizeBytes: facts.size };
    if (!facts.isDirectory()) throw notAnObject(path);
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

async function openQuietly(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    if (errno === 'ELOOP' || errno === 'ENXIO') throw notAnObject(path, error); // a link, a socket
    throw error;
  }
}

function notAnObject(path: string, cause?: unknown): Failure {
  return new Failure('vault-conflict', `${path} is not a regular file; it is not opened`, { cause });
}
