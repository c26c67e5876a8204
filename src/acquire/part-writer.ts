// Writes the part of a file in the spool: straight to the disk where the file system offers it (see platform/direct.ts). Where it does
// not, what was written is synced while the rest is still being copied, so that the fsync at the end finds little left to wait for.
// Never calls bytes durable that any of these syncs could not write.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errnoOf } from '../evidence/index.ts';
import { fitsDirect, O_DIRECT, wrapWriteError } from '../platform/index.ts';

/** Bytes after which a sync is begun beside the copying: large enough that its journal commit does not count. */
export const EARLY_SYNC_BYTES = 64 * 1_048_576;
/** Early syncs at a time in this process: libuv's threads are few, and the reading must go on. One that finds no turn is left out. */
const MAX_EARLY_SYNCS = 2;
let earlySyncs = 0;

/** What a writer asks of an open file; a FileHandle is one. */
export interface WritableFile {
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a part for writing: a new one at 0 bytes, else one that is continued. Failures: 'spool-full', 'disk-failed'. Close it. */
export async function openPartWriter(path: string, fromBytes: number): Promise<PartWriter> {
  try {
    const file = await open(path, fromBytes === 0 ? 'w' : 'r+', 0o640);
    return new PartWriter(file, path, () => open(path, constants.O_WRONLY | O_DIRECT));
  } catch (error) {
    throw wrapWriteError(error, path, 'spool-full');
  }
}

/** A part being written. */
export class PartWriter implements AsyncDisposable {
  readonly #file: WritableFile;
  readonly #path: string;
  readonly #openDirect: () => Promise<WritableFile>;
  /** Beside #file, for as long as every chunk is of whole blocks: first of the file comes what is written directly, then the rest. */
  #direct: WritableFile | undefined;
  #mayDirect = true;
  #unsyncedBytes = 0;
  #syncing: Promise<void> | undefined;
  #failed: { readonly error: unknown } | undefined;

  /** `openDirect` opens the same file for direct I/O, or rejects. */
  constructor(file: WritableFile, path: string, openDirect: () => Promise<WritableFile>) {
    this.#file = file;
    this.#path = path;
    this.#openDirect = openDirect;
  }

  /**
   * Writes all of a chunk; one at a time. The kernel is asked before this returns, once the file is open for direct I/O: what the caller does
   * next goes on beside the writing. Failures: 'spool-full', 'disk-failed'.
   */
  async write(chunk: Uint8Array, position: number): Promise<void> {
    try {
      this.#throwFailure();
      for (let done = 0; done < chunk.length; ) done += await this.#writeSome(chunk, done, position + done);
    } catch (error) {
      throw wrapWriteError(error, this.#path, 'spool-full');
    }
    this.#unsyncedBytes += chunk.length;
    if (this.#unsyncedBytes >= EARLY_SYNC_BYTES) this.#syncEarly();
  }

  async #writeSome(chunk: Uint8Array, offset: number, position: number): Promise<number> {
    const length = chunk.length - offset;
    const fits = this.#mayDirect && fitsDirect(offset, length, position);
    const direct = fits ? (this.#direct ?? (await this.#openedDirectly())) : undefined; // no await for one that is open
    if (direct !== undefined) {
      try {
        return (await direct.write(chunk, offset, length, position)).bytesWritten;
      } catch (error) {
        if (errnoOf(error) !== 'EINVAL') throw error; // refused before a byte was written: not offered for this file or memory
      }
    }
    this.#mayDirect = false;
    return (await this.#file.write(chunk, offset, length, position)).bytesWritten;
  }

  /** The file, open for direct I/O; opened for the first chunk that can use it, so that small files never pay for it. */
  async #openedDirectly(): Promise<WritableFile | undefined> {
    try {
      this.#direct = await this.#openDirect();
    } catch {
      return undefined; // whatever is wrong, the ordinary way tells it
    }
    return this.#direct;
  }

  /** When it returns, every byte is durable. Failures: 'spool-full', 'disk-failed'; the part must then be started again. */
  async sync(): Promise<void> {
    try {
      await this.#syncing;
      this.#throwFailure();
      await this.#file.sync();
    } catch (error) {
      throw wrapWriteError(error, this.#path, 'spool-full');
    }
  }

  #syncEarly(): void {
    if (this.#syncing !== undefined || earlySyncs >= MAX_EARLY_SYNCS) return;
    this.#unsyncedBytes = 0;
    earlySyncs += 1;
    this.#syncing = this.#file
      .datasync()
      .catch((error: unknown) => {
        this.#failed ??= { error };
      })
      .finally(() => {
        earlySyncs -= 1;
        this.#syncing = undefined;
      });
  }

  /** The kernel tells a failed write once per open file: the fsync at the end could succeed over bytes that an early one lost. */
  #throwFailure(): void {
    if (this.#failed !== undefined) throw this.#failed.error;
  }

  /** Ends writing, durable or not. */
  async close(): Promise<void> {
    await this.#syncing;
    await this.#direct?.close();
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
