// Buckets for tests: one of its own each, with Object Lock, on the common server.
import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { systemClock } from '../../src/platform/index.ts';
import { openS3Vault, type S3VaultOptions, type Vault } from '../../src/vault/index.ts';
import type { S3Server } from './server.ts';

/** A client with every right, to look behind the vault and to play the attacker. */
export function adminClient(server: S3Server = inject('s3'), ca?: string): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    ...(ca === undefined ? {} : { requestHandler: { httpsAgent: { ca } } }),
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
  });
}

/** Makes a bucket with Object Lock (and so with versions). */
export async function makeBucket(
  server: S3Server = inject('s3'),
  options: { readonly lock?: boolean; readonly ca?: string } = {},
): Promise<string> {
  const client = adminClient(server, options.ca);
  const bucket = `t-${randomBytes(6).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: options.lock ?? true }));
  client.destroy();
  return bucket;
}

const MIB = 1_048_576;

/** Options of a vault in a bucket; uploads in parts begin early, so that tests of them are short. */
export function vaultOptions(
  bucket: string,
  over: Partial<S3VaultOptions> = {},
  server: S3Server = inject('s3'),
): S3VaultOptions {
  return {
    name: 's3',
    endpoint: server.endpoint,
    region: 'us-east-1',
    bucket,
    prefix: '',
    pathStyle: true,
    credentials: () => Promise.resolve(server),
    ca: undefined,
    mode: 'governance',
    openEndedDays: 30,
    encryption: { kind: 'none' },
    multipartFromBytes: 12 * MIB,
    partBytes: 5 * MIB,
    partLanes: 1, // in order, so that tests can tell what was sent when
    bytesPerSecond: undefined,
    idleTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    clock: systemClock,
    ...over,
  };
}

/** A vault in a fresh bucket. */
export async function openFreshVault(over: Partial<S3VaultOptions> = {}): Promise<Vault & { readonly bucket: string }> {
  const bucket = await makeBucket();
  return Object.assign(await openS3Vault(vaultOptions(bucket, over)), { bucket });
}
