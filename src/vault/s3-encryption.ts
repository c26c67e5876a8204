// Whether the store says that it encrypts as was asked. One that does not know the headers ignores them, and keeps the evidence in clear.
// Never decides which key is right: a store that has another one cannot give the bytes back.
import type { S3Encryption } from './s3-options.ts';

/** What answers about an object, or about a part of an upload, tell of its encryption. */
export interface ToldEncryption {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
}

/** True when what is told is what was asked for, or nothing was. */
export function isEncrypted(told: ToldEncryption, { kind }: S3Encryption): boolean {
  if (kind === 'kms') return told.ServerSideEncryption?.startsWith('aws:kms') === true; // also in two layers: aws:kms:dsse
  return kind === 'none' || told.SSECustomerAlgorithm === 'AES256';
}
