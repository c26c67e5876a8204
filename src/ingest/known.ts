// Tells whether a file on a camera is already on record: the same place, the same size, the same bytes, still in the vault.
// Every byte is read again: name, size and time have lied before.
import { fileOf, type Listing, type OnBytes, rereadFile } from '../acquire/index.ts';
import type { Card } from '../camera/index.ts';
import type { CatalogItem } from '../catalog/index.ts';
import { type ItemId, payloadKey, type Sha256 } from '../evidence/index.ts';
import type { IngestPorts } from './ports.ts';

/** Items on record that file `n` may be: same camera or folder, same path, same size, and in the case that is asked for. */
export function findCandidates(ports: IngestPorts, listing: Listing, n: number): readonly CatalogItem[] {
  const file = fileOf(listing, n);
  return (
    ports.catalog
      .knownFiles(listing.camera, file.path)
      // Docked now under a case, recorded then without: the case must get it, so it is recorded again (its bytes are stored once).
      .filter(
        ({ entry }) =>
          entry.payload.sizeBytes === file.sizeBytes && (listing.case === undefined || entry.case === listing.case),
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
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<{ readonly item: ItemId; readonly sha256: Sha256 } | undefined> {
  const { sha256, sizeBytes } = await rereadFile(card, fileOf(listing, n), onBytes, signal);
  const same = candidates.find(({ entry }) => entry.payload.sha256 === sha256);
  if (same === undefined) return undefined;
  const stored = await ports.vault.stat(payloadKey(sha256));
  return stored?.sizeBytes === sizeBytes ? { item: same.entry.item, sha256 } : undefined;
}
