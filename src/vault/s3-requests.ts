// Requests to one bucket: names with the prefix, time-outs, a few tries through passing trouble, and errors in our own words.
// Bodies that are streams are sent once per try by their caller; everything else may be sent again here.
import { randomInt } from 'node:crypto';
import type { Readable } from 'node:stream';
import type {
  $Command,
  S3Client,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import { Failure } from '../evidence/index.ts';
import { sourceFailure } from './s3-body.ts';
import { makeS3Client } from './s3-client.ts';
import { isPassing, storeFailure } from './s3-error.ts';
import type { S3VaultOptions } from './s3-options.ts';

/** Waits between tries, in milliseconds; a third more or less, so that many stations do not knock in step. */
const PAUSES_MS = [200, 1000, 3000];

/** A command whose answer is an O. */
type S3Command<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** How a request is sent. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Without a limit of time: the body that is sent may be large. A connection on which nothing moves is given up all the same. */
  readonly unhurried?: boolean;
}

/** One bucket of one store. */
export class S3Requests {
  readonly options: S3VaultOptions;
  /** The store in messages. */
  readonly where: string;
  /** Ends every request that has no signal of its own. */
  readonly end: AbortSignal | undefined;
  readonly #client: S3Client;

  constructor(options: S3VaultOptions, end?: AbortSignal) {
    this.options = options;
    this.end = end;
    this.where = `${options.endpoint ?? `AWS ${options.region}`}, bucket ${options.bucket}`;
    this.#client = makeS3Client(options);
  }

  /** Bucket and full key of a vault key. */
  at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.options.bucket, Key: `${this.options.prefix}${key}` };
  }

  /** Members that let the store decrypt what only our key opens. */
  customerKey(): { SSECustomerAlgorithm?: string; SSECustomerKey?: string } {
    const { encryption } = this.options;
    if (encryption.kind !== 'customer') return {};
    return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: encryption.key.toString('base64') };
  }

  /** Members that make the store encrypt. */
  encryption(): {
    ServerSideEncryption?: 'aws:kms';
    SSEKMSKeyId?: string;
    SSECustomerAlgorithm?: string;
    SSECustomerKey?: string;
  } {
    const { encryption } = this.options;
    if (encryption.kind !== 'kms') return this.customerKey();
    return {
      ServerSideEncryption: 'aws:kms',
      ...(encryption.keyId === undefined ? {} : { SSEKMSKeyId: encryption.keyId }),
    };
  }

  /** One try. Rejects with the SDK's error, or with the reason of `signal`. */
  async once<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: S3Command<I, O>,
    { signal = this.end, unhurried = false }: SendOptions = {},
  ): Promise<O> {
    signal?.throwIfAborted();
    try {
      return await this.#client.send(command, {
        ...(signal === undefined ? {} : { abortSignal: signal }),
        ...(unhurried ? {} : { requestTimeout: this.options.requestTimeoutMs }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  /** Some tries through passing trouble; `make` gives a fresh command each time. Rejects with the SDK's error. */
  async patiently<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    make: () => S3Command<I, O>,
    options: SendOptions = {},
  ): Promise<O> {
    return await this.retrying(() => this.once(make(), options), options.signal);
  }

  /** Does work again while its trouble is passing. */
  async retrying<T>(work: () => Promise<T>, signal = this.end): Promise<T> {
    for (let tried = 0; ; tried += 1) {
      try {
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        const pause = PAUSES_MS[tried];
        if (pause === undefined || !isPassing(error)) throw error;
        await this.options.clock.wait((pause * randomInt(67, 134)) / 100, signal);
      }
    }
  }

  /** Sends a body that is a stream of a file: when it cannot be read, the request ends with Failure 'disk-failed' instead of waiting for the rest. */
  async withBody<T>(
    body: Readable,
    file: string,
    signal: AbortSignal | undefined,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const broken = new AbortController();
    body.once('error', (error) => broken.abort(sourceFailure(error, file)));
    try {
      return await send(signal === undefined ? broken.signal : AbortSignal.any([signal, broken.signal]));
    } finally {
      body.destroy();
    }
  }

  /** As patiently, with the error as a Failure; `what` is the request in words. */
  async ask<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    what: string,
    make: () => S3Command<I, O>,
    options: SendOptions = {},
  ): Promise<O> {
    try {
      return await this.patiently(make, options);
    } catch (error) {
      throw this.failure(error, what, options.signal);
    }
  }

  /** The error as it goes on: the caller's own reason, or a Failure. */
  failure(error: unknown, what: string, signal = this.end): unknown {
    if (signal?.aborted === true && error === signal.reason) return error;
    return storeFailure(error, what, this.where);
  }

  /** A Failure 'vault-unfit': the store does not do what was asked, though it said yes. */
  unfit(what: string): Failure {
    return new Failure('vault-unfit', `${this.where}: ${what}`);
  }

  close(): void {
    this.#client.destroy();
  }
}
