// Fetches an item's bytes out of the vault, hashing while writing: the file appears under its name only when the digest fits.
// They are read by the version on record, whatever was laid over it since. Never overwrites a file.
import { createHash, randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type EntryOf, errnoOf, Failure, isFailure, parseItemId, payloadKey, type Sha256 } from '../evidence/index.ts';
import { exists, TEMP_PREFIX } from '../platform/index.ts';
import { type Copies, membersOf, type Vault } from '../vault/index.ts';
import type { CustodyPorts, OnCheck } from './ports.ts';

/** What was fetched. */
export interface Fetched {
  readonly itemId: string;
  readonly out: string;
  readonly sizeBytes: number;
  readonly sha256: Sha256;
}

/** Failures: 'not-found', 'invalid' (the file exists or cannot be made), 'digest-mismatch', vault-*. */
export async function fetchItem(
  ports: CustodyPorts,
  item: string,
  out: string,
  onCheck: OnCheck,
  signal: AbortSignal,
): Promise<Fetched> {
  const known = ports.catalog.item(parseItemId(item));
  if (known === undefined) throw new Failure('not-found', `no item ${item} is on record`);
  const target = resolve(out);
  if (await exists(target)) throw new Failure('invalid', `${target} exists already; name a file that does not`);
  const temp = join(
    dirname(target),
    `${TEMP_PREFIX}${randomBytes(6).toString('hex')}-${basename(target).slice(0, 100)}`,
  );
  try {
    const { sha256, sizeBytes } = known.entry.payload;
    await writeTrue(ports, known.entry, temp, onCheck, signal);
    await link(temp, target);
    return { itemId: item, out: target, sizeBytes, sha256 };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('invalid', `${target} cannot be written: ${errnoOf(error) ?? String(error)}`, { cause: error });
  } finally {
    await unlink(temp).catch(() => undefined); // absent when it could not be made
  }
}

/** Of several vaults, the first that gives the bytes on record; what the last one had to say when none does. */
async function writeTrue(
  { vault, catalog }: CustodyPorts,
  entry: EntryOf<'item.recorded'>,
  temp: string,
  onCheck: OnCheck,
  signal: AbortSignal,
): Promise<void> {
  const { item, payload } = entry;
  const copies = [...entry.copies, ...catalog.copies(item).map((later) => later.entry.copy)];
  let why: Failure | undefined;
  for (const member of membersOf(vault)) {
    try {
      const got = await writeHashed(member, payload, copies, temp, onCheck, signal);
      if (got === payload.sha256) return;
      why = new Failure(
        'digest-mismatch',
        `the bytes of ${item} in the vault ${member.name} are not those on record: sha256 ${got} instead of ${payload.sha256}; nothing was written`,
      );
    } catch (error) {
      if (!isFailure(error) || error.code === 'cancelled') throw error;
      why ??= error;
    }
    await unlink(temp);
  }
  throw why ?? new Failure('not-found', `no vault holds the bytes of ${item}`);
}

async function writeHashed(
  vault: Vault,
  payload: EntryOf<'item.recorded'>['payload'],
  copies: Copies,
  temp: string,
  onCheck: OnCheck,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(temp, 'wx', 0o640);
  let done = 0;
  for await (const chunk of vault.read(payloadKey(payload.sha256), signal, copies)) {
    hash.update(chunk);
    for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at, chunk.length - at)).bytesWritten;
    done += chunk.length;
    if (done > payload.sizeBytes) break; // a store may send without end; the digest tells
    onCheck({ step: 'fetching', done, total: payload.sizeBytes, unit: 'bytes' });
  }
  await file.sync();
  return hash.digest('hex');
}
