// Recovery: what a crash, a full vault or a pulled plug left in the spool goes on from where it stands, by the same functions.
// Run at every start and again whenever the vault was away. Never needs the camera.

import { createHash } from 'node:crypto';
import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileOf, keepPart, type Listing, respooled, type SpoolFolder } from '../acquire/index.ts';
import {
  epochOf,
  errnoOf,
  Failure,
  isFailure,
  makeItemId,
  openSealed,
  parseEpochMs,
  parseSha256,
  type Receipt,
  type SealedItem,
} from '../evidence/index.ts';
import { errorFacts, moveDurable } from '../platform/index.ts';
import { composeReceipt, finishAcquisition } from './finish.ts';
import { listedOutcomes, type Outcomes, openFiles, waitingOutcome } from './outcomes.ts';
import type { IngestPorts } from './ports.ts';
import { publishedSize } from './publish.ts';
import { finishRecorded, settleSealed, settleSpooled } from './settle.ts';

/** What recovery found. */
export interface Recovered {
  /** Receipts that were finished now. */
  readonly finished: readonly Receipt[];
  /** Acquisitions that still wait, with the reason. */
  readonly waiting: readonly { readonly acquisition: string; readonly reason: string }[];
}

/** Continues everything in the spool except what `isBusy` says is being copied now. Rejects only with what stops the station. */
export async function recoverSpool(
  ports: IngestPorts,
  isBusy: (acquisition: string) => boolean = () => false,
): Promise<Recovered> {
  const finished: Receipt[] = [];
  const waiting: { acquisition: string; reason: string }[] = [];
  for (const { folder, listing, damage } of await ports.spool.leftovers()) {
    if (isBusy(folder.acquisition)) continue;
    try {
      if (damage !== undefined) throw damage;
      const receipt = await recoverFolder(ports, folder, listing);
      if (receipt !== undefined) finished.push(receipt);
    } catch (error) {
      if (!isFailure(error) || error.policy === 'stop') throw error;
      ports.log.warn('an acquisition waits in the spool', { acquisition: folder.acquisition, ...errorFacts(error) });
      waiting.push({ acquisition: folder.acquisition, reason: error.message });
    }
  }
  if (publishedSize(ports.ledger) < ports.ledger.size) await publishOrWait(ports, waiting);
  return { finished, waiting };
}

async function publishOrWait(ports: IngestPorts, waiting: { acquisition: string; reason: string }[]): Promise<void> {
  try {
    await ports.publisher.publish();
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    waiting.push({ acquisition: 'ledger', reason: error.message });
  }
}

async function recoverFolder(
  ports: IngestPorts,
  folder: SpoolFolder,
  listing: Listing | undefined,
): Promise<Receipt | undefined> {
  if (listing === undefined) {
    await ports.spool.end(folder); // it crashed before its listing stood or after everything was on record: nothing of it is lost
    return undefined;
  }
  const outcomes = listedOutcomes(listing);
  for (const n of openFiles(listing, outcomes)) await recoverFile(ports, folder, listing, n, outcomes);
  const waits = [...outcomes.values()].find((each) => each.waiting === true);
  if (waits !== undefined) throw new Failure('vault-unreachable', waits.reason ?? 'the vault cannot take it yet');
  return finishAcquisition(ports, listing, folder, composeReceipt(ports, listing, outcomes));
}

async function recoverFile(
  ports: IngestPorts,
  folder: SpoolFolder,
  listing: Listing,
  n: number,
  outcomes: Outcomes,
): Promise<void> {
  const item = makeItemId(listing.acquisition, n);
  try {
    await continueFile(ports, folder, listing, n);
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    outcomes.set(n, waitingOutcome(error));
    return;
  }
  const known = ports.catalog.item(item);
  if (known === undefined)
    outcomes.set(n, {
      outcome: 'interrupted',
      reason: 'the station stopped before this file was whole; it continues at the next docking',
    });
  else
    outcomes.set(n, {
      outcome: 'recorded',
      item,
      sha256: known.entry.payload.sha256,
      sizeBytes: known.entry.payload.sizeBytes,
      durationMs: known.examined?.entry.facts?.durationMs,
    });
}

/** Takes file `n` on from the stage its names in the spool tell. */
async function continueFile(ports: IngestPorts, folder: SpoolFolder, listing: Listing, n: number): Promise<void> {
  const stage = await ports.spool.stageOf(folder, n);
  if (stage === 'part') return keepOrSetAside(ports, folder, listing, n);
  if (stage === 'none') return undefined;
  const known = ports.catalog.item(makeItemId(listing.acquisition, n));
  if (stage === 'sealed') {
    const sealed = await readSealed(ports, folder, n);
    if (sealed !== undefined) {
      if (known !== undefined)
        await finishRecorded(ports, listing, folder, n, {
          stage: 'recorded',
          item: known.entry.item,
          manifest: sealed.manifest,
          index: known.index,
          spoolPath: sealed.spoolPath,
        });
      else await finishRecorded(ports, listing, folder, n, await settleSealed(ports, listing, sealed));
      return undefined;
    }
  }
  if (known !== undefined) return ports.spool.drop(folder, n);
  return resettle(ports, folder, listing, n);
}

/** Bytes written in this boot are all there; after a power cut they may have holes, so they are kept, but never continued. */
async function keepOrSetAside(ports: IngestPorts, folder: SpoolFolder, listing: Listing, n: number): Promise<void> {
  if (listing.boot === ports.boot && ports.boot !== 'unknown') {
    await keepPart(ports.spool, folder, n, listing.camera, fileOf(listing, n));
    return;
  }
  await moveDurable(
    folder.partPath(n),
    join(ports.spool.path, 'parts', `${makeItemId(listing.acquisition, n)}-unproven.part`),
  );
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

/** Whole bytes without a manifest: the digest is taken again from the bytes, and they are sealed as if just pulled. */
async function resettle(ports: IngestPorts, folder: SpoolFolder, listing: Listing, n: number): Promise<void> {
  const path = folder.bytesPath(n);
  const payload = await reading(path, () => ports.digests.digest(path, { sm3: ports.rules.sm3 }));
  const finishedAtMs = parseEpochMs((await reading(path, () => stat(path))).mtimeMs);
  const spooled = respooled(listing, folder, n, payload, epochOf(listing.startedAt), finishedAtMs);
  await finishRecorded(ports, listing, folder, n, await settleSpooled(ports, listing, folder, n, spooled));
}

/** The sealed manifest in the spool, or undefined when it is not whole or not ours (then it is set aside and made again). */
async function readSealed(ports: IngestPorts, folder: SpoolFolder, n: number): Promise<SealedItem | undefined> {
  const path = folder.manifestPath(n);
  const sealed = await reading(path, () => readFile(path));
  try {
    const manifest = openSealed(sealed, ports.signer, path);
    const sealedSha256 = parseSha256(createHash('sha256').update(sealed).digest('hex'));
    return { stage: 'sealed', item: manifest.item, manifest, sealed, sealedSha256, spoolPath: folder.bytesPath(n) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    ports.log.error('a manifest in the spool is damaged; it is made again', errorFacts(error));
    await reading(path, () => rename(path, `${path}.damaged`));
    return undefined;
  }
}
