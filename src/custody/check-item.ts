// Checks one item against the vault: manifest (digest, signature, agreement with its entry), payload (every byte, or what the store
// tells), and the locks of both. The payload is read by the version its receipt names, whatever was laid over it since.
import {
  type EntryOf,
  encodeCanonical,
  type Finding,
  finding,
  MAX_MANIFEST_BYTES,
  type Manifest,
  openSealed,
  payloadKey,
} from '../evidence/index.ts';
import { type LockFacts, membersOf, type StoredObject } from '../vault/index.ts';
import { lockFindings, manifestDemand, payloadDemand } from './check-lock.ts';
import { checkObject, type Depth, type ObjectPorts, reporting } from './check-object.ts';
import { type Checked, checkEachCopy } from './copies.ts';

type Recorded = EntryOf<'item.recorded'>;

/** Findings of one recorded item in all its copies, and how many payload bytes were read. */
export function checkItem(
  ports: ObjectPorts,
  entry: Recorded,
  depth: Depth,
  payloadDepth: Depth = depth,
): Promise<Checked> {
  return checkEachCopy(ports, (each) => checkCopy(each, entry, depth, payloadDepth));
}

/** An item with the receipts of copies that were made after it was recorded, so that each vault is read by its own. */
export function withCopies(entry: Recorded, later: readonly EntryOf<'item.copied'>[]): Recorded {
  return later.length === 0 ? entry : { ...entry, copies: [...entry.copies, ...later.map(({ copy }) => copy)] };
}

/** A copy made later, as its own entry says: the version stands in that vault, and is locked until then. */
export async function checkLaterCopy(
  { vault, clock }: ObjectPorts,
  { item, copy }: EntryOf<'item.copied'>,
): Promise<readonly Finding[]> {
  const guard = membersOf(vault).find(({ name }) => name === copy.vault)?.guard;
  if (guard === undefined || copy.lock === 'none') return []; // its bytes are compared with those of the item's other copies
  const { lock: mode, retainUntil: until, legalHold = false } = copy;
  const where = `${copy.key} (${item})`;
  return await reporting(where, 'payload-altered', async () => {
    const facts = await guard.lockOf(copy.key, [copy]);
    if (facts === undefined)
      return [finding('copy-missing', where, `vault ${copy.vault}: the version on record is not there`)];
    return lockFindings(facts, { mode, until, open: false, legalHold }, where, clock.now());
  });
}

async function checkCopy(ports: ObjectPorts, entry: Recorded, depth: Depth, payloadDepth: Depth): Promise<Checked> {
  const manifest = await checkObject(
    ports,
    {
      ...entry.manifest,
      maxBytes: MAX_MANIFEST_BYTES,
      demand: manifestDemand(entry),
      missing: 'manifest-missing',
      altered: 'manifest-altered',
      look: (bytes) => compareManifest(openSealed(bytes, ports.verifier, entry.manifest.key), entry),
    },
    depth,
  );
  const payload = await checkPayload(ports, entry, payloadDepth);
  return { findings: [...manifest, ...payload.findings], bytesRead: payload.bytesRead };
}

/** The entry repeats what the manifest says; a difference means one of them was made to lie before it was signed. */
function compareManifest(manifest: Manifest, entry: Recorded): Finding[] {
  const said = {
    item: manifest.item,
    acquisition: manifest.acquisition,
    kind: manifest.kind,
    payload: manifest.payload,
    path: manifest.source.path,
    camera: manifest.source.camera,
    case: manifest.case,
    time: manifest.time,
  };
  const recorded = {
    item: entry.item,
    acquisition: entry.acquisition,
    kind: entry.itemKind,
    payload: entry.payload,
    path: entry.path,
    camera: entry.camera,
    case: entry.case,
    time: entry.time,
  };
  if (encodeCanonical(said).equals(encodeCanonical(recorded))) return [];
  return [finding('manifest-altered', entry.manifest.key, 'the manifest and its ledger entry do not say the same')];
}

async function checkPayload(ports: ObjectPorts, entry: Recorded, depth: Depth): Promise<Checked> {
  let bytesRead = 0;
  const findings = await reporting(whereOf(entry), 'payload-altered', async () => {
    const key = payloadKey(entry.payload.sha256);
    const facts = await factsOf(ports, key, entry);
    if (facts === undefined) return [finding('payload-missing', whereOf(entry))];
    const kept = keptFindings(ports, key, entry, facts);
    if (depth === 'quick') {
      const altered = alteredFindings(entry, facts);
      return [...(altered.length > 0 ? altered : partsFindings(ports, entry, facts)), ...kept]; // one damage, one finding
    }
    const found = await ports.vault.digest(key, entry.copies, ports.signal, entry.payload.sizeBytes);
    if (found === undefined) return [finding('payload-missing', whereOf(entry))];
    bytesRead = found.sizeBytes;
    return [...alteredFindings(entry, found), ...kept];
  });
  return { findings, bytesRead };
}

function whereOf({ item, payload }: Recorded): string {
  return `${payloadKey(payload.sha256)} (${item})`;
}

/** What the store tells of the payload without giving its bytes. */
function factsOf({ vault }: ObjectPorts, key: string, entry: Recorded): Promise<LockFacts | StoredObject | undefined> {
  return vault.guard === undefined ? vault.stat(key, entry.copies) : vault.guard.lockOf(key, entry.copies);
}

function keptFindings(ports: ObjectPorts, key: string, entry: Recorded, facts: LockFacts | StoredObject): Finding[] {
  if ('lock' in facts)
    return lockFindings(facts, payloadDemand(entry, ports.vault.name), whereOf(entry), ports.clock.now());
  return facts.sealed ? [] : [finding('object-writable', key, 'its file may be written to: chmod a-w')];
}

/** What came in parts is told by the digest of their digests, which the receipt has of the same version. */
function partsFindings({ vault }: ObjectPorts, entry: Recorded, facts: LockFacts | StoredObject): Finding[] {
  if (!('lock' in facts)) return [];
  const receipt = entry.copies.find((each) => each.vault === vault.name && each.version === facts.version);
  if (receipt?.composite === undefined || receipt.composite === facts.composite) return [];
  const what = `on record is the digest of parts ${receipt.composite}; the vault tells ${facts.composite ?? 'none'}`;
  return [finding('payload-altered', whereOf(entry), what)];
}

/** Without a digest only the size can be compared. */
function alteredFindings(
  entry: Recorded,
  found: { readonly sizeBytes: number; readonly sha256?: string | undefined },
): Finding[] {
  const { sha256, sizeBytes } = entry.payload;
  const same = found.sizeBytes === sizeBytes && (found.sha256 === undefined || found.sha256 === sha256);
  if (same) return [];
  const digest = found.sha256 === undefined ? '' : ` with sha256 ${found.sha256}`;
  const what = `on record are ${sizeBytes} bytes with sha256 ${sha256}; the vault holds ${found.sizeBytes} bytes${digest}`;
  return [finding('payload-altered', whereOf(entry), what)];
}
