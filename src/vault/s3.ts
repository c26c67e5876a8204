// A vault in an S3 bucket with Object Lock: write-once names, locks read back, every version kept.
// The store is not trusted: it is asked to refuse what it should refuse (docket vault check), and everything it returns is compared.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Failure, parseSha256, type VaultReceipt } from '../evidence/index.ts';
import { makeGate } from '../platform/index.ts';
import {
  type Copies,
  isCheckpointKey,
  isVaultKey,
  type LockFacts,
  type Overlay,
  type PutSource,
  type PutTerms,
  type StoredObject,
  type StoreGuard,
  type Vault,
} from './port.ts';
import { makeThrottle } from './s3-body.ts';
import { S3Checkpoints, type StandingCheckpoint } from './s3-checkpoint.ts';
import { hasTimedOut, saysDeleteMarker, saysMissing } from './s3-error.ts';
import { headLatest, headObject, originalVersion } from './s3-head.ts';
import { lackOf, lockFacts, wantedLock } from './s3-lock.ts';
import { abortStaleUploads } from './s3-multipart.ts';
import { putObject } from './s3-put.ts';
import { lockLonger, type PutPorts } from './s3-receipt.ts';
import type { S3Requests } from './s3-requests.ts';
import { listVersions, originalOf, type VersionsOfKey } from './s3-versions.ts';

/** A download that breaks off is continued where it was, so many times without a byte in between. */
const MAX_IDLE_TRIES = 3;

/** Uploads at a time: four keep store and line busy; more only take memory (measured; see ARCHITECTURE.md). */
const LANES = 4;

/** The vault; opened by openS3Vault. */
export class S3Vault implements Vault {
  readonly name: string;
  readonly lanes = LANES;
  readonly guard: StoreGuard;
  readonly #requests: S3Requests;
  readonly #put: PutPorts;
  /** One writer per name: on versioned buckets several conditional puts at once may all succeed. */
  readonly #turns = new Map<string, { gate: ReturnType<typeof makeGate>; users: number }>();
  readonly #checkpoints: S3Checkpoints;
  /** Names over which something was laid, as seen by listings: their object is the first version. */
  readonly #originals = new Map<string, string>();
  /** The last version of a checkpoint that overlays() saw under a delete marker: for whoever asked for that, it is the one to read. */
  readonly #hidden = new Map<string, string>();

  constructor(requests: S3Requests) {
    const { name, bytesPerSecond, clock, partLanes } = requests.options;
    this.name = name;
    this.#requests = requests;
    this.#checkpoints = new S3Checkpoints(requests, (key, maxBytes) => this.#whole(key, maxBytes));
    this.#put = {
      requests,
      throttle: bytesPerSecond === undefined ? undefined : makeThrottle(bytesPerSecond, clock),
      partGate: makeGate(partLanes),
      readBack: (key, version, mostBytes) => this.#digestOf(key, version, { mostBytes }),
    };
    this.guard = {
      lockOf: (key, copies) => this.#lockOf(key, copies),
      extendLock: (key, terms, copies) => this.#extendLock(key, terms, copies),
      overlays: (prefix) => this.#overlays(prefix),
      abortStaleUploads: (olderThanMs) => abortStaleUploads(requests, olderThanMs),
    };
  }

  async putOnce(key: string, source: PutSource, terms: PutTerms, signal?: AbortSignal): Promise<VaultReceipt> {
    assert(isVaultKey(key) && !isCheckpointKey(key), `not a write-once key: ${key}`);
    signal?.throwIfAborted();
    return await this.#inTurn(key, () => putObject(this.#put, { key, source, terms, signal }));
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(key) ?? { gate: makeGate(1), users: 0 };
    this.#turns.set(key, turn);
    turn.users += 1;
    try {
      return await turn.gate.run(work);
    } finally {
      turn.users -= 1;
      if (turn.users === 0) this.#turns.delete(key);
    }
  }

  async stat(key: string, copies?: Copies): Promise<StoredObject | undefined> {
    const head = await this.#head(key, copies);
    if (head === undefined) return undefined;
    return {
      key,
      sizeBytes: head.ContentLength ?? 0,
      sealed: !isCheckpointKey(key) && lockFacts(head).version !== undefined,
    };
  }

  async #head(key: string, copies: Copies | undefined): ReturnType<typeof headObject> {
    assert(isVaultKey(key), `not a vault key: ${key}`);
    try {
      return await headObject(this.#requests, key, this.#versionOf(key, copies));
    } catch (error) {
      throw this.#requests.failure(error, `looking for ${key}`);
    }
  }

  /** The version a receipt of this vault names; else the first one, where a listing has seen something laid over it. */
  #versionOf(key: string, copies: Copies | undefined): string | undefined {
    return copies?.find((each) => each.vault === this.name)?.version ?? this.#originals.get(key);
  }

  async digest(key: string, copies?: Copies, signal?: AbortSignal, mostBytes?: number): ReturnType<Vault['digest']> {
    assert(isVaultKey(key), `not a vault key: ${key}`);
    try {
      return await this.#digestOf(key, this.#versionOf(key, copies), { mostBytes, signal });
    } catch (error) {
      if (error instanceof Failure && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  async #digestOf(
    key: string,
    version: string | undefined,
    {
      mostBytes = Number.POSITIVE_INFINITY,
      signal,
    }: { mostBytes?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<{ sha256: ReturnType<typeof parseSha256>; sizeBytes: number }> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of this.#bytes(key, version, signal)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes) break; // a store may send without end
    }
    return { sha256: parseSha256(hash.digest('hex')), sizeBytes };
  }

  read(key: string, signal?: AbortSignal, copies?: Copies): AsyncIterable<Uint8Array> {
    return this.#bytes(key, this.#versionOf(key, copies), signal);
  }

  /** The bytes of one version; a connection that breaks is taken up again where it was. */
  async *#bytes(key: string, version: string | undefined, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    assert(isVaultKey(key), `not a vault key: ${key}`);
    let pinned = version;
    let position = 0;
    for (let idle = 0; ; idle += 1) {
      const before = position;
      try {
        const answer = await this.#get(key, pinned, position, signal);
        if (answer === undefined) throw new Failure('not-found', `${this.#requests.where} holds no ${key}`);
        pinned ??= answer.VersionId; // what is taken up again is the same version
        this.#checkRange(answer, key, position);
        for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
          // Node's own stream
          signal?.throwIfAborted();
          position += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        (signal ?? this.#requests.end)?.throwIfAborted();
        if (error instanceof Failure) throw error;
        if (position > before) idle = 0;
        const hangs = hasTimedOut(error) && position === before;
        if (hangs || idle >= MAX_IDLE_TRIES || position === 0)
          throw this.#requests.failure(error, `reading ${key}`, signal);
      }
    }
  }

  /** A store that begins from the start again, though asked for the rest, would have us give bytes twice. */
  #checkRange({ Body, ContentRange }: GetObjectCommandOutput, key: string, position: number): void {
    if (position === 0 || ContentRange?.startsWith(`bytes ${position}-`) === true) return;
    (Body as { destroy?: () => void }).destroy?.();
    throw new Failure(
      'vault-unreachable',
      `reading ${key} at ${this.#requests.where}: it does not go on where it broke off`,
    );
  }

  /** The answer of a GET from a position on, or undefined when nothing has that name. */
  async #get(
    key: string,
    version: string | undefined,
    position: number,
    signal: AbortSignal | undefined,
  ): Promise<GetObjectCommandOutput | undefined> {
    const ask = (id: string | undefined): Promise<GetObjectCommandOutput> =>
      this.#requests.patiently(
        () =>
          new GetObjectCommand({
            ...this.#requests.at(key),
            ...(id === undefined ? {} : { VersionId: id }),
            ...(position === 0 ? {} : { Range: `bytes=${position}-` }),
            ...this.#requests.customerKey(),
          }),
        { signal }, // its limit is for the head of the answer; the body may take as long as it moves
      );
    try {
      return await ask(version);
    } catch (error) {
      if (!saysMissing(error)) throw error;
      // Under a marker lies the object; a checkpoint has no first version that would be it: hidden, it is missing.
      const hidden = version === undefined && !isCheckpointKey(key) && saysDeleteMarker(error);
      const below = hidden ? await originalVersion(this.#requests, key) : undefined;
      return below === undefined ? undefined : await ask(below);
    }
  }

  async readSmall(key: string, maxBytes: number): Promise<Buffer | undefined> {
    assert(isVaultKey(key), `not a vault key: ${key}`);
    const there = await this.#whole(key, maxBytes);
    if (isCheckpointKey(key)) this.#checkpoints.noteRead(key, there?.etag);
    const hidden = this.#hidden.get(key);
    if (there !== undefined || hidden === undefined) return there?.bytes;
    return (await this.#whole(key, maxBytes, hidden))?.bytes;
  }

  async #whole(
    key: string,
    maxBytes: number,
    version = this.#versionOf(key, undefined),
  ): Promise<StandingCheckpoint | undefined> {
    try {
      return await this.#requests.retrying(async () => {
        const answer = await this.#get(key, version, 0, undefined);
        if (answer === undefined) return undefined;
        const chunks: Uint8Array[] = [];
        let sizeBytes = 0;
        for await (const chunk of (answer.Body ?? []) as AsyncIterable<Uint8Array>) {
          // Node's own stream; what it says of its length need not be true, and the rest of what is too large is not read
          sizeBytes += chunk.length;
          if (sizeBytes > maxBytes) throw new Failure('too-large', `${key} is larger than ${maxBytes} bytes`);
          chunks.push(chunk);
        }
        return { etag: answer.ETag, bytes: Buffer.concat(chunks) };
      });
    } catch (error) {
      throw this.#requests.failure(error, `reading ${key}`);
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    assert(prefix === '' || prefix.endsWith('/'), `a prefix ends with a slash: ${prefix}`);
    for await (const each of listVersions(this.#requests, prefix)) {
      const object = this.#see(each);
      if (object !== undefined) yield object;
    }
  }

  /** The object of a name; what was laid over it is remembered, so that reading gives the object and not the overlay. */
  #see({ key, versions }: VersionsOfKey): StoredObject | undefined {
    if (isCheckpointKey(key)) {
      const latest = versions.find((each) => each.latest && !each.marker);
      return latest === undefined ? undefined : { key, sizeBytes: latest.sizeBytes, sealed: false };
    }
    const original = originalOf(versions);
    if (original === undefined) return undefined;
    if (original.version !== undefined && versions.length > 1) this.#originals.set(key, original.version);
    return { key, sizeBytes: original.sizeBytes, sealed: original.version !== undefined };
  }

  async *#overlays(prefix: string): AsyncIterable<Overlay> {
    for await (const each of listVersions(this.#requests, prefix)) {
      const { key, versions } = each;
      this.#see(each);
      if (isCheckpointKey(key)) this.#seeHidden(each);
      const original = originalOf(versions);
      for (const { marker, version, at, latest, etag, sizeBytes } of versions) {
        if (marker ? isCheckpointKey(key) && !latest : isCheckpointKey(key)) continue;
        // The same bytes again are no overlay: several writers may have won at once.
        const same = etag === original?.etag && sizeBytes === original.sizeBytes;
        if (!marker && same) continue;
        yield { key, kind: marker ? 'delete-marker' : 'newer-version', version: version ?? 'null', at };
      }
    }
  }

  #seeHidden({ key, versions }: VersionsOfKey): void {
    const below = versions.find((each) => !each.marker)?.version;
    if (versions[0]?.marker === true && below !== undefined) this.#hidden.set(key, below);
    else this.#hidden.delete(key);
  }

  async #lockOf(key: string, copies: Copies | undefined): Promise<LockFacts | undefined> {
    const head = await this.#head(key, copies);
    return head === undefined ? undefined : { ...lockFacts(head), asked: this.#requests.options.mode };
  }

  async #extendLock(key: string, terms: PutTerms, copies: Copies | undefined): Promise<LockFacts> {
    const found = await this.#lockOf(key, copies);
    if (found === undefined) throw new Failure('not-found', `${this.#requests.where} holds no ${key}`);
    const enough = lackOf(found, wantedLock(terms, this.#requests.options)) === undefined;
    return enough ? found : await lockLonger(this.#requests, key, found, terms);
  }

  async holdsCheckpoint(key: string, bytes: Uint8Array): Promise<boolean> {
    assert(isCheckpointKey(key), `not the checkpoint: ${key}`);
    try {
      const head = await headLatest(this.#requests, key);
      const told = createHash('sha256').update(bytes).digest('base64');
      const same = head?.ContentLength === bytes.length && head.ChecksumSHA256 === told;
      if (same) this.#checkpoints.noteRead(key, head.ETag);
      return same;
    } catch (error) {
      throw this.#requests.failure(error, `looking for ${key}`);
    }
  }

  async replaceCheckpoint(key: string, bytes: Uint8Array): Promise<void> {
    assert(isCheckpointKey(key), `not the checkpoint: ${key}`);
    const copy = Buffer.from(bytes);
    await this.#inTurn(key, async () => {
      try {
        await this.#checkpoints.replace(key, copy);
      } catch (error) {
        throw this.#requests.failure(error, `replacing ${key}`);
      }
    });
  }

  close(): Promise<void> {
    this.#requests.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
