// Reads a source from start to end with two buffers: while one is hashed and written, the next is being read.
// This is what makes one hashing copy as fast as `cp`; never holds more than the two buffers.
import type { ByteCount } from '../evidence/index.ts';
import { allocateDirect } from '../platform/index.ts';

/** Size of one buffer, in bytes: on the machines measured, larger gains nothing and smaller loses up to half. */
export const BUFFER_BYTES = 4 * 1_048_576;

/** Where bytes come from: fills `buffer` from its start, returns how many bytes, 0 at the end. */
export type ReadAt = (buffer: Buffer, lengthBytes: number, positionBytes: number) => Promise<number>;

/** A pair of buffers, lent to one reader at a time. */
export type BufferPair = readonly [Buffer, Buffer];

const spare: BufferPair[] = [];
/** Pairs kept for reuse; more are freed when their reader ends. */
const MAX_SPARE_PAIRS = 8;

/** Borrows a pair of buffers; give it back with returnBuffers. */
export function borrowBuffers(): BufferPair {
  return spare.pop() ?? [allocateDirect(BUFFER_BYTES), allocateDirect(BUFFER_BYTES)];
}

/** Gives a pair back. Only when no read into it is under way. */
export function returnBuffers(pair: BufferPair): void {
  if (spare.length < MAX_SPARE_PAIRS) spare.push(pair);
}

/** Calls `use` with each chunk in order; the chunk is valid until `use` returns. Stops at the end, at an error or when aborted. */
export async function readThrough(
  read: ReadAt,
  fromBytes: number,
  use: (chunk: Buffer, positionBytes: number) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<ByteCount> {
  const pair = borrowBuffers();
  let position = fromBytes;
  let turn: 0 | 1 = 0;
  let reading = start(read, pair[turn], position);
  try {
    for (;;) {
      const got = await reading;
      if (got === 0) return position as ByteCount; // a sum of read lengths is a byte count
      signal?.throwIfAborted();
      const chunk = pair[turn].subarray(0, got);
      turn = turn === 0 ? 1 : 0;
      reading = start(read, pair[turn], position + got);
      await use(chunk, position);
      position += got;
    }
  } finally {
    await reading.catch(() => 0); // its error was or will be thrown above; the buffer must be quiet before it is lent again
    returnBuffers(pair);
  }
}

function start(read: ReadAt, buffer: Buffer, position: number): Promise<number> {
  const reading = read(buffer, buffer.length, position);
  reading.catch(() => 0); // awaited in turn; without this a failing `use` would leave it unobserved
  return reading;
}
