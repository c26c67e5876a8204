// One put: at once or in parts, then what the store says it keeps is read back and compared.
// Whatever goes wrong on the way, the object is looked for before anything is decided: an answer may be lost after success.
import { stat } from 'node:fs/promises';
import {
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { Failure, parseByteCount, type VaultReceipt } from '../evidence/index.ts';
import type { LockFacts, PutSource, PutTerms } from './port.ts';
import { metadataOf, taggingOf } from './s3-about.ts';
import { openBody, type Throttle } from './s3-body.ts';
import { saysCondition, saysDeleteMarker, saysDigest, saysMissing } from './s3-error.ts';
import { lackOf, lockFacts, lockMembers, wantedLock } from './s3-lock.ts';
import { uploadParts } from './s3-multipart.ts';
import type { S3Requests } from './s3-requests.ts';
import { listVersions, originalOf } from './s3-versions.ts';

/** What puts of one vault share. */
export interface PutPorts {
  readonly requests: S3Requests;
  readonly throttle: Throttle | undefined;
  /** Reads every byte of a version back: for objects whose digest the store cannot tell. */
  readonly readBack: (key: string, version: string | undefined) => Promise<{ sha256: string; sizeBytes: number }>;
}

interface Put {
  readonly key: string;
  readonly source: PutSource;
  readonly terms: PutTerms;
  readonly signal: AbortSignal | undefined;
}

/** Stores an object once. Failures as Vault.putOnce. */
export async function putObject(ports: PutPorts, put: Put): Promise<VaultReceipt> {
  const { key, source, signal } = put;
  try {
    const there = 'file' in source ? await headObject(ports.requests, key, undefined, signal) : undefined;
    if (there !== undefined) return await acceptExisting(ports, put, there);
    await checkSource(source, key);
    const composite = await ports.requests.retrying(() => upload(ports, put), signal);
    return await acceptFresh(ports, put, composite);
  } catch (error) {
    if (saysDigest(error))
      throw new Failure(
        'vault-mismatch',
        `the bytes for ${key} that reached ${ports.requests.where} are not those announced`,
        {
          cause: error,
        },
      );
    throw ports.requests.failure(error, `storing ${key}`, signal);
  }
}

/** A file that is longer or shorter than announced would leave the store waiting, or be stored in part. */
async function checkSource(source: PutSource, key: string): Promise<void> {
  const sizeBytes = 'file' in source ? (await stat(source.file)).size : source.bytes.length;
  if (sizeBytes !== source.sizeBytes)
    throw new Failure('vault-mismatch', `the bytes for ${key} are ${sizeBytes}, announced were ${source.sizeBytes}`);
}

type Ended = {
  readonly existed: boolean;
  readonly composite?: string | undefined;
  readonly version?: string | undefined;
};

/** One try. An object that stands already, from us or from anybody, ends it as `existed`. */
async function upload(ports: PutPorts, put: Put): Promise<Ended> {
  const { requests } = ports;
  const { key, source, signal } = put;
  const members = membersOf(ports, put.terms);
  try {
    if ('file' in source && source.sizeBytes > requests.options.multipartFromBytes) {
      const parted = { key, ...source, members, throttle: ports.throttle, signal };
      return { existed: false, ...(await uploadParts(requests, parted)) };
    }
    return { existed: false, version: await putAtOnce(ports, put, members) };
  } catch (error) {
    if (saysCondition(error)) return { existed: true };
    // The answer to a complete upload may have been lost: then the upload is gone, and the object stands.
    const there = isMeantForUs(error)
      ? undefined
      : await headObject(requests, key, undefined, signal).catch(() => undefined);
    if (there !== undefined) return { existed: true };
    throw error;
  }
}

/** Refusals that say for certain that nothing was stored. */
function isMeantForUs(error: unknown): boolean {
  return error instanceof Failure || saysDigest(error);
}

async function putAtOnce(
  { requests, throttle }: PutPorts,
  { key, source, signal }: Put,
  members: Partial<PutObjectCommandInput>,
): Promise<string | undefined> {
  const command = (body: NonNullable<PutObjectCommandInput['Body']>): PutObjectCommand =>
    new PutObjectCommand({
      ...requests.at(key),
      ...members,
      Body: body,
      ContentLength: source.sizeBytes,
      ChecksumAlgorithm: 'SHA256',
      ChecksumSHA256: Buffer.from(source.sha256, 'hex').toString('base64'),
      IfNoneMatch: '*',
    });
  if (!('file' in source) || source.sizeBytes === 0) {
    const bytes = 'file' in source ? Buffer.alloc(0) : Buffer.from(source.bytes);
    const { VersionId } = await requests.once(command(bytes), { signal });
    return VersionId;
  }
  const body = openBody(source.file, 0, source.sizeBytes, throttle);
  const { VersionId } = await requests.withBody(body, signal, (either) =>
    requests.once(command(body), { signal: either, unhurried: true }),
  );
  return VersionId;
}

function membersOf({ requests }: PutPorts, terms: PutTerms): Partial<PutObjectCommandInput> {
  const about = terms.about ?? {};
  return {
    ...lockMembers(wantedLock(terms, requests.options)),
    ...(Object.keys(about).length === 0 ? {} : { Metadata: metadataOf(about), Tagging: taggingOf(about) }),
    ...requests.encryption(),
  };
}

/** Facts of an object (of the latest version, or of one), or undefined when nothing has that name. Rejects with the SDK's error. */
export async function headObject(
  requests: S3Requests,
  key: string,
  version: string | undefined,
  signal?: AbortSignal,
): Promise<HeadObjectCommandOutput | undefined> {
  const ask = (id: string | undefined): Promise<HeadObjectCommandOutput> =>
    requests.patiently(
      () =>
        new HeadObjectCommand({
          ...requests.at(key),
          ChecksumMode: 'ENABLED',
          ...(id === undefined ? {} : { VersionId: id }),
          ...requests.customerKey(),
        }),
      { signal },
    );
  try {
    return await ask(version);
  } catch (error) {
    if (!saysMissing(error)) throw error;
    // A delete marker hides the object; its versions still stand below.
    const below = version === undefined && saysDeleteMarker(error) ? await originalVersion(requests, key) : undefined;
    return below === undefined ? undefined : await ask(below);
  }
}

/** Version id of the object under a write-once name, whatever was laid over it. */
export async function originalVersion(requests: S3Requests, key: string): Promise<string | undefined> {
  for await (const { versions } of listVersions(requests, key, { exactly: true })) return originalOf(versions)?.version;
  return undefined;
}

async function acceptFresh(ports: PutPorts, put: Put, ended: Ended): Promise<VaultReceipt> {
  const { requests } = ports;
  const { key, source, signal } = put;
  const head = await headObject(requests, key, undefined, signal);
  if (head === undefined) throw requests.unfit(`${key} was stored, and is not there`);
  const ours = ended.version === undefined || head.VersionId === ended.version;
  if (ended.existed || !ours) return await acceptExisting(ports, put, head);
  const sum = ended.composite ?? Buffer.from(source.sha256, 'hex').toString('base64');
  if (head.ContentLength !== source.sizeBytes || (head.ChecksumSHA256 !== undefined && head.ChecksumSHA256 !== sum))
    throw new Failure('vault-mismatch', `${key} was stored at ${requests.where}, but it tells another digest or size`);
  return head.ChecksumSHA256 === undefined
    ? await acceptExisting(ports, put, head)
    : await receiptOf(ports, put, lockFacts(head));
}

/** Something stands there: the same bytes are success, and the longer lock wins. */
async function acceptExisting(ports: PutPorts, put: Put, head: HeadObjectCommandOutput): Promise<VaultReceipt> {
  const { key, source } = put;
  const sum = Buffer.from(source.sha256, 'hex').toString('base64');
  const told = head.ChecksumSHA256 !== undefined && !head.ChecksumSHA256.includes('-');
  const same = told
    ? head.ChecksumSHA256 === sum && head.ContentLength === source.sizeBytes
    : head.ContentLength === source.sizeBytes && (await ports.readBack(key, head.VersionId)).sha256 === source.sha256;
  if (!same) throw new Failure('vault-conflict', `${ports.requests.where} holds other bytes under ${key}`);
  return await receiptOf(ports, put, lockFacts(head));
}

async function receiptOf(ports: PutPorts, put: Put, found: LockFacts): Promise<VaultReceipt> {
  const { requests } = ports;
  const { key, source, terms } = put;
  const standing =
    lackOf(found, wantedLock(terms, requests.options)) === undefined
      ? found
      : await lockLonger(requests, key, found, terms);
  if (standing.version === undefined)
    throw requests.unfit(`it gives ${key} no version: versioning is not on for the bucket`);
  return {
    vault: requests.options.name,
    key,
    version: standing.version,
    sha256: source.sha256,
    sizeBytes: parseByteCount(source.sizeBytes),
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
  if (wanted === undefined) return found;
  const at = { ...requests.at(key), ...(found.version === undefined ? {} : { VersionId: found.version }) };
  const later = found.retainUntil !== undefined && found.retainUntil > wanted.until ? found.retainUntil : wanted.until;
  const mode = found.lock === 'compliance' ? 'COMPLIANCE' : wanted.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
  if (found.lock === 'none' || later !== found.retainUntil || mode.toLowerCase() !== found.lock)
    await requests.ask(
      `lengthening the lock of ${key}`,
      () => new PutObjectRetentionCommand({ ...at, Retention: { Mode: mode, RetainUntilDate: new Date(later) } }),
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
