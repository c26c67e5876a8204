// Copies one object from the vaults that have it to one that lacks it: every byte is compared with the digest on record before it counts.
// Never holds a payload in memory, and never writes bytes that are not those on record.
import { createHash, randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure, parseByteCount, type Sha256, type VaultReceipt } from '../evidence/index.ts';
import { freeBytes, TEMP_PREFIX, wrapWriteError } from '../platform/index.ts';
import type { Copies, PutTerms, Vault } from '../vault/index.ts';

/** An object by its content. */
export interface ObjectOnRecord {
  readonly key: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** From where and how objects are copied. */
export interface CopyPorts {
  /** The other vaults, in the order in which they are asked. */
  readonly sources: readonly Vault[];
  /** The vault that is filled. */
  readonly target: Vault;
  /** Folder for one payload at a time, where its source is no file on this machine. Under the station lock; swept at its start. */
  readonly workFolder: string;
  /** So much must stay free there for cameras. */
  readonly reserveBytes: number;
  readonly signal: AbortSignal;
}

/** True when the target shows an object of that size. Whether its bytes are right, verify tells. */
export async function stands({ target }: CopyPorts, { key, sizeBytes }: ObjectOnRecord): Promise<boolean> {
  return (await target.stat(key))?.sizeBytes === sizeBytes;
}

/** Bytes of a small object, as they are on record. Failures: 'digest-mismatch' when no source has them, vault-*. */
export async function readRecorded({ sources }: CopyPorts, object: ObjectOnRecord): Promise<Buffer> {
  return await fromAny(sources, object, async (source) => {
    const bytes = await source.readSmall(object.key, object.sizeBytes);
    if (bytes === undefined) throw new Failure('not-found', `the vault ${source.name} lacks ${object.key}`);
    if (createHash('sha256').update(bytes).digest('hex') !== object.sha256) throw altered(source, object);
    return bytes;
  });
}

/** Bytes of a small object that has no digest on record, from the first source where `check` accepts them. Failures: as readRecorded. */
export async function readAccepted(
  { sources }: CopyPorts,
  { key, maxBytes }: { readonly key: string; readonly maxBytes: number },
  check: (bytes: Buffer) => void,
): Promise<Buffer> {
  return await fromAny(sources, { key }, async (source) => {
    const bytes = await source.readSmall(key, maxBytes);
    if (bytes === undefined) throw new Failure('not-found', `the vault ${source.name} lacks ${key}`);
    try {
      check(bytes);
    } catch (cause) {
      throw new Failure('digest-mismatch', `the vault ${source.name} holds something else under ${key}`, { cause });
    }
    return bytes;
  });
}

/** Copies a payload. Failures: as readRecorded, and as Vault.putOnce. */
export async function copyPayload(
  ports: CopyPorts,
  object: ObjectOnRecord,
  terms: PutTerms,
  copies: Copies,
): Promise<VaultReceipt> {
  return await fromAny(ports.sources, object, async (source) => {
    const found = await source.stat(object.key, copies);
    if (found === undefined) throw new Failure('not-found', `the vault ${source.name} lacks ${object.key}`);
    if (found.sizeBytes !== object.sizeBytes) throw altered(source, object);
    if (source.fileOf !== undefined) return await putFile(ports, source, source.fileOf(object.key), object, terms);
    return await putThroughFile(ports, source, object, terms, copies);
  });
}

async function putFile(
  { target, signal }: CopyPorts,
  source: Vault,
  file: string,
  { key, sha256, sizeBytes }: ObjectOnRecord,
  terms: PutTerms,
): Promise<VaultReceipt> {
  try {
    return await target.putOnce(key, { file, sha256, sizeBytes }, terms, signal);
  } catch (error) {
    // The target has compared what reached it with the digest on record.
    throw isFailure(error, 'vault-mismatch') ? altered(source, { key, sha256, sizeBytes }, error) : error;
  }
}

async function putThroughFile(
  ports: CopyPorts,
  source: Vault,
  object: ObjectOnRecord,
  terms: PutTerms,
  copies: Copies,
): Promise<VaultReceipt> {
  const { workFolder, reserveBytes } = ports;
  if ((await freeBytes(workFolder)) - reserveBytes < object.sizeBytes)
    throw new Failure('spool-full', `no room in ${workFolder} to copy ${object.key} from one vault to another`);
  const file = join(workFolder, `${TEMP_PREFIX}copy-${randomBytes(8).toString('hex')}`);
  try {
    if ((await writeHashed(ports, source, file, object, copies)) !== object.sha256) throw altered(source, object);
    return await putFile(ports, source, file, object, terms);
  } finally {
    await unlink(file).catch(() => undefined); // absent when it could not be made; else the next start sweeps it
  }
}

async function writeHashed(
  { signal }: CopyPorts,
  source: Vault,
  path: string,
  { key, sizeBytes }: ObjectOnRecord,
  copies: Copies,
): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    await using file = await open(path, 'wx', 0o640);
    for await (const chunk of source.read(key, signal, copies)) {
      hash.update(chunk);
      size += chunk.length;
      if (size > sizeBytes) break; // a store may send without end, and the room was asked for so many; the digest tells
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at, chunk.length - at)).bytesWritten;
    }
    await file.sync();
  } catch (error) {
    throw wrapWriteError(error, path, 'spool-full');
  }
  return hash.digest('hex');
}

/** The receipt of a payload that stands in the target already and is not on record: every byte is read back, and its lock is made what it must be. */
export async function receiptOfStanding(
  { target, signal }: Pick<CopyPorts, 'target'> & Partial<Pick<CopyPorts, 'signal'>>,
  { key, sha256, sizeBytes }: ObjectOnRecord,
  terms: PutTerms,
): Promise<VaultReceipt> {
  const found = await target.digest(key, undefined, signal, sizeBytes);
  if (found?.sha256 !== sha256 || found.sizeBytes !== sizeBytes)
    throw new Failure('vault-conflict', `the vault ${target.name} holds other bytes under ${key}`);
  const lock = await target.guard?.extendLock(key, terms);
  return {
    vault: target.name,
    key,
    sha256,
    sizeBytes: parseByteCount(sizeBytes),
    lock: lock?.lock ?? 'none',
    ...(lock?.version === undefined ? {} : { version: lock.version }),
    ...(lock?.composite === undefined ? {} : { composite: lock.composite }),
    ...(lock?.retainUntil === undefined ? {} : { retainUntil: lock.retainUntil }),
    ...(lock?.legalHold === true ? { legalHold: true as const } : {}),
  };
}

/** What the first good source gives. One that lacks the object or holds other bytes is passed over; one that is away is waited for, if no other helps. */
async function fromAny<T>(
  sources: readonly Vault[],
  { key }: Pick<ObjectOnRecord, 'key'>,
  work: (source: Vault) => Promise<T>,
): Promise<T> {
  let away: Failure | undefined;
  let wrong: Failure | undefined;
  for (const source of sources) {
    try {
      return await work(source);
    } catch (error) {
      if (isFailure(error, 'digest-mismatch') || isFailure(error, 'not-found') || isFailure(error, 'too-large'))
        wrong = error;
      else if (isFailure(error, 'vault-unreachable')) away = error;
      else throw error;
    }
  }
  if (away !== undefined) throw away;
  throw new Failure(
    'digest-mismatch',
    `no vault holds ${key} as it is on record${wrong === undefined ? '' : `: ${wrong.message}`}`,
  );
}

function altered(source: Vault, { key, sha256 }: ObjectOnRecord, cause?: unknown): Failure {
  return new Failure(
    'digest-mismatch',
    `the vault ${source.name} holds other bytes under ${key} than sha256 ${sha256}`,
    {
      cause,
    },
  );
}
