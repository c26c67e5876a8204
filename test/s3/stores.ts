// Addresses and credentials of test stores as a person at a terminal would give them.
// Never puts a secret anywhere but into a file that only its owner reads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { VaultAddress } from '../../src/cli/index.ts';
import type { S3Server } from './server.ts';

/** Writes credentials into a folder; returns the path of their file. */
export function writeCredentials(
  folder: string,
  keys: Pick<S3Server, 'accessKeyId' | 'secretAccessKey'> = inject('s3'),
): string {
  const path = join(folder, `${keys.accessKeyId}.credentials`);
  writeFileSync(path, `aws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`, {
    mode: 0o600,
  });
  return path;
}

/** A bucket of the common server as `--vault` and its options name it. */
export function addressOf(bucket: string, credentialsFile: string, over: Partial<VaultAddress> = {}): VaultAddress {
  return { vault: `s3://${bucket}`, endpoint: inject('s3').endpoint, credentialsFile, ...over };
}
