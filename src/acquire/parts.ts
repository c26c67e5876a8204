// Parts: what a docking that broke off leaves behind, so that the next one continues instead of starting again.
// A part is only continued when every byte of it is proven again: by its own digest, and by samples of the camera's file.
import { open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import {
  type CameraIdentity,
  decodeJson,
  encodeCanonical,
  errnoOf,
  isFailure,
  parseShape,
  type Sha256,
  type SourceFile,
  sha256Schema,
} from '../evidence/index.ts';
import { exists, moveDurable, removeDurable, replaceFile } from '../platform/index.ts';
import { type PassHash, startHash } from './hash.ts';
import { type ReadAt, readThrough } from './read-ahead.ts';
import { mayHold } from './said-size.ts';
import { partKey, type Spool, type SpoolFolder } from './spool.ts';

/** Size of one sample that is compared with the camera's file, and how many are taken besides the first and last. */
const SAMPLE_BYTES = 65_536;
const SAMPLES = 32;

const noteSchema = z.strictObject({
  v: z.literal(1),
  sizeBytes: z.int().nonnegative(),
  sha256: sha256Schema,
  path: z.string(),
  camera: z.string(),
});

/** A part taken over into an acquisition's folder, with the hash of its bytes running. */
export interface ContinuedPart {
  readonly sizeBytes: number;
  readonly hash: PassHash;
}

function pathsOf(spool: Spool, key: string): { readonly bytes: string; readonly note: string } {
  return { bytes: join(spool.path, 'parts', `${key}.part`), note: join(spool.path, 'parts', `${key}.json`) };
}

/** Keeps the part of file `n`, durably, with its digest; an empty one is removed. Returns how many bytes are kept. */
export async function keepPart(
  spool: Spool,
  folder: SpoolFolder,
  n: number,
  camera: CameraIdentity,
  file: SourceFile,
): Promise<number> {
  const from = folder.partPath(n);
  if (!(await exists(from))) return 0;
  const { sizeBytes, sha256 } = await syncAndHash(from);
  if (sizeBytes === 0) {
    await removeDurable(from);
    return 0;
  }
  const to = pathsOf(spool, partKey(camera, file));
  const note = { v: 1, sizeBytes, sha256, path: file.path.text, camera: camera.serial ?? camera.folder ?? '' };
  // What stands there already is of another camera of the same serial, or lost its note in a crash: it may be the only copy.
  if (await exists(to.bytes)) await setAside(to.bytes, to.note);
  // Bytes first: without its note a part is never continued, and the note of an older part does not fit other bytes.
  await moveDurable(from, to.bytes);
  await replaceFile(to.note, encodeCanonical(note));
  return sizeBytes;
}

async function syncAndHash(path: string): Promise<{ readonly sizeBytes: number; readonly sha256: Sha256 }> {
  const hash = await hashFile(path, { sm3: false }, true);
  return { sizeBytes: hash.sizeBytes, sha256: hash.sha256SoFar() };
}

async function hashFile(path: string, options: { readonly sm3: boolean }, sync: boolean): Promise<PassHash> {
  await using file = await open(path, sync ? 'r+' : 'r');
  if (sync) await file.sync();
  const hash = startHash(options);
  await readThrough(
    async (buffer, length, position) => (await file.read(buffer, 0, length, position)).bytesRead,
    0,
    (chunk) => hash.update(chunk),
  );
  return hash;
}

/** How many bytes are kept of this very file; whether they are good is known when they are taken. */
export async function keptBytes(spool: Spool, camera: CameraIdentity, file: SourceFile): Promise<number> {
  try {
    return (await stat(pathsOf(spool, partKey(camera, file)).bytes)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Takes over the part of this very file, if there is one whose bytes are proven; else undefined, and what did not fit stays aside. */
export async function takePart(...of: Parameters<typeof proveAndTake>): Promise<ContinuedPart | undefined> {
  try {
    return await proveAndTake(...of);
  } catch (error) {
    // Another camera, of the same serial and with the same names, is docked too and was first: it proves and takes, we start anew.
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function proveAndTake(
  spool: Spool,
  folder: SpoolFolder,
  n: number,
  camera: CameraIdentity,
  file: SourceFile,
  readSource: ReadAt,
  options: { readonly sm3: boolean },
): Promise<ContinuedPart | undefined> {
  const from = pathsOf(spool, partKey(camera, file));
  const note = await readNote(from.note);
  if (note === 'none' || !(await exists(from.bytes))) return undefined;
  const hash = await hashFile(from.bytes, options, false);
  const whole = note !== 'unproven' && hash.sizeBytes === note.sizeBytes && hash.sha256SoFar() === note.sha256;
  const fits =
    whole && mayHold(file.sizeBytes, hash.sizeBytes) && (await sameSamples(from.bytes, hash.sizeBytes, readSource));
  if (!fits) {
    await setAside(from.bytes, from.note);
    return undefined;
  }
  await moveDurable(from.bytes, folder.partPath(n));
  await removeDurable(from.note);
  return { sizeBytes: hash.sizeBytes, hash };
}

/**
 * A note is written whole or not at all; one that cannot be read was damaged since, and so may its part be. What a newer docket's note
 * vouches for is not known here either: the file is copied anew, and its part stays aside.
 */
async function readNote(path: string): Promise<z.infer<typeof noteSchema> | 'none' | 'unproven'> {
  try {
    return parseShape(noteSchema, decodeJson(await readFile(path), path), path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'none';
    if (isFailure(error, 'invalid') || isFailure(error, 'format-newer')) return 'unproven';
    throw error;
  }
}

/** Keeps the part of file `n` aside: copied by an earlier docking from a file that now changes, so it is never continued. */
export async function giveUpPart(
  spool: Spool,
  folder: SpoolFolder,
  n: number,
  camera: CameraIdentity,
  file: SourceFile,
): Promise<void> {
  const to = pathsOf(spool, partKey(camera, file));
  await moveAside(folder.partPath(n), to.bytes);
}

async function setAside(bytes: string, note: string): Promise<void> {
  await moveAside(bytes, bytes);
  await removeDurable(note);
}

/** Bytes that the camera no longer shows are kept under a name of their own: they may be the only copy. */
async function moveAside(from: string, like: string): Promise<void> {
  for (let k = 1; ; k += 1) {
    const aside = join(dirname(like), `${k}-aside-${basename(like)}`);
    if (await exists(aside)) continue;
    await moveDurable(from, aside);
    return;
  }
}

/** Compares samples of the part with the camera's file: first, last and SAMPLES evenly between. */
async function sameSamples(path: string, sizeBytes: number, readSource: ReadAt): Promise<boolean> {
  await using file = await open(path, 'r');
  const ours = Buffer.allocUnsafe(SAMPLE_BYTES);
  const theirs = Buffer.allocUnsafe(SAMPLE_BYTES);
  const last = Math.max(0, sizeBytes - SAMPLE_BYTES);
  for (let k = 0; k <= SAMPLES; k += 1) {
    const at = Math.floor((last * k) / SAMPLES);
    const length = Math.min(SAMPLE_BYTES, sizeBytes - at);
    const [a, b] = await Promise.all([
      readFully(
        (buffer, size, position) => file.read(buffer, 0, size, position).then((r) => r.bytesRead),
        ours,
        length,
        at,
      ),
      readFully(readSource, theirs, length, at),
    ]);
    if (a !== length || b !== length || !ours.subarray(0, length).equals(theirs.subarray(0, length))) return false;
  }
  return true;
}

async function readFully(read: ReadAt, into: Buffer, length: number, at: number): Promise<number> {
  let got = 0;
  while (got < length) {
    const more = await read(into.subarray(got, length), length - got, at + got);
    if (more === 0) break;
    got += more;
  }
  return got;
}
