// The sentence, for one item: spooled -> sealed -> stored -> recorded; then it is looked into, and its place in the spool given back.
// Each step's comment says what is true if we crash exactly there; doing it all again is always right.
import { type Listing, type SpoolFolder, writeSealed } from '../acquire/index.ts';
import {
  type Entry,
  formatInstant,
  type Manifest,
  type MediaFacts,
  manifestKey,
  parseByteCount,
  payloadKey,
  type RecordedItem,
  type SealedItem,
  type SpooledItem,
  type StoredItem,
} from '../evidence/index.ts';
import { sealItem } from '../seal/index.ts';
import { type PutTerms, putCopies } from '../vault/index.ts';
import { describeItem } from './describe.ts';
import { examineItem } from './examine.ts';
import type { IngestPorts } from './ports.ts';

/** Seals a spooled item. Failures: 'spool-full', 'disk-failed'. */
export async function sealSpooled(
  ports: IngestPorts,
  listing: Listing,
  folder: SpoolFolder,
  n: number,
  spooled: SpooledItem,
): Promise<SealedItem> {
  const sealed = sealItem(describeItem(spooled, listing, ports.station, ports.rules), spooled.spoolPath, ports.signer);
  await writeSealed(folder, n, sealed.sealed);
  // Crash here: bytes and manifest are durable in the spool; recovery sends them on the road.
  return sealed;
}

/** What remains once the item is on record: look inside, then give the spool's place back. Returns what the file claims of itself. */
export async function finishRecorded(
  ports: IngestPorts,
  listing: Listing,
  folder: SpoolFolder,
  n: number,
  recorded: RecordedItem,
): Promise<MediaFacts | undefined> {
  const facts = await examineItem(ports, listing, recorded);
  await ports.spool.drop(folder, n);
  return facts;
}

/** Stores payload and manifest. Failures: vault-*, and the reason of `signal`; the item then stays in the spool. */
export async function storeItem(ports: IngestPorts, sealed: SealedItem, signal: AbortSignal): Promise<StoredItem> {
  const { manifest } = sealed;
  const terms = itemTerms(manifest);
  const copies = await putCopies(
    ports.vault,
    payloadKey(manifest.payload.sha256),
    { file: sealed.spoolPath, ...manifest.payload },
    terms,
    signal,
  );
  const key = manifestKey(ports.station, sealed.item);
  await ports.vault.putOnce(
    key,
    { bytes: sealed.sealed, sha256: sealed.sealedSha256, sizeBytes: sealed.sealed.length },
    terms,
    signal,
  );
  // Crash here: the vault holds both objects, no record names them; storing them again finds them there and is success.
  const manifestObject = { key, sha256: sealed.sealedSha256, sizeBytes: parseByteCount(sealed.sealed.length) };
  return { stage: 'stored', item: sealed.item, manifest, manifestObject, copies, spoolPath: sealed.spoolPath };
}

/** What stores are asked for an item's payload and manifest. */
export function itemTerms(manifest: Manifest): PutTerms {
  return {
    locked: true,
    retainUntil: manifest.retention.until,
    legalHold: manifest.retention.rule === 'permanent',
    about: aboutItem(manifest),
  };
}

/** What an archivist sees of the item in the store's own tools. */
function aboutItem({
  station,
  item,
  kind,
  source,
  time,
  case: caseNumber,
  documentType,
}: Manifest): Record<string, string> {
  const { camera } = source;
  const facts: Record<string, string | undefined> = {
    case: caseNumber,
    station,
    item,
    kind,
    captured: time.captured,
    camera: camera.serial,
    officer: camera.officer?.name,
    type: documentType,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Puts a stored item on record. Failures: 'vault-unreachable' (the head is not confirmed), 'spool-full', ledger-*. */
export function recordItem(ports: IngestPorts, listing: Listing, stored: StoredItem): RecordedItem {
  const known = ports.catalog.item(stored.item);
  const index =
    known?.index ??
    ports.recorder.record([itemEntry(stored.manifest, stored, listing.actor, formatInstant(ports.clock.now()))])
      .firstIndex;
  return { stage: 'recorded', item: stored.item, manifest: stored.manifest, index, spoolPath: stored.spoolPath };
}

/** The entry that puts an item on record. */
export function itemEntry(
  manifest: Manifest,
  stored: Pick<StoredItem, 'manifestObject' | 'copies'>,
  actor: Entry['actor'],
  at: Entry['at'],
  recovered?: true,
): Entry {
  return {
    v: 1,
    kind: 'item.recorded',
    at,
    actor,
    item: manifest.item,
    acquisition: manifest.acquisition,
    itemKind: manifest.kind,
    manifest: stored.manifestObject,
    payload: manifest.payload,
    camera: manifest.source.camera,
    path: manifest.source.path,
    accompanies: manifest.source.accompanies,
    time: manifest.time,
    case: manifest.case,
    documentType: manifest.documentType,
    keyMark: manifest.keyMark,
    retention: manifest.retention,
    copies: [...stored.copies],
    recovered,
  };
}
