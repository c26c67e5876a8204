// Tells whether a file on a camera is already on record: the same place, the same size, the same bytes, still in the vault.
// Every byte is read again: name, size and time have lied before.
import { fileOf, isWhole, type Listing, rereadFile } from '../acquire/index.ts';
import type { Card } from '../camera/index.ts';
import type { CatalogItem } from '../catalog/index.ts';
import { type ItemId, isFailure, payloadKey, type Sha256 } from '../evidence/index.ts';
import type { IngestPorts } from './ports.ts';
import type { Road } from './road.ts';

/** Items on record that file `n` may be: same camera or folder, same path, same size, and in the case that is asked for. */
export function findCandidates(ports: IngestPorts, listing: Listing, n: number): readonly CatalogItem[] {
  const file = fileOf(listing, n);
  return (
    ports.catalog
      .knownFiles(listing.camera, file.path)
      // Docked now under a case, recorded then without: the case must get it, so it is recorded again (its bytes are stored once).
      .filter(
        ({ entry }) =>
          isWhole(file.sizeBytes, entry.payload.sizeBytes) &&
          (listing.case === undefined || entry.case === listing.case),
      )
  );
}

/** The candidate that file `n` really is, by its digest, if its payload is still in the vault. Failures as rereadFile. */
export async function proveKnown(
  ports: IngestPorts,
  card: Card,
  listing: Listing,
  n: number,
  candidates: readonly CatalogItem[],
  road: Road,
  signal: AbortSignal,
): Promise<{ readonly item: ItemId; readonly sha256: Sha256; readonly sizeBytes: number } | undefined> {
  const { sha256 } = await rereadFile(card, fileOf(listing, n), () => undefined, signal);
  const same = candidates.find(({ entry }) => entry.payload.sha256 === sha256);
  if (same === undefined) return undefined;
  const { sizeBytes } = same.entry.payload;
  return (await isStored(ports, road, same.entry.payload)) ? { item: same.entry.item, sha256, sizeBytes } : undefined;
}

/** A vault that is away cannot be asked: then the record's word stands. Nothing is released before the vault was asked. */
async function isStored(
  ports: IngestPorts,
  road: Road,
  payload: { readonly sha256: Sha256; readonly sizeBytes: number },
): Promise<boolean> {
  if (road.away !== undefined) return true;
  try {
    return (await ports.vault.stat(payloadKey(payload.sha256)))?.sizeBytes === payload.sizeBytes;
  } catch (error) {
    if (!isFailure(error) || error.policy !== 'retry') throw error;
    await road.probe(); // the next ones need not find out for themselves
    return true;
  }
}
