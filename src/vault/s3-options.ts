// What an S3 vault is made of: where it is, how it locks, how hard it may press.
import type { Clock } from '../platform/index.ts';

/** Credentials as AWS knows them. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** How the store encrypts: not at all (or as the bucket says), with a key the store manages, or with a key it forgets after each request. */
export type S3Encryption =
  | { readonly kind: 'none' }
  | { readonly kind: 'kms'; readonly keyId: string | undefined }
  | { readonly kind: 'customer'; readonly key: Buffer };

/** An S3 vault. */
export interface S3VaultOptions {
  /** Name in vault receipts. */
  readonly name: string;
  /** Base URL of the store; undefined: AWS by its region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Before every key; empty, or ends with a slash. */
  readonly prefix: string;
  /** Bucket in the path of the URL (Ceph, MinIO) instead of in the host name (AWS). */
  readonly pathStyle: boolean;
  /** Asked before every request, so that a replaced file is taken up. Throws Failure 'config-invalid'. */
  readonly credentials: () => Promise<S3Credentials>;
  /** PEM text of the authorities that may sign the store's certificate; undefined: those of the system. */
  readonly ca: string | undefined;
  readonly mode: 'governance' | 'compliance';
  /** How far ahead the lock of what has no end yet is set, in days; half of it later the lock is extended. */
  readonly openEndedDays: number;
  readonly encryption: S3Encryption;
  /** Above this, an object is uploaded in parts, in bytes; S3 allows at most 5 GiB at once. */
  readonly multipartFromBytes: number;
  /** Least size of a part, in bytes; S3 asks for 5 MiB. */
  readonly partBytes: number;
  /** Parts on their way at once over all uploads of this vault: one connection alone rarely fills a line or a store. */
  readonly partLanes: number;
  /** Most bytes sent a second over all uploads of this vault; undefined: as fast as it goes. */
  readonly bytesPerSecond: number | undefined;
  /** A connection on which nothing moves for so long is given up, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Longest a small request may take, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
}
