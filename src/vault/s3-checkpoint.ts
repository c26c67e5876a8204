// The one object that is replaced, each time only if it is still the one this vault wrote last or, before that, read first.
// Two copies of a station never overwrite each other's checkpoint unnoticed: the second one is told, and goes on being told.
import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Failure, isFailure } from '../evidence/index.ts';
import { saysCondition, saysMissing } from './s3-error.ts';
import type { S3Requests } from './s3-requests.ts';

/** Digests kept of checkpoints whose sending ended in the unknown; each outage of a publication adds one. */
const MAX_UNKNOWN = 1000;
/** A checkpoint is a few hundred bytes; what is larger is somebody else's. */
const MAX_BYTES = 1_048_576;

/** A checkpoint as it stands in the store. */
export interface StandingCheckpoint {
  readonly etag: string | undefined;
  readonly bytes: Buffer;
}

interface Known {
  /** ETag of what stands there as far as we know; undefined: nothing does. */
  etag: string | undefined;
  /** Digests of what was sent since, without an answer: one of them may have been stored. */
  readonly unknown: Set<string>;
}

/** What a vault knows of its checkpoints. */
export class S3Checkpoints {
  readonly #requests: S3Requests;
  /** Reads the checkpoint as it stands, undefined when there is none, Failure 'too-large' above maxBytes. */
  readonly #read: (key: string, maxBytes: number) => Promise<StandingCheckpoint | undefined>;
  readonly #known = new Map<string, Known>();

  constructor(requests: S3Requests, read: (key: string, maxBytes: number) => Promise<StandingCheckpoint | undefined>) {
    this.#requests = requests;
    this.#read = read;
  }

  /** Takes note of what was read first. What is read later does not count: it may be somebody else's, and must not be overwritten. */
  noteRead(key: string, etag: string | undefined): void {
    if (!this.#known.has(key)) this.#known.set(key, { etag, unknown: new Set() });
  }

  /** Replaces it. Rejects with Failure 'vault-conflict' when somebody else did, or with the SDK's error. */
  async replace(key: string, bytes: Buffer): Promise<void> {
    try {
      await this.#requests.retrying(() => this.#swap(key, bytes));
    } catch (error) {
      if (!isFailure(error, 'vault-conflict')) this.#noteUnknown(key, bytes);
      throw error;
    }
  }

  #noteUnknown(key: string, bytes: Buffer): void {
    const unknown = this.#known.get(key)?.unknown;
    unknown?.add(digestOf(bytes));
    const [oldest] = unknown ?? [];
    if (unknown !== undefined && oldest !== undefined && unknown.size > MAX_UNKNOWN) unknown.delete(oldest);
  }

  async #swap(key: string, bytes: Buffer): Promise<void> {
    const known = this.#known.get(key);
    try {
      const etag = await this.#put(key, bytes, known);
      this.#known.set(key, { etag, unknown: new Set() });
    } catch (error) {
      if (!saysCondition(error) && !saysMissing(error)) throw error;
      await this.#settle(key, bytes, known);
    }
  }

  async #put(key: string, bytes: Buffer, known: Known | undefined): Promise<string | undefined> {
    const condition =
      known === undefined ? {} : known.etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: known.etag };
    const { ETag } = await this.#requests.once(
      new PutObjectCommand({
        ...this.#requests.at(key),
        Body: bytes,
        ContentLength: bytes.length,
        ChecksumAlgorithm: 'SHA256',
        ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
        ...condition,
        ...this.#requests.encryption(),
      }),
    );
    return ETag;
  }

  /** Another one stands there than we knew of: ours, when the answer to its sending was lost; else it is a conflict. */
  async #settle(key: string, bytes: Buffer, known: Known | undefined): Promise<void> {
    const there = await this.#read(key, MAX_BYTES).catch((error: unknown) => {
      if (isFailure(error, 'too-large')) return undefined; // not ours
      throw error;
    });
    if (there?.bytes.equals(bytes) === true) {
      this.#known.set(key, { etag: there.etag, unknown: new Set() });
      return;
    }
    if (there === undefined && known?.etag !== undefined) {
      known.etag = undefined; // somebody removed it, and nobody put another there
      return await this.#swap(key, bytes);
    }
    if (there !== undefined && known?.unknown.has(digestOf(there.bytes)) === true) {
      known.etag = there.etag;
      known.unknown.delete(digestOf(there.bytes)); // so that this ends, whatever the store does
      return await this.#swap(key, bytes);
    }
    throw new Failure(
      'vault-conflict',
      `${key} at ${this.#requests.where} was replaced by somebody else meanwhile: does a copy of this station run elsewhere?`,
    );
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
