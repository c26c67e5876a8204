// Hashes whole files in worker threads, so that reading back and verifying neither blocks the station nor one core.
// Never follows a symbolic link: what is hashed is the file that has the name.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Failure, type PayloadDigest, parseByteCount, parseSha256, parseSm3 } from '../evidence/index.ts';

/** Most worker threads; each holds one read buffer of 1 MiB and about 12 MiB of engine. */
const MAX_WORKERS = 4;

/** What the worker answers. */
export type DigestAnswer =
  | { readonly id: number; readonly sha256: string; readonly sm3?: string | undefined; readonly sizeBytes: number }
  | { readonly id: number; readonly errno: string; readonly message: string };

/** What the worker is asked. */
export interface DigestQuestion {
  readonly id: number;
  readonly path: string;
  readonly sm3: boolean;
  readonly fromDisk: boolean;
}

/** How a file is hashed. */
export interface DigestOptions {
  /** SM3 too. */
  readonly sm3?: boolean;
  /** Read past the page cache, where the file system offers it: what was just written is then not told from memory. */
  readonly fromDisk?: boolean;
}

/** Hashes files. Whoever opens it closes it. */
export interface DigestPool extends AsyncDisposable {
  /** Reads the file once. Rejects with the system error (`code` is its errno) if it cannot be opened or read. */
  digest(path: string, options?: DigestOptions): Promise<PayloadDigest>;
  close(): Promise<void>;
}

interface Job {
  readonly question: DigestQuestion;
  readonly resolve: (digest: PayloadDigest) => void;
  readonly reject: (error: Error) => void;
}

class Pool implements DigestPool {
  readonly #size: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #busy = new Map<Worker, Job>();
  readonly #queue: Job[] = [];
  #next = 1;
  #closed = false;

  constructor(size: number) {
    this.#size = size;
  }

  digest(path: string, { sm3 = false, fromDisk = false }: DigestOptions = {}): Promise<PayloadDigest> {
    if (this.#closed) return Promise.reject(new Failure('cancelled', 'docket is stopping'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ question: { id: this.#next++, path, sm3, fromDisk }, resolve, reject });
      this.#turn();
    });
  }

  #turn(): void {
    const worker = this.#queue.length === 0 ? undefined : (this.#idle.pop() ?? this.#start());
    const job = worker === undefined ? undefined : this.#queue.shift();
    if (worker === undefined || job === undefined) return;
    this.#busy.set(worker, job);
    worker.ref();
    worker.postMessage(job.question);
  }

  #start(): Worker | undefined {
    if (this.#all.size >= this.#size) return undefined;
    const worker = new Worker(new URL('./digest-worker.ts', import.meta.url), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#all.add(worker);
    worker.on('message', (answer: DigestAnswer) => this.#finish(worker, answer));
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', () => this.#lose(worker, new Failure('cancelled', 'docket is stopping')));
    return worker;
  }

  #finish(worker: Worker, answer: DigestAnswer): void {
    const job = this.#busy.get(worker);
    this.#busy.delete(worker);
    worker.unref();
    this.#idle.push(worker);
    if (job !== undefined) settle(job, answer);
    this.#turn();
  }

  #lose(worker: Worker, error: unknown): void {
    this.#all.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    const job = this.#busy.get(worker);
    this.#busy.delete(worker);
    job?.reject(error instanceof Error ? error : new Error(String(error)));
    if (!this.#closed) this.#turn();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.reject(new Failure('cancelled', 'docket is stopping'));
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function settle(job: Job, answer: DigestAnswer): void {
  if ('errno' in answer) {
    job.reject(Object.assign(new Error(answer.message), { code: answer.errno }));
    return;
  }
  job.resolve({
    sha256: parseSha256(answer.sha256),
    ...(answer.sm3 === undefined ? {} : { sm3: parseSm3(answer.sm3) }),
    sizeBytes: parseByteCount(answer.sizeBytes),
  });
}

/** A pool of hashing threads, started when first needed. */
export function openDigestPool(size = Math.min(MAX_WORKERS, availableParallelism())): DigestPool {
  return new Pool(size);
}
