// Uploads in parts, for what is large: each part with its digest, some side by side, continued after a crash from the parts that stand.
// The whole is hashed in the same pass that hashes the parts, so that what was sent is what was announced.
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type ListPartsCommandOutput,
  type PutObjectCommandInput,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { Failure, isFailure } from '../evidence/index.ts';
import type { Gate } from '../platform/index.ts';
import { openBody, sourceFailure, type Throttle } from './s3-body.ts';
import { isEncrypted } from './s3-encryption.ts';
import { saysNo } from './s3-error.ts';
import type { S3Requests } from './s3-requests.ts';

const MAX_PARTS = 10_000;
const MIB = 1_048_576;
const READ_BYTES = 4 * MIB;

/** A file to upload in parts. */
export interface PartedSource {
  readonly key: string;
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Members of the start: lock, metadata, tags, encryption. */
  readonly members: Partial<PutObjectCommandInput>;
  readonly throttle: Throttle | undefined;
  /** Parts on their way at once, of all files that share the gate. */
  readonly partGate: Gate;
  readonly signal: AbortSignal | undefined;
  /** As a further version of what stands: from the beginning, since nobody can tell the lock of an upload that was begun before. */
  readonly over: boolean;
}

interface Upload {
  readonly id: string;
  /** Parts that stand, by number: digest (base64), size and ETag. */
  readonly parts: ReadonlyMap<number, { readonly sum: string; readonly sizeBytes: number; readonly etag: string }>;
}

/** What was uploaded: the checksum the store must tell of the whole. */
export interface PartedResult {
  readonly composite: string;
}

/** Least part size with which a file fits the parts S3 allows. */
export function partSize(sizeBytes: number, leastBytes: number): number {
  return Math.max(leastBytes, Math.ceil(sizeBytes / MAX_PARTS / MIB) * MIB);
}

/** Uploads a file in parts; rejects with the SDK's errors, or Failure 'vault-mismatch' when the file is not the one announced (nothing is then stored). */
export async function uploadParts(requests: S3Requests, source: PartedSource): Promise<PartedResult> {
  const partBytes = partSize(source.sizeBytes, requests.options.partBytes);
  const found = source.over ? undefined : await findUpload(requests, source, Math.ceil(source.sizeBytes / partBytes));
  const upload = found ?? { id: await begin(requests, source), parts: new Map() };
  const whole = createHash('sha256');
  const sent = await sendAll(requests, source, upload, partsOf(source, partBytes, whole));
  if (whole.digest('hex') !== source.sha256) {
    await abortUpload(requests, source.key, upload.id);
    throw new Failure('vault-mismatch', `the bytes for ${source.key} are not those announced`);
  }
  await requests.patiently(
    () =>
      new CompleteMultipartUploadCommand({
        ...requests.at(source.key),
        UploadId: upload.id,
        ...(source.over ? {} : { IfNoneMatch: '*' }),
        MultipartUpload: { Parts: sent.map(({ done }) => done) },
        ...requests.customerKey(),
      }),
    { signal: source.signal, unhurried: true },
  );
  return { composite: compositeOf(sent.map(({ sum }) => sum)) };
}

interface SentPart {
  readonly sum: Buffer;
  readonly done: CompletedPart;
}

/**
 * Sends what lacks, some parts side by side: each lane takes the next part of `parts`, which are hashed one after another. The first
 * failure ends the others; when this returns or rejects, nothing is on its way any more.
 */
async function sendAll(
  requests: S3Requests,
  source: PartedSource,
  upload: Upload,
  parts: AsyncIterable<Part>,
): Promise<readonly SentPart[]> {
  const broken = new AbortController();
  const signal = source.signal === undefined ? broken.signal : AbortSignal.any([source.signal, broken.signal]);
  const sent: SentPart[] = [];
  const lane = async (): Promise<void> => {
    try {
      for await (const part of parts) {
        signal.throwIfAborted();
        const put = (): Promise<CompletedPart> => putPart(requests, { ...source, signal }, upload, part);
        sent[part.number - 1] = { sum: part.sum, done: await source.partGate.run(put, signal) };
      }
    } catch (error) {
      broken.abort(error);
      throw error;
    }
  };
  await Promise.allSettled(Array.from({ length: requests.options.partLanes }, lane));
  signal.throwIfAborted(); // with the reason of the caller, or the first failure
  return sent;
}

interface Part {
  readonly number: number;
  readonly at: number;
  readonly sizeBytes: number;
  readonly sum: Buffer;
}

type FileSource = Pick<PartedSource, 'file' | 'sizeBytes'>;

/** The parts of a file with their digests, in order; `whole` takes every byte in the same pass. Throws Failure 'disk-failed' when the file cannot be read. */
async function* partsOf({ file, sizeBytes }: FileSource, partBytes: number, whole?: Hash): AsyncGenerator<Part> {
  try {
    await using handle = await open(file, 'r');
    for (let number = 1, at = 0; at < sizeBytes; number += 1, at += partBytes) {
      const size = Math.min(partBytes, sizeBytes - at);
      yield { number, at, sizeBytes: size, sum: await hashRange(handle, at, size, whole) };
    }
  } catch (error) {
    throw sourceFailure(error, file);
  }
}

/** The checksum S3 gives an upload in parts: the digest of the parts' digests, and their number. */
function compositeOf(sums: readonly Buffer[]): string {
  return `${createHash('sha256').update(Buffer.concat(sums)).digest('base64')}-${sums.length}`;
}

/** The checksum that a file would have, uploaded in parts of that size. */
export async function compositeOfFile(source: FileSource, partBytes: number): Promise<string> {
  const sums: Buffer[] = [];
  for await (const { sum } of partsOf(source, partBytes)) sums.push(sum);
  return compositeOf(sums);
}

async function hashRange(file: FileHandle, at: number, sizeBytes: number, whole: Hash | undefined): Promise<Buffer> {
  const part = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, sizeBytes));
  for (let done = 0; done < sizeBytes; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - done), at + done);
    if (bytesRead === 0) break; // shorter than announced: the whole digest tells
    part.update(buffer.subarray(0, bytesRead));
    whole?.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return part.digest();
}

async function putPart(requests: S3Requests, source: PartedSource, upload: Upload, part: Part): Promise<CompletedPart> {
  const stands = upload.parts.get(part.number);
  const sum = part.sum.toString('base64');
  if (stands !== undefined && stands.sum === sum && stands.sizeBytes === part.sizeBytes)
    return { PartNumber: part.number, ETag: stands.etag, ChecksumSHA256: sum };
  const { ETag } = await requests.retrying(() => sendPart(requests, source, upload.id, part), source.signal);
  return { PartNumber: part.number, ETag: ETag ?? '', ChecksumSHA256: sum };
}

async function sendPart(
  requests: S3Requests,
  source: PartedSource,
  id: string,
  part: Part,
): Promise<UploadPartCommandOutput> {
  const body = openBody(source.file, part.at, part.sizeBytes, source.throttle);
  return await requests.withBody(body, source.file, source.signal, (signal) =>
    requests.once(
      new UploadPartCommand({
        ...requests.at(source.key),
        UploadId: id,
        PartNumber: part.number,
        Body: body,
        ContentLength: part.sizeBytes,
        ChecksumAlgorithm: 'SHA256',
        ChecksumSHA256: part.sum.toString('base64'),
        ...requests.customerKey(),
      }),
      { signal, unhurried: true },
    ),
  );
}

async function begin(requests: S3Requests, source: PartedSource): Promise<string> {
  const { UploadId } = await requests.patiently(
    () =>
      new CreateMultipartUploadCommand({
        ...requests.at(source.key),
        ChecksumAlgorithm: 'SHA256',
        ChecksumType: 'COMPOSITE',
        ...(source.members as object), // the same members as those of a PUT
      }),
    { signal: source.signal },
  );
  if (UploadId === undefined) throw requests.unfit('it began an upload in parts without giving it an id');
  return UploadId;
}

/** One byte as the last part, which is sent again: only the answer to a part tells whether an upload encrypts what it gets. */
async function encrypts(requests: S3Requests, source: PartedSource, id: string, partNumber: number): Promise<boolean> {
  const { encryption } = requests.options;
  if (encryption.kind === 'none') return true;
  const part = { ...requests.at(source.key), UploadId: id, PartNumber: partNumber };
  const send = (): UploadPartCommand =>
    new UploadPartCommand({ ...part, Body: Buffer.alloc(1), ...requests.customerKey() });
  try {
    return isEncrypted(await requests.patiently(send, { signal: source.signal }), encryption);
  } catch (error) {
    if (saysNo(error)) return false; // some stores refuse a key that the upload was not begun with
    throw error;
  }
}

/**
 * An upload of this key that was broken off, with the parts that stand. One that does not encrypt as asked, whoever began it, gets no
 * byte of the footage: it is left to be aborted later.
 */
async function findUpload(requests: S3Requests, source: PartedSource, partCount: number): Promise<Upload | undefined> {
  const ids = (await Array.fromAsync(listUploads(requests, source.key))).filter(({ key }) => key === source.key);
  const newest = ids.toSorted((a, b) => b.startedMs - a.startedMs)[0];
  if (newest === undefined || !(await encrypts(requests, source, newest.id, partCount))) return undefined;
  const parts = new Map<number, { sum: string; sizeBytes: number; etag: string }>();
  let marker: string | undefined;
  do {
    const page: ListPartsCommandOutput = await requests.patiently(
      () =>
        new ListPartsCommand({
          ...requests.at(source.key),
          UploadId: newest.id,
          ...(marker === undefined ? {} : { PartNumberMarker: marker }),
        }),
      { signal: source.signal },
    );
    for (const { PartNumber, ChecksumSHA256, Size, ETag } of page.Parts ?? [])
      if (PartNumber !== undefined)
        parts.set(PartNumber, { sum: ChecksumSHA256 ?? '', sizeBytes: Size ?? 0, etag: ETag ?? '' });
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return { id: newest.id, parts };
}

/** An upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly id: string;
  readonly startedMs: number;
}

/** Uploads under a prefix that were begun and neither completed nor aborted. */
export async function* listUploads(requests: S3Requests, prefix: string): AsyncIterable<OpenUpload> {
  const { Bucket, Key } = requests.at(prefix);
  let next: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (next !== undefined) {
    const markers: { KeyMarker?: string; UploadIdMarker?: string } = next;
    const page = await requests.ask(
      'listing uploads',
      () => new ListMultipartUploadsCommand({ Bucket, Prefix: Key, ...markers }),
    );
    for (const each of page.Uploads ?? [])
      if (each.Key !== undefined && each.UploadId !== undefined)
        yield {
          key: each.Key.slice(requests.options.prefix.length),
          id: each.UploadId,
          startedMs: each.Initiated?.getTime() ?? 0,
        };
    next =
      page.IsTruncated === true && page.NextKeyMarker !== undefined
        ? {
            KeyMarker: page.NextKeyMarker,
            ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
          }
        : undefined;
  }
}

/** Gives up uploads under the prefix of the vault that were begun so long ago, where the store lets us; returns how many. */
export async function abortStaleUploads(requests: S3Requests, olderThanMs: number): Promise<number> {
  const before = requests.options.clock.now() - olderThanMs;
  let count = 0;
  for await (const { key, id, startedMs } of listUploads(requests, '')) {
    if (startedMs >= before) continue;
    try {
      await abortUpload(requests, key, id);
      count += 1;
    } catch (error) {
      if (!isFailure(error, 'vault-refused')) throw error; // begun by somebody else, where this station may not write: left to them
    }
  }
  return count;
}

/** Gives an upload up, and the place its parts take. One that is gone already is fine. */
export async function abortUpload(requests: S3Requests, key: string, id: string): Promise<void> {
  try {
    await requests.patiently(() => new AbortMultipartUploadCommand({ ...requests.at(key), UploadId: id }));
  } catch (error) {
    if (!/^(NoSuchUpload|NoSuchKey)$/.test(error instanceof Error ? error.name : ''))
      throw requests.failure(error, `aborting an upload of ${key}`);
  }
}
