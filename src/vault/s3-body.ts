// Bodies of uploads: exactly the announced bytes of a file, in large chunks, no faster than allowed.
// Chunks of 4 MiB cost a fifth less processor time than the usual 64 KiB (measured; see ARCHITECTURE.md).
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { errnoOf, Failure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';

const CHUNK_BYTES = 4 * 1_048_576;
/** With a limit, smaller: the line then flows evenly instead of in gushes. */
const SLOW_CHUNK_BYTES = 65_536;
const SECOND_MS = 1000;

/** How fast all uploads of a vault together may go. */
export interface Throttle {
  /** Waits until so many bytes may go. */
  take(sizeBytes: number): Promise<void>;
}

/** A throttle of so many bytes a second. */
export function makeThrottle(bytesPerSecond: number, clock: Clock): Throttle {
  let freeAt = clock.elapsedMs();
  return {
    async take(sizeBytes) {
      const now = clock.elapsedMs();
      const start = Math.max(freeAt, now);
      freeAt = start + (sizeBytes / bytesPerSecond) * SECOND_MS;
      if (start > now) await clock.wait(start - now);
    },
  };
}

/** Our own file cannot be read: not the store's fault, and no other try helps. */
export function sourceFailure(error: unknown, file: string): Failure {
  if (error instanceof Failure) return error;
  return new Failure('disk-failed', `${file} cannot be read: ${errnoOf(error) ?? String(error)}`, { cause: error });
}

/** A part of a file as a stream of exactly `sizeBytes` bytes. A file that cannot be read destroys the stream with its error. */
export function openBody(file: string, start: number, sizeBytes: number, throttle: Throttle | undefined): Readable {
  const highWaterMark = throttle === undefined ? CHUNK_BYTES : SLOW_CHUNK_BYTES;
  const stream = createReadStream(file, { start, end: start + sizeBytes - 1, highWaterMark });
  return throttle === undefined
    ? stream
    : Readable.from(slowly(stream, throttle), { objectMode: false, highWaterMark });
}

async function* slowly(stream: AsyncIterable<Buffer>, throttle: Throttle): AsyncIterable<Buffer> {
  for await (const chunk of stream) {
    await throttle.take(chunk.length);
    yield chunk;
  }
}
