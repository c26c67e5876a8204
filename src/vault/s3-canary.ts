// Canaries: objects of a few bytes under canary/<station>/, put the way footage is put, to find out what the store really does with it.
// Never evidence. A canary locked for a minute stays behind, since a station must not be able to delete anything.
import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { formatInstant, type Instant } from '../evidence/index.ts';
import type { LockFacts } from './port.ts';
import { metadataOf, taggingOf } from './s3-about.ts';
import { isEncrypted } from './s3-encryption.ts';
import { headObject } from './s3-head.ts';
import { lockFacts, lockMembers } from './s3-lock.ts';
import type { S3Requests } from './s3-requests.ts';

const SECOND_MS = 1000;
/** Longer than a whole check takes on a slow line, so that a lock that ended is not taken for one that does not hold. */
const LOCK_MS = 60 * SECOND_MS;
const CANARY_BYTES = 64;

/** Where canaries are put. */
export interface Ground {
  readonly requests: S3Requests;
  readonly station: string;
  /** Clock of the store minus ours, in milliseconds: a lock must end in the store's future. */
  readonly aheadMs: number;
}

/** A canary in the store. */
export interface Canary {
  readonly key: string;
  readonly version: string | undefined;
  readonly bytes: Buffer;
  /** What its lock was asked to be; undefined: none. */
  readonly until: Instant | undefined;
  /** SHA-256 as the store must tell it. */
  readonly sum: string;
  /** Of elapsedMs of the clock: from here on nothing can be said of the lock any more. */
  readonly endsElapsedMs: number;
}

/** A canary as the store tells it. */
export interface CanaryFacts extends LockFacts {
  readonly sum: string | undefined;
  /** As was asked, also when nothing was. */
  readonly encrypted: boolean;
}

/** Members of a request that puts a canary. */
interface Draft extends Pick<Canary, 'key' | 'bytes' | 'until' | 'endsElapsedMs'> {
  readonly members: Partial<PutObjectCommandInput>;
}

function draft({ requests, station, aheadMs }: Ground, options: { readonly locked: boolean }): Draft {
  const { clock, mode } = requests.options;
  const now = clock.now();
  const name = formatInstant(now).slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const until = options.locked ? secondsFrom(now + aheadMs + LOCK_MS) : undefined;
  const wanted = until === undefined ? undefined : { mode, until, atLeast: until, legalHold: false };
  const about = { kind: 'canary', station };
  return {
    key: `canary/${station}/${name}-${randomBytes(4).toString('hex')}`,
    bytes: randomBytes(CANARY_BYTES),
    until,
    endsElapsedMs: clock.elapsedMs() + LOCK_MS,
    members: {
      ...lockMembers(wanted),
      Metadata: metadataOf(about),
      Tagging: taggingOf(about),
      ...requests.encryption(),
    },
  };
}

function secondsFrom(epochMs: number): Instant {
  return formatInstant(Math.ceil(epochMs / SECOND_MS) * SECOND_MS);
}

function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

function putCommand({ requests }: Ground, { key, bytes, members }: Draft, sum: string): PutObjectCommand {
  return new PutObjectCommand({
    ...requests.at(key),
    ...members,
    Body: bytes,
    ContentLength: bytes.length,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: sum,
    IfNoneMatch: '*',
  });
}

/** Puts a canary in one request. Failures: vault-*. */
export async function putCanary(ground: Ground, options: { readonly locked: boolean }): Promise<Canary> {
  const made = draft(ground, options);
  const sum = sumOf(made.bytes);
  const { VersionId } = await ground.requests.ask('storing a canary', () => putCommand(ground, made, sum));
  return { ...made, sum, version: VersionId };
}

/** Sends a canary with the digest of other bytes. Rejects with the SDK's error, as it should. */
export async function putWrongCanary(ground: Ground): Promise<void> {
  const made = draft(ground, { locked: false });
  await ground.requests.patiently(() => putCommand(ground, made, sumOf(Buffer.from('other bytes'))));
}

/** Puts a canary again under the same name. Rejects with the SDK's error, as it should. */
export async function putCanaryAgain(ground: Ground, { key }: Canary): Promise<void> {
  const made = { ...draft(ground, { locked: false }), key };
  await ground.requests.patiently(() => putCommand(ground, made, sumOf(made.bytes)));
}

/** Replaces a canary on the condition that it is one that never was. Rejects with the SDK's error, as it should. */
export async function swapCanary({ requests }: Ground, { key, bytes }: Canary): Promise<void> {
  await requests.patiently(
    () =>
      new PutObjectCommand({
        ...requests.at(key),
        Body: bytes,
        IfMatch: `"${'0'.repeat(32)}"`,
        ...requests.encryption(),
      }),
  );
}

/** Puts a canary the way large files are put: in parts, here one. Failures: vault-*. */
export async function putPartedCanary(ground: Ground): Promise<Canary> {
  const { requests } = ground;
  const made = draft(ground, { locked: true });
  const at = requests.at(made.key);
  const sum = sumOf(made.bytes);
  const { UploadId } = await requests.ask(
    'beginning a canary in parts',
    () =>
      new CreateMultipartUploadCommand({
        ...at,
        ChecksumAlgorithm: 'SHA256',
        ChecksumType: 'COMPOSITE',
        ...(made.members as object), // the same members as those of a PUT
      }),
  );
  const part = { ...at, UploadId, PartNumber: 1, ChecksumSHA256: sum };
  const { ETag } = await requests.ask(
    'storing a part of a canary',
    () =>
      new UploadPartCommand({
        ...part,
        Body: made.bytes,
        ContentLength: made.bytes.length,
        ChecksumAlgorithm: 'SHA256',
        ...requests.customerKey(),
      }),
  );
  const { VersionId } = await requests.ask(
    'completing a canary in parts',
    () =>
      new CompleteMultipartUploadCommand({
        ...at,
        UploadId,
        IfNoneMatch: '*',
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256: sum }] },
        ...requests.customerKey(),
      }),
  );
  return { ...made, sum: `${sumOf(Buffer.from(sum, 'base64'))}-1`, version: VersionId };
}

/** What the store says of a canary now; undefined when it is gone. Failures: vault-*. */
export async function lookAtCanary({ requests }: Ground, { key, version }: Canary): Promise<CanaryFacts | undefined> {
  try {
    const head = await headObject(requests, key, version);
    return head === undefined
      ? undefined
      : { ...lockFacts(head), sum: head.ChecksumSHA256, encrypted: isEncrypted(head, requests.options.encryption) };
  } catch (error) {
    throw requests.failure(error, 'looking at a canary');
  }
}

/** The bytes of a canary, from the version that holds it. Failures: vault-*. */
export async function readCanary({ requests }: Ground, { key, version }: Canary): Promise<Buffer> {
  const { Body } = await requests.ask(
    'reading a canary',
    () =>
      new GetObjectCommand({
        ...requests.at(key),
        ...(version === undefined ? {} : { VersionId: version }),
        ...requests.customerKey(),
      }),
  );
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}
