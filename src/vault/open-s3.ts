// Opens, checks and makes vaults in buckets. The SDK is loaded only here, when a station has such a vault: commands without one start in
// half the time. Opening asks nothing of the store yet: whether it is fit to hold evidence, its check tells.
import type { Check } from './check.ts';
import type { Vault } from './port.ts';
import type { MadeBucket } from './s3-bucket.ts';
import type { S3CheckOrder } from './s3-check.ts';
import type { S3VaultOptions } from './s3-options.ts';

/** A vault in a bucket with Object Lock; `end` ends every request that has no signal of its own. */
export async function openS3Vault(options: S3VaultOptions, end?: AbortSignal): Promise<Vault> {
  const [{ S3Requests }, { S3Vault }] = await Promise.all([import('./s3-requests.ts'), import('./s3.ts')]);
  return new S3Vault(new S3Requests(options, end));
}

/** Checks an S3 vault, line by line; see checkBucket. */
export async function* checkS3Vault(options: S3VaultOptions, order: S3CheckOrder): AsyncIterable<Check> {
  const { checkBucket } = await import('./s3-check.ts');
  yield* checkBucket(options, order);
}

/** Makes the bucket of an S3 vault with versions and Object Lock; see makeBucket. */
export async function makeS3Bucket(options: S3VaultOptions, signal?: AbortSignal): Promise<MadeBucket> {
  const { makeBucket } = await import('./s3-bucket.ts');
  return await makeBucket(options, signal);
}
