// Release: what may be cleared from a camera, and the clearing. Off by default; the last step of custody, and the only one that deletes.
// Never clears a file that is not on record, published, still in as many vaults as it must be and just read again from the camera, byte
// for byte.
import { createHash } from 'node:crypto';
import { fileOf, type Listing, rereadFile } from '../acquire/index.ts';
import { type Card, clearFile } from '../camera/index.ts';
import {
  type Entry,
  encodeCanonical,
  formatInstant,
  type ItemId,
  isFailure,
  parseByteCount,
  parseSha256,
  type Receipt,
  releaseKey,
  type Sha256,
  type SourceFile,
} from '../evidence/index.ts';
import { errorFacts } from '../platform/index.ts';
import { lackOfCopies } from './copies-of.ts';
import type { IngestPorts } from './ports.ts';

/** A file that is proven to be on record, as it stands on the camera now. */
interface ProvenFile {
  readonly n: number;
  readonly file: SourceFile;
  readonly item: ItemId;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** Releases a camera after its receipt is on record and published; returns how many files were cleared. Failures: vault-*, ledger-*. */
export async function releaseCamera(
  ports: IngestPorts,
  card: Card,
  root: string,
  listing: Listing,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<number> {
  const proven = await proveFiles(ports, card, listing, receipt, signal);
  if (proven.length === 0) return 0;
  await recordRelease(ports, listing, proven);
  // Crash here: the release is on record, the files are still on the camera; the next docking proves and releases them again.
  let cleared = 0;
  for (const each of proven) cleared += await clear(ports, root, each);
  return cleared;
}

async function proveFiles(
  ports: IngestPorts,
  card: Card,
  listing: Listing,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<ProvenFile[]> {
  const proven: ProvenFile[] = [];
  for (const { n, outcome, item } of receipt.files) {
    if (item === undefined || (outcome !== 'recorded' && outcome !== 'already-recorded')) continue;
    const file = fileOf(listing, n);
    const known = ports.catalog.item(item)?.entry;
    if (known === undefined) continue;
    try {
      const { sha256, sizeBytes } = await rereadFile(card, file, () => undefined, signal);
      const lack = sha256 === known.payload.sha256 ? await lackOfCopies(ports, known) : 'it is not what is on record';
      if (lack === undefined) proven.push({ n, file, item, sha256, sizeBytes });
      else ports.log.warn(`a file stays on the camera: ${lack}`, { path: file.path.text });
    } catch (error) {
      if (!isFailure(error)) throw error;
      ports.log.warn('a file stays on the camera', errorFacts(error));
      if (error.code === 'camera-gone' || error.code === 'cancelled') return [];
    }
  }
  return proven;
}

async function recordRelease(ports: IngestPorts, listing: Listing, proven: readonly ProvenFile[]): Promise<void> {
  const files = proven.map(({ n, file, item, sha256, sizeBytes }) => ({ n, path: file.path, item, sha256, sizeBytes }));
  const bytes = Buffer.concat([
    encodeCanonical({ type: 'docket/release', v: 1, station: ports.station, acquisition: listing.acquisition, files }),
    Buffer.from('\n'),
  ]);
  const sha256 = parseSha256(createHash('sha256').update(bytes).digest('hex'));
  const key = releaseKey(ports.station, listing.acquisition);
  await ports.vault.putOnce(
    key,
    { bytes, sha256, sizeBytes: bytes.length },
    { locked: true, retainUntil: 'permanent' },
  );
  const entry: Entry = {
    v: 1,
    kind: 'camera.released',
    at: formatInstant(ports.clock.now()),
    actor: { kind: 'station', name: ports.station },
    acquisition: listing.acquisition,
    camera: listing.camera,
    files: proven.length,
    sizeBytes: parseByteCount(proven.reduce((sum, each) => sum + each.sizeBytes, 0)),
    list: { key, sha256, sizeBytes: parseByteCount(bytes.length) },
  };
  ports.recorder.record([entry]);
  await ports.publisher.publish();
}

/** What cannot be cleared stays; it is on record, so that is untidy and no loss. */
async function clear(ports: IngestPorts, root: string, { file, sizeBytes }: ProvenFile): Promise<number> {
  try {
    await clearFile(root, file, { sizeBytes, modifiedAtMs: file.modifiedAtMs });
    return 1;
  } catch (error) {
    if (!isFailure(error)) throw error;
    ports.log.warn('a released file could not be cleared', errorFacts(error));
    return 0;
  }
}
