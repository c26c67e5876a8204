// Pull: one pass that reads from the camera, hashes and writes to the spool; then fsync, then the name that says "whole".
// Never writes to the camera; never calls bytes whole that changed while they were read.
import type { Card, OpenSource } from '../camera/index.ts';
import {
  type EpochMs,
  Failure,
  type FailureCode,
  isFailure,
  makeItemId,
  parseByteCount,
  parseEpochMs,
  type SourceFile,
  type SpooledItem,
} from '../evidence/index.ts';
import { type Clock, removeDurable, wrapWriteError } from '../platform/index.ts';
import { type PassHash, startHash } from './hash.ts';
import type { Listing } from './listing.ts';
import { openPartWriter } from './part-writer.ts';
import { type ContinuedPart, giveUpPart, keepPart, keptBytes, takePart } from './parts.ts';
import { type ReadAt, readThrough } from './read-ahead.ts';
import { isWhole, mayBeLonger } from './said-size.ts';
import type { Spool, SpoolFolder } from './spool.ts';

/** Failures after which the next docking goes on from the part. */
const CONTINUABLE: ReadonlySet<FailureCode> = new Set(['camera-gone', 'cancelled', 'source-unreadable']);

/** What a pull needs. */
export interface PullPorts {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly sm3: boolean;
  /** Largest file taken, in bytes. */
  readonly maxFileBytes: number;
}

/** Called with bytes as they become safe in the page cache; for progress. */
export type OnBytes = (bytes: number) => void;

/**
 * Reads a source that said it has `sizeBytes`: gives at most one byte more, so that a file that grows ends, and is known to have grown. One
 * whose length the camera cannot say is read to its end, or to one byte more than `maxBytes`.
 */
export function readerOf(source: OpenSource, sizeBytes: number, maxBytes: number = Number.POSITIVE_INFINITY): ReadAt {
  const endBytes = mayBeLonger(sizeBytes) ? maxBytes : sizeBytes;
  return async (buffer, length, position) => {
    const most = Math.min(length, endBytes + 1 - position);
    return most <= 0 ? 0 : source.read(buffer, 0, most, position);
  };
}

/**
 * Copies file `n` of the listing into the spool. When it returns, the bytes are durable. Failures: 'camera-gone' and 'cancelled' (the part
 * is kept), 'source-unreadable' (too), 'source-changed', 'limit-exceeded', 'spool-full', 'disk-failed'.
 */
export async function pullFile(
  ports: PullPorts,
  card: Card,
  listing: Listing,
  folder: SpoolFolder,
  n: number,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<SpooledItem> {
  const startedAtMs = ports.clock.now();
  await using source = await card.open(fileOf(listing, n), signal);
  const file = await lookAgain(source, fileOf(listing, n));
  demandAllowed(ports, file, file.sizeBytes);
  const read = readerOf(source, file.sizeBytes, ports.maxFileBytes);
  const part = await startPart(ports, listing, folder, n, file, read);
  const hash = part?.hash ?? startHash(ports);
  onBytes(part?.sizeBytes ?? 0);
  try {
    await copy(read, folder.partPath(n), hash, part?.sizeBytes ?? 0, onBytes, signal);
    demandAllowed(ports, file, hash.sizeBytes);
    await demandUnchanged(source, file, hash.sizeBytes);
  } catch (error) {
    const failure = nameCancelled(error, file, signal);
    const settling = settlePart(ports.spool, folder, n, listing, file, failure, part !== undefined);
    await settling.catch(wrapping(folder.partPath(n)));
    throw failure;
  }
  await ports.spool.complete(folder, n).catch(wrapping(folder.bytesPath(n)));
  return spooled(listing, folder, n, file, hash, startedAtMs, ports.clock.now(), part?.sizeBytes);
}

function demandAllowed({ maxFileBytes }: PullPorts, file: SourceFile, sizeBytes: number): void {
  if (sizeBytes <= maxFileBytes) return;
  const size = mayBeLonger(file.sizeBytes) ? `more than ${maxFileBytes}` : String(sizeBytes);
  throw new Failure(
    'limit-exceeded',
    `${file.path.text} has ${size} bytes, over the limit of ${maxFileBytes} for one file`,
  );
}

/** The file as it is now that it is open: it may have been written to since it was listed, and the manifest must say what was read. */
async function lookAgain(source: OpenSource, file: SourceFile): Promise<SourceFile> {
  const { sizeBytes, modifiedAtMs } = await source.stat();
  return { ...file, sizeBytes: parseByteCount(sizeBytes), modifiedAtMs: parseEpochMs(modifiedAtMs) };
}

/** Takes over what an earlier docking left of the file, where there is room for the rest; undefined to start at the first byte. */
async function startPart(
  ports: PullPorts,
  listing: Listing,
  folder: SpoolFolder,
  n: number,
  file: SourceFile,
  read: ReadAt,
): Promise<ContinuedPart | undefined> {
  const kept = await keptBytes(ports.spool, listing.camera, file);
  await demandRoom(ports.spool, file, Math.max(0, file.sizeBytes - kept));
  if (kept === 0) return undefined;
  const taking = takePart(ports.spool, folder, n, listing.camera, file, read, ports);
  const part = await taking.catch(wrapping(folder.partPath(n)));
  if (part === undefined) await demandRoom(ports.spool, file, file.sizeBytes); // it was set aside
  return part;
}

function wrapping(path: string): (error: unknown) => never {
  return (error) => {
    throw wrapWriteError(error, path, 'spool-full');
  };
}

/** An abort, whatever reason it was given, is the failure 'cancelled'. */
function nameCancelled(error: unknown, file: SourceFile, signal: AbortSignal): unknown {
  if (!signal.aborted || error !== signal.reason || isFailure(error)) return error;
  return new Failure('cancelled', `copying ${file.path.text} was cancelled`, { cause: error });
}

/** The listing's file number n (from 1). */
export function fileOf(listing: Listing, n: number): SourceFile {
  const file = listing.files[n - 1];
  if (file === undefined) throw new Error(`defect: the listing of ${listing.acquisition} has no file ${n}`);
  return file;
}

async function demandRoom(spool: Spool, file: SourceFile, wantedBytes: number): Promise<void> {
  const room = await spool.claim(wantedBytes);
  if (room >= wantedBytes) return;
  const may = `${wantedBytes} bytes wanted, ${Math.max(0, room)} may be used`;
  throw new Failure('spool-full', `no room in the spool for ${file.path.text}: ${may}`);
}

async function copy(
  read: ReadAt,
  path: string,
  hash: PassHash,
  fromBytes: number,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<void> {
  await using writer = await openPartWriter(path, fromBytes);
  await readThrough(
    read,
    fromBytes,
    async (chunk, position) => {
      const writing = writer.write(chunk, position);
      writing.catch(() => undefined); // awaited below; hashing must not leave it unobserved meanwhile
      hash.update(chunk); // while the kernel writes this chunk and reads the next
      await writing;
      onBytes(chunk.length);
    },
    signal,
  );
  await writer.sync();
}

async function demandUnchanged(source: OpenSource, before: SourceFile, gotBytes: number): Promise<void> {
  const after = await source.stat();
  const same = after.sizeBytes === before.sizeBytes && after.modifiedAtMs === before.modifiedAtMs;
  if (same && isWhole(before.sizeBytes, gotBytes)) return;
  throw new Failure(
    'source-changed',
    `${before.path.text} changed while it was read: ${before.sizeBytes} bytes at first, ${after.sizeBytes} at the end, ${gotBytes} read`,
  );
}

/**
 * What becomes of bytes that are not whole. Worth continuing when the camera left, could not be read or the station stops; what this
 * docking alone copied goes when it can never be whole or fills the disk, for the camera still has it; what an earlier one copied stays.
 */
async function settlePart(
  spool: Spool,
  folder: SpoolFolder,
  n: number,
  listing: Listing,
  file: SourceFile,
  failure: unknown,
  continued: boolean,
): Promise<void> {
  if (!isFailure(failure)) return;
  const { code } = failure;
  if (CONTINUABLE.has(code) || (continued && code === 'spool-full'))
    await keepPart(spool, folder, n, listing.camera, file);
  else if (continued && code === 'source-changed') await giveUpPart(spool, folder, n, listing.camera, file);
  else if (code !== 'disk-failed') await removeDurable(folder.partPath(n));
}

function spooled(
  listing: Listing,
  folder: SpoolFolder,
  n: number,
  source: SourceFile,
  hash: PassHash,
  startedAtMs: EpochMs,
  finishedAtMs: EpochMs,
  continuedAtBytes: number | undefined,
): SpooledItem {
  return {
    stage: 'spooled',
    item: makeItemId(listing.acquisition, n),
    acquisition: listing.acquisition,
    source,
    spoolPath: folder.bytesPath(n),
    payload: hash.finish(),
    startedAtMs,
    finishedAtMs,
    ...(continuedAtBytes === undefined ? {} : { continuedAtBytes }),
  };
}

/** What recovery knows of bytes that were whole in the spool when the station stopped. */
export function respooled(
  listing: Listing,
  folder: SpoolFolder,
  n: number,
  payload: SpooledItem['payload'],
  startedAtMs: EpochMs,
  finishedAtMs: EpochMs,
): SpooledItem {
  return {
    stage: 'spooled',
    item: makeItemId(listing.acquisition, n),
    acquisition: listing.acquisition,
    source: fileOf(listing, n),
    spoolPath: folder.bytesPath(n),
    payload,
    startedAtMs,
    finishedAtMs,
  };
}
