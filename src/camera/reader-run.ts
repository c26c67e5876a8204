// Has the files of one card opened and read by a process of its own (card-reader.ts), so that this one never holds a descriptor of them
// and none of its threads waits for a program that hangs. Started at the first open, again after it ended; never outlives its card.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { Failure, isFailure } from '../evidence/index.ts';
import { NODE_FLAGS, systemClock } from '../platform/index.ts';
import { errno } from './folder-tree.ts';
import {
  answerSchema,
  bytesSchema,
  closedSchema,
  factsSchema,
  MAX_READ_BYTES,
  openedSchema,
  type Question,
} from './reader-words.ts';
import type { RawName } from './source-path.ts';

/** An open file as a source reads it; a FileHandle is one. */
export interface OpenFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number; readonly mtimeMs: number }>;
  close(): Promise<void>;
}

/** Which card, and what reads it. */
export interface CardReaderOptions {
  readonly root: string;
  /** Of the root that the card was opened with; where another stands by now nothing is opened. */
  readonly dev: number;
  readonly ino: number;
  /** Script of the process; another one in tests. */
  readonly script?: URL | undefined;
}

/** Longest wait for a killed process, in milliseconds: one that a dead device holds ends when the device lets go. */
const END_MS = 2000;

type Ask = Question extends infer Each ? (Each extends Question ? Omit<Each, 'id'> : never) : never;

/** The reader of one card. Whoever opened the card closes it; close twice is fine. */
export class CardReader {
  readonly #options: CardReaderOptions;
  #running: Running | undefined;
  #closed = false;

  constructor(options: CardReaderOptions) {
    this.#options = options;
  }

  /**
   * Opens a file by its path below the root. Once `signal` aborts, whatever is asked of the file ends the process, and is the failure
   * 'cancelled'. Other errors are errno errors: EPIPE when the process ended, EPROTO when it said something unknown.
   */
  async open(path: RawName, signal?: AbortSignal): Promise<OpenFile> {
    if (this.#closed) throw errno('EBADF', 'the card is closed');
    const { root, dev, ino, script } = this.#options;
    if (this.#running?.isOver !== false) this.#running = new Running(script);
    const running = this.#running;
    const file = await running.ask({ ask: 'open', root, dev, ino, path }, openedSchema, signal);
    return new ReadApart(running, file, signal);
  }

  /** Ends the process; what waits for it gets EPIPE. Returns when it is gone, or does not go in END_MS. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running?.end();
  }
}

class ReadApart implements OpenFile {
  readonly #running: Running;
  readonly #file: number;
  readonly #signal: AbortSignal | undefined;

  constructor(running: Running, file: number, signal: AbortSignal | undefined) {
    this.#running = running;
    this.#file = file;
    this.#signal = signal;
  }

  async read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    const lengthBytes = Math.min(length, MAX_READ_BYTES);
    const question = { ask: 'read', file: this.#file, positionBytes: position, lengthBytes } as const;
    const bytes = await this.#running.ask(question, bytesSchema, this.#signal);
    if (bytes.length > lengthBytes) throw errno('EPROTO', 'more bytes than were asked for');
    buffer.set(bytes, offset);
    return { bytesRead: bytes.length };
  }

  stat(): Promise<{ readonly size: number; readonly mtimeMs: number }> {
    return this.#running.ask({ ask: 'stat', file: this.#file }, factsSchema, this.#signal);
  }

  async close(): Promise<void> {
    const closing = this.#running.ask({ ask: 'close', file: this.#file }, closedSchema, this.#signal);
    await closing.catch(() => undefined); // nothing was written, and a process that ended has closed it
  }
}

/** One process, from its start to its end. */
class Running {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  #over: Error | undefined;

  constructor(script: URL = new URL('./card-reader.ts', import.meta.url)) {
    this.#child = fork(fileURLToPath(script), {
      stdio: 'ignore',
      serialization: 'advanced',
      execArgv: [...NODE_FLAGS],
      env: { PATH: process.env['PATH'] },
    });
    const gone = Promise.withResolvers<void>();
    this.#gone = gone.promise;
    this.#child.on('message', (message: unknown) => this.#hear(message));
    this.#child.on('error', (error) => {
      this.#finish(error); // it could not be started, or be spoken to
      if (this.#child.pid === undefined) gone.resolve();
    });
    this.#child.on('exit', () => {
      this.#finish(ended());
      gone.resolve();
    });
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  async ask<T>(question: Ask, schema: z.ZodType<T>, signal: AbortSignal | undefined): Promise<T> {
    const abort = (): void => void this.#finish(ended());
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const value = schema.safeParse(await this.#send(question));
      if (value.success) return value.data;
      throw this.#finish(errno('EPROTO', 'the reader of the card said something unknown'));
    } catch (error) {
      throw signal?.aborted === true ? cancelled(signal) : error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async end(): Promise<void> {
    this.#finish(ended());
    const over = new AbortController();
    const late = systemClock.wait(END_MS, over.signal).catch(() => undefined); // it is gone
    await Promise.race([this.#gone, late]);
    over.abort();
  }

  async #send(question: Ask): Promise<unknown> {
    if (this.#over !== undefined) throw this.#over;
    const id = this.#asked++;
    const answered = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answered);
    this.#child.send({ ...question, id }, (error) => {
      if (error !== null) this.#finish(ended());
    });
    return await answered.promise;
  }

  #hear(message: unknown): void {
    const answer = answerSchema.safeParse(message);
    const waiting = answer.success ? this.#waiting.get(answer.data.id) : undefined;
    if (!answer.success || waiting === undefined) {
      this.#finish(errno('EPROTO', 'the reader of the card said something unknown'));
      return;
    }
    this.#waiting.delete(answer.data.id);
    if ('errno' in answer.data) waiting.reject(errno(answer.data.errno, 'the reader of the card was told'));
    else waiting.resolve(answer.data.value);
  }

  /** Ends the process and all that waits for it, the first time; returns why. */
  #finish(why: Error): Error {
    if (this.#over !== undefined) return why;
    this.#over = why;
    this.#child.kill('SIGKILL');
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
    return why;
  }
}

function ended(): Error {
  return errno('EPIPE', 'the process that reads the card ended');
}

function cancelled(signal: AbortSignal): Error {
  if (isFailure(signal.reason)) return signal.reason;
  return new Failure('cancelled', 'reading the card was cancelled', { cause: signal.reason });
}
