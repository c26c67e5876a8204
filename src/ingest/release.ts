// Release: what may be cleared from a camera, and the clearing. Off by default; the last step of custody, and the only one that deletes.
// Never clears a file that is not on record, published, still in as many vaults as it must be and just read again from the camera, byte
// for byte.
import { createHash } from 'node:crypto';
import { fileOf, type Listing, rereadFile } from '../acquire/index.ts';
import { type Card, clearFile, type FolderCard } from '../camera/index.ts';
import {
  type ByteCount,
  type Entry,
  encodeCanonical,
  formatInstant,
  type ItemId,
  isFailure,
  MAX_LEFT_NAMED,
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
import { publishOrNote } from './publish.ts';

/** A file that is proven to be on record, as it stands on the camera now. */
interface ProvenFile {
  readonly n: number;
  readonly file: SourceFile;
  readonly item: ItemId;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/**
 * Releases a camera after its receipt is on record and published; returns how many files were cleared. What is left, and why, is on record too.
 * Failures: vault-*, ledger-*.
 */
export async function releaseCamera(
  ports: IngestPorts,
  card: FolderCard,
  listing: Listing,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<number> {
  const proven = await proveFiles(ports, card, listing, receipt, signal);
  if (proven.length === 0) return 0;
  await recordRelease(ports, listing, proven);
  // Crash here: the release is on record, the files are still on the camera; the next docking proves and releases them again.
  const left = await clearAll(ports, card, proven, signal);
  // Crash here: the record says what might be cleared, not what was; what is left is on the receipt of the next docking.
  recordCleared(ports, listing, proven, left);
  await publishOrNote(ports);
  return proven.length - left.size;
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
      const look = { readBack: outcome === 'already-recorded', signal };
      const lack =
        sha256 === known.payload.sha256 ? await lackOfCopies(ports, known, look) : 'it is not what is on record';
      if (lack === undefined) proven.push({ n, file, item, sha256, sizeBytes });
      else ports.log.warn(`a file stays on the camera: ${lack}`, { path: file.path.text });
    } catch (error) {
      if (!isFailure(error) || error.policy === 'stop') throw error;
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
    sizeBytes: totalBytes(proven),
    list: { key, sha256, sizeBytes: parseByteCount(bytes.length) },
  };
  ports.recorder.record([entry]);
  await ports.publisher.publish();
}

/**
 * Clears one file after the other; returns those that are left, with the reason. What cannot be cleared stays: it is on record, so that is
 * untidy and no loss. Once the camera is gone, or the station stops, nothing more is tried.
 */
async function clearAll(
  { log }: IngestPorts,
  card: FolderCard,
  proven: readonly ProvenFile[],
  signal: AbortSignal,
): Promise<ReadonlyMap<ProvenFile, string>> {
  const left = new Map<ProvenFile, string>();
  let end: string | undefined;
  for (const each of proven) {
    end ??= signal.aborted ? 'the station stopped before it was cleared' : undefined;
    if (end !== undefined) {
      left.set(each, end);
      continue;
    }
    const { file, sizeBytes } = each;
    try {
      await clearFile(card, file, { sizeBytes, modifiedAtMs: file.modifiedAtMs });
    } catch (error) {
      if (!isFailure(error)) throw error;
      log.warn('a released file could not be cleared', errorFacts(error));
      left.set(each, error.message);
      if (error.code === 'camera-gone') end = error.message;
    }
  }
  return left;
}

/** Longest reason in an entry, in characters: ten of them fit. */
const MAX_REASON_CHARS = 1000;

/** A release says what may be cleared, before it is; this says what was. */
function recordCleared(
  ports: IngestPorts,
  listing: Listing,
  proven: readonly ProvenFile[],
  left: ReadonlyMap<ProvenFile, string>,
): void {
  const cleared = proven.filter((each) => !left.has(each));
  const entry: Entry = {
    v: 1,
    kind: 'camera.cleared',
    at: formatInstant(ports.clock.now()),
    actor: { kind: 'station', name: ports.station },
    acquisition: listing.acquisition,
    camera: listing.camera,
    files: cleared.length,
    sizeBytes: totalBytes(cleared),
    left: left.size,
    first: [...left].slice(0, MAX_LEFT_NAMED).map(([{ n }, why]) => ({ n, reason: why.slice(0, MAX_REASON_CHARS) })),
  };
  ports.recorder.record([entry]);
}

function totalBytes(files: readonly ProvenFile[]): ByteCount {
  return parseByteCount(files.reduce((sum, each) => sum + each.sizeBytes, 0));
}
