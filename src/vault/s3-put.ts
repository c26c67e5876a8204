// One put: at once or in parts, then what the store says it keeps is read back and compared.
// Whatever goes wrong on the way, the object is looked for before anything is decided: an answer may be lost after success.
import { stat } from 'node:fs/promises';
import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { Failure, type VaultReceipt } from '../evidence/index.ts';
import type { PutSource, PutTerms } from './port.ts';
import { metadataOf, taggingOf } from './s3-about.ts';
import { openBody, sourceFailure } from './s3-body.ts';
import { saysCondition, saysDigest, withoutKeys } from './s3-error.ts';
import { headBeforePut, headObject } from './s3-head.ts';
import { lockMembers, wantedLock } from './s3-lock.ts';
import { uploadParts } from './s3-multipart.ts';
import {
  acceptExisting,
  acceptFresh,
  type Ended,
  type Put,
  type PutPorts,
  type Weak,
  weaknessOf,
} from './s3-receipt.ts';

/** Stores an object once. Failures as Vault.putOnce. */
export async function putObject(ports: PutPorts, put: Put): Promise<VaultReceipt> {
  const { key, signal } = put;
  try {
    const stands = await putOrFind(ports, put);
    if (!('lack' in stands)) return stands;
    // So stands what somebody else stored, or an upload of before that was continued. Crash here: the next put finds the same and goes on.
    const over = await send(ports, { ...put, over: true });
    if ('lack' in over) throw ports.requests.unfit(`${key} ${over.lack}`);
    return over;
  } catch (error) {
    if (saysDigest(error))
      throw new Failure(
        'vault-mismatch',
        `the bytes for ${key} that reached ${ports.requests.where} are not those announced`,
        {
          cause: withoutKeys(error),
        },
      );
    throw ports.requests.failure(error, `storing ${key}`, signal);
  }
}

async function putOrFind(ports: PutPorts, put: Put): Promise<VaultReceipt | Weak> {
  const { key, source, signal } = put;
  const there = 'file' in source ? await headBeforePut(ports.requests, key, signal) : undefined;
  return there === undefined ? await send(ports, put) : await acceptExisting(ports, put, there);
}

async function send(ports: PutPorts, put: Put): Promise<VaultReceipt | Weak> {
  await checkSource(put.source, put.key);
  const ended = await ports.requests.retrying(() => upload(ports, put), put.signal);
  return await acceptFresh(ports, put, ended);
}

/** A file that is longer or shorter than announced would leave the store waiting, or be stored in part. */
async function checkSource(source: PutSource, key: string): Promise<void> {
  const sizeBytes = 'file' in source ? await fileSize(source.file) : source.bytes.length;
  if (sizeBytes !== source.sizeBytes)
    throw new Failure('vault-mismatch', `the bytes for ${key} are ${sizeBytes}, announced were ${source.sizeBytes}`);
}

async function fileSize(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw sourceFailure(error, file);
  }
}

/** One try. An object that stands already, from us or from anybody, ends it as `existed`. */
async function upload(ports: PutPorts, put: Put): Promise<Ended> {
  const { requests } = ports;
  const { key, source, signal, over = false } = put;
  const members = membersOf(ports, put.terms);
  try {
    if ('file' in source && source.sizeBytes > requests.options.multipartFromBytes) {
      const { throttle, partGate } = ports;
      const parted = { key, ...source, members, throttle, partGate, signal, over };
      return { existed: false, ...(await uploadParts(requests, parted)) };
    }
    return { existed: false, version: await putAtOnce(ports, put, members) };
  } catch (error) {
    if (saysCondition(error)) return { existed: true };
    // The answer to a complete upload may have been lost: then the upload is gone, and the object stands. A store that hangs is looked at once.
    const there = isMeantForUs(error)
      ? undefined
      : await headObject(requests, key, undefined, signal).catch(() => undefined);
    if (there !== undefined && !(over && weaknessOf(requests, put.terms, there) !== undefined))
      return { existed: true };
    throw error;
  }
}

/** Refusals that say for certain that nothing was stored. */
function isMeantForUs(error: unknown): boolean {
  return error instanceof Failure || saysDigest(error);
}

async function putAtOnce(
  { requests, throttle }: PutPorts,
  { key, source, signal, over = false }: Put,
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
      ...(over ? {} : { IfNoneMatch: '*' }),
    });
  if (!('file' in source) || source.sizeBytes === 0) {
    const bytes = 'file' in source ? Buffer.alloc(0) : Buffer.from(source.bytes);
    const { VersionId } = await requests.once(command(bytes), { signal });
    return VersionId;
  }
  const body = openBody(source.file, 0, source.sizeBytes, throttle);
  const { VersionId } = await requests.withBody(body, source.file, signal, (either) =>
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
