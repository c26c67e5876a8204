// After a put: what the store says it keeps is compared with what was announced, and becomes the receipt.
// The same bytes are success whoever stored them, and the longer lock wins; nothing is overwritten or shortened here.
import { type HeadObjectCommandOutput, PutObjectLegalHoldCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { Failure, parseByteCount, type VaultReceipt } from '../evidence/index.ts';
import type { Gate } from '../platform/index.ts';
import type { LockFacts, PutSource, PutTerms } from './port.ts';
import type { Throttle } from './s3-body.ts';
import { isEncrypted } from './s3-encryption.ts';
import { headObject, originalVersion } from './s3-head.ts';
import { isWeaker, lackOf, lockFacts, lockWord, wantedLock } from './s3-lock.ts';
import { compositeOfFile, partSize } from './s3-multipart.ts';
import type { S3Requests } from './s3-requests.ts';

/** What puts of one vault share. */
export interface PutPorts {
  readonly requests: S3Requests;
  readonly throttle: Throttle | undefined;
  /** Parts of files on their way at once. */
  readonly partGate: Gate;
  /** Reads every byte of a version back, none after more than `mostBytes`: for objects whose digest the store cannot tell. */
  readonly readBack: (
    key: string,
    version: string | undefined,
    mostBytes: number,
  ) => Promise<{ sha256: string; sizeBytes: number }>;
}

/** One put. */
export interface Put {
  readonly key: string;
  readonly source: PutSource;
  readonly terms: PutTerms;
  readonly signal: AbortSignal | undefined;
  /** As a further version over the same bytes, which stand too weakly: without the condition, and no upload of before is continued. */
  readonly over?: boolean;
}

/** How an upload ended: something stood there already, or a version of ours was stored. */
export interface Ended {
  readonly existed: boolean;
  /** Checksum of an upload in parts. */
  readonly composite?: string | undefined;
  readonly version?: string | undefined;
}

/** The same bytes stand, but in a way that no request can mend: only a version of its own helps. */
export interface Weak {
  readonly lack: string;
}

/** How an object stands too weakly for what is asked, if it does. */
export function weaknessOf({ options }: S3Requests, terms: PutTerms, head: HeadObjectCommandOutput): Weak | undefined {
  if (isWeaker(lockFacts(head).lock, wantedLock(terms, options)))
    return { lack: 'is locked in governance mode only, though compliance was asked for' };
  return isEncrypted(head, options.encryption)
    ? undefined
    : { lack: 'is kept in clear, though encryption was asked for' };
}

/** Compares what was just stored. Failures: 'vault-mismatch' when the store tells other bytes, 'vault-unfit' when a lock or a version lacks. */
export async function acceptFresh(ports: PutPorts, put: Put, ended: Ended): Promise<VaultReceipt | Weak> {
  const { requests } = ports;
  const { key, source, signal } = put;
  const head = await headObject(requests, key, ended.version, signal);
  if (head === undefined) throw requests.unfit(`${key} was stored, and is not there`);
  if (ended.existed) return await acceptExisting(ports, put, head);
  if (head.ChecksumSHA256 === undefined) return await acceptExisting(ports, put, head); // an older store: every byte is read back
  const sum = ended.composite ?? base64(source.sha256);
  if (head.ContentLength !== source.sizeBytes || head.ChecksumSHA256 !== sum)
    throw new Failure('vault-mismatch', `${key} was stored at ${requests.where}, but it tells another digest or size`);
  return await receiptOf(ports, put, head);
}

/** Something stands there: the same bytes are success. What was laid over our object does not count: the object below does. */
export async function acceptExisting(
  ports: PutPorts,
  put: Put,
  head: HeadObjectCommandOutput,
): Promise<VaultReceipt | Weak> {
  const { requests } = ports;
  const { key, signal } = put;
  if (await isSame(ports, put, head)) return await receiptOf(ports, put, head);
  const original = await originalVersion(requests, key);
  const below =
    original === undefined || original === head.VersionId
      ? undefined
      : await headObject(requests, key, original, signal);
  if (below !== undefined && (await isSame(ports, put, below))) return await receiptOf(ports, put, below);
  throw new Failure('vault-conflict', `${requests.where} holds other bytes under ${key}`);
}

/** By the digest the store tells, where it tells one that can be compared; else every byte is read back. */
async function isSame(
  { requests, readBack }: PutPorts,
  { key, source }: Put,
  head: HeadObjectCommandOutput,
): Promise<boolean> {
  if (head.ContentLength !== source.sizeBytes) return false;
  const told = head.ChecksumSHA256;
  if (told !== undefined && !told.includes('-')) return told === base64(source.sha256);
  if (told !== undefined && 'file' in source) {
    const ours = await compositeOfFile(source, partSize(source.sizeBytes, requests.options.partBytes));
    if (ours === told) return true; // other part sizes give another composite, so only equality says something
  }
  return (await readBack(key, head.VersionId, source.sizeBytes)).sha256 === source.sha256;
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

async function receiptOf(ports: PutPorts, put: Put, head: HeadObjectCommandOutput): Promise<VaultReceipt | Weak> {
  const { requests } = ports;
  const { key, source, terms } = put;
  const weak = weaknessOf(requests, terms, head);
  if (weak !== undefined) return weak;
  const standing = await lockLonger(requests, key, lockFacts(head), terms);
  if (standing.version === undefined)
    throw requests.unfit(`it gives ${key} no version: versioning is not on for the bucket`);
  return {
    vault: requests.options.name,
    key,
    version: standing.version,
    sha256: source.sha256,
    sizeBytes: parseByteCount(source.sizeBytes),
    ...(standing.composite === undefined ? {} : { composite: standing.composite }), // compared, or its bytes read back, before this
    lock: terms.locked ? standing.lock : 'none',
    ...(terms.locked && standing.retainUntil !== undefined ? { retainUntil: standing.retainUntil } : {}),
    ...(terms.locked && standing.legalHold ? { legalHold: true as const } : {}),
  };
}

/** Lengthens the lock of one version to what the terms ask; never shortens. Throws Failure 'vault-unfit' when it still lacks something. */
export async function lockLonger(
  requests: S3Requests,
  key: string,
  found: LockFacts,
  terms: PutTerms,
): Promise<LockFacts> {
  const wanted = wantedLock(terms, requests.options);
  if (wanted === undefined || lackOf(found, wanted) === undefined) return found;
  const at = { ...requests.at(key), ...(found.version === undefined ? {} : { VersionId: found.version }) };
  const later = found.retainUntil !== undefined && found.retainUntil > wanted.until ? found.retainUntil : wanted.until;
  // A lock that stands keeps its mode: to change one, a right is needed that a station must not have.
  const mode = found.lock === 'none' ? wanted.mode : found.lock;
  if (later !== found.retainUntil || found.lock === 'none')
    await requests.ask(
      `lengthening the lock of ${key}`,
      () =>
        new PutObjectRetentionCommand({ ...at, Retention: { Mode: lockWord(mode), RetainUntilDate: new Date(later) } }),
    );
  if (wanted.legalHold && !found.legalHold)
    await requests.ask(
      `laying a legal hold on ${key}`,
      () => new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } }),
    );
  const head = await headObject(requests, key, found.version);
  const now = head === undefined ? found : lockFacts(head);
  const lack = lackOf(now, wanted);
  if (lack !== undefined) throw requests.unfit(`${key} ${lack}, though it was asked for`);
  return now;
}
