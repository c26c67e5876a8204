// One hashing thread of digest.ts: reads a file with blocking calls and answers with its digests.
// Never holds more than one buffer; never keeps a file open after its answer.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestAnswer, DigestQuestion } from './digest.ts';
import { allocateDirect, fitsDirect, O_DIRECT } from './direct.ts';

/** Read size: large enough that system calls do not count and a disk is kept busy, small enough to stay in the processor's cache. */
const BUFFER_BYTES = 1_048_576;
const buffer = allocateDirect(BUFFER_BYTES);
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function digest(question: DigestQuestion): DigestAnswer {
  const sha256 = createHash('sha256');
  const sm3 = question.sm3 ? createHash('sm3') : undefined;
  const take = (bytes: Uint8Array): void => {
    sha256.update(bytes);
    sm3?.update(bytes);
  };
  const file = openSync(question.path, FLAGS);
  try {
    demandFile(file);
    const fromDisk = question.fromDisk ? readDisk(file, take) : 0;
    const sizeBytes = readOn(file, fromDisk, take);
    return { id: question.id, sha256: sha256.digest('hex'), sm3: sm3?.digest('hex'), sizeBytes };
  } finally {
    closeSync(file);
  }
}

/** Reads from a position to the end; returns where the end is. */
function readOn(file: number, fromBytes: number, take: (bytes: Uint8Array) => void): number {
  for (let position = fromBytes; ; ) {
    const got = readSync(file, buffer, 0, BUFFER_BYTES, position);
    if (got === 0) return position;
    take(buffer.subarray(0, got));
    position += got;
  }
}

/** Reads an open file past the page cache, as far as whole blocks go; returns how far that was: 0 where it cannot be done. */
function readDisk(file: number, take: (bytes: Uint8Array) => void): number {
  let position = 0;
  let direct: number | undefined;
  try {
    direct = openSync(`/proc/self/fd/${file}`, constants.O_RDONLY | O_DIRECT); // this very file, whatever its name means by now
    while (fitsDirect(position)) {
      const got = readSync(direct, buffer, 0, BUFFER_BYTES, position);
      if (got === 0) break;
      take(buffer.subarray(0, got));
      position += got;
    }
  } catch (error) {
    if (direct !== undefined && !isRefusal(error)) throw error; // not opened, or not in this way: the rest is read as usual
  } finally {
    if (direct !== undefined) closeSync(direct);
  }
  return position;
}

/** Told before a byte was read: this file system, or this memory, does not do it. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EINVAL';
}

/** A pipe reads as empty and a device without end: neither has a digest. */
function demandFile(file: number): void {
  const facts = fstatSync(file);
  if (facts.isFile()) return;
  throw Object.assign(new Error('not a regular file'), { code: facts.isDirectory() ? 'EISDIR' : 'EINVAL' });
}

function answer(question: DigestQuestion): DigestAnswer {
  try {
    return digest(question);
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    return { id: question.id, errno, message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (question: DigestQuestion) => parentPort?.postMessage(answer(question)));
