// A sealed item as it lies in the spool, read when its turn to be stored comes; what is not whole there is sealed again from its bytes.
// Needs neither camera nor vault.
import { createHash } from 'node:crypto';
import { readFile, rename, stat } from 'node:fs/promises';
import { type Listing, respooled, type SpoolFolder } from '../acquire/index.ts';
import {
  epochOf,
  errnoOf,
  Failure,
  isFailure,
  openSealed,
  parseEpochMs,
  parseSha256,
  type SealedItem,
} from '../evidence/index.ts';
import { errorFacts } from '../platform/index.ts';
import type { IngestPorts } from './ports.ts';
import { sealSpooled } from './settle.ts';

/** File `n` of an acquisition, sealed. Failures: 'source-unreadable', 'format-newer', 'spool-full', 'disk-failed'. */
export async function loadSealed(
  ports: IngestPorts,
  listing: Listing,
  folder: SpoolFolder,
  n: number,
): Promise<SealedItem> {
  const stage = await ports.spool.stageOf(folder, n);
  return (stage === 'sealed' ? await readSealed(ports, folder, n) : undefined) ?? reseal(ports, listing, folder, n);
}

/**
 * The sealed manifest in the spool, or undefined when it is not whole or not ours (then it is set aside and made again). Throws Failure
 * 'format-newer': sealed by a newer docket, it may stand in the vault already, where another one of this item would have no place.
 */
export async function readSealed(ports: IngestPorts, folder: SpoolFolder, n: number): Promise<SealedItem | undefined> {
  const path = folder.manifestPath(n);
  const sealed = await reading(path, () => readFile(path));
  try {
    const manifest = openSealed(sealed, ports.signer, path);
    const sealedSha256 = parseSha256(createHash('sha256').update(sealed).digest('hex'));
    return { stage: 'sealed', item: manifest.item, manifest, sealed, sealedSha256, spoolPath: folder.bytesPath(n) };
  } catch (error) {
    if (!isFailure(error) || error.code === 'format-newer') throw error;
    ports.log.error('a manifest in the spool is damaged; it is made again', errorFacts(error));
    await reading(path, () => rename(path, `${path}.damaged`));
    return undefined;
  }
}

/** Whole bytes without a manifest: the digest is taken again from the bytes, and they are sealed as if just pulled. */
async function reseal(ports: IngestPorts, listing: Listing, folder: SpoolFolder, n: number): Promise<SealedItem> {
  const path = folder.bytesPath(n);
  const payload = await reading(path, () => ports.digests.digest(path, { sm3: ports.rules.sm3 }));
  const finishedAtMs = parseEpochMs((await reading(path, () => stat(path))).mtimeMs);
  const spooled = respooled(listing, folder, n, payload, epochOf(listing.startedAt), finishedAtMs);
  return await sealSpooled(ports, listing, folder, n, spooled);
}

/** A bad place under one waiting item must not keep the others, or new cameras, from going on. */
async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isFailure(cause)) throw cause;
    const why = errnoOf(cause) ?? String(cause);
    throw new Failure('source-unreadable', `${path} in the spool cannot be read: ${why}`, { cause });
  }
}
