// Opens a vault in a bucket. The SDK is loaded only here, when a station has such a vault: commands without one start in half the time.
// Nothing is asked of the store yet: whether it is fit to hold evidence, its check tells.
import type { Vault } from './port.ts';
import type { S3VaultOptions } from './s3-options.ts';

/** A vault in a bucket with Object Lock. */
export async function openS3Vault(options: S3VaultOptions): Promise<Vault> {
  const [{ S3Requests }, { S3Vault }] = await Promise.all([import('./s3-requests.ts'), import('./s3.ts')]);
  return new S3Vault(new S3Requests(options));
}
