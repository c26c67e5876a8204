// Bodies of uploads: exactly the announced bytes of a file, in large chunks, no faster than allowed.
// Large chunks in memory that is used again cost a third less processor time than the usual 64 KiB (measured; see ARCHITECTURE.md).
import { close, createReadStream, open, read } from 'node:fs';
import { Readable } from 'node:stream';
import { errnoOf, Failure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';

const CHUNK_BYTES = 1_048_576;
/** Of one body's memory: a chunk on its way to the socket, one that waits, one being read, and one to spare. */
const BUFFERS = 4;
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

/**
 * A part of a file, read into the same few buffers again and again. A chunk is good until three more were read: right for pipe(), which
 * asks for more only once the socket has taken all it was given. Were it ever not, the store would refuse the body by its digest.
 */
class FileBody extends Readable {
  readonly #path: string;
  #position: number;
  #left: number;
  #file: number | undefined;
  readonly #buffers: Buffer[] = [];
  #turn = 0;

  constructor(path: string, start: number, sizeBytes: number) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#path = path;
    this.#position = start;
    this.#left = sizeBytes;
  }

  override _construct(done: (error?: Error | null) => void): void {
    open(this.#path, 'r', (error, file) => {
      this.#file = file;
      done(error);
    });
  }

  /** The next chunk; the end also of a file that is shorter than announced: the announced length tells the store. */
  override _read(): void {
    const length = Math.min(CHUNK_BYTES, this.#left);
    if (length === 0 || this.#file === undefined) {
      this.push(null);
      return;
    }
    const buffer = this.#buffer();
    read(this.#file, buffer, 0, length, this.#position, (error, bytesRead) => {
      if (error !== null) return this.destroy(error);
      this.#position += bytesRead;
      this.#left -= bytesRead;
      return this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead));
    });
  }

  #buffer(): Buffer {
    const at = this.#turn;
    this.#turn = (at + 1) % BUFFERS;
    this.#buffers[at] ??= Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, this.#left));
    return this.#buffers[at];
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#file === undefined) done(error);
    else close(this.#file, (cause) => done(error ?? cause));
  }
}

/** A part of a file as a stream of exactly `sizeBytes` bytes. A file that cannot be read destroys the stream with its error. */
export function openBody(file: string, start: number, sizeBytes: number, throttle: Throttle | undefined): Readable {
  if (throttle === undefined) return new FileBody(file, start, sizeBytes);
  const stream = createReadStream(file, { start, end: start + sizeBytes - 1, highWaterMark: SLOW_CHUNK_BYTES });
  return Readable.from(slowly(stream, throttle), { objectMode: false, highWaterMark: SLOW_CHUNK_BYTES });
}

async function* slowly(stream: AsyncIterable<Buffer>, throttle: Throttle): AsyncIterable<Buffer> {
  for await (const chunk of stream) {
    await throttle.take(chunk.length);
    yield chunk;
  }
}
