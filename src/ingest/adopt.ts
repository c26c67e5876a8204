// Adoption: after the ledger head was lost, what the vault holds beyond the last published checkpoint is taken on record again.
// Only what this station signed is adopted; anything else stays where it is and is reported by verify.
import { createHash } from 'node:crypto';
import {
  decodeReceipt,
  type Entry,
  formatInstant,
  isFailure,
  MAX_MANIFEST_BYTES,
  MAX_RECEIPT_BYTES,
  type Manifest,
  openSealed,
  parseAcquisitionId,
  parseByteCount,
  parseItemId,
  parseSha256,
  payloadKey,
  type VaultReceipt,
} from '../evidence/index.ts';
import { errorFacts } from '../platform/index.ts';
import { membersOf } from '../vault/index.ts';
import { type ObjectOnRecord, receiptOfStanding } from './copy-object.ts';
import { acquisitionEntry } from './finish.ts';
import type { IngestPorts } from './ports.ts';
import { itemEntry, itemTerms } from './settle.ts';

/** What adoption stands on. */
export type AdoptPorts = Pick<IngestPorts, 'station' | 'clock' | 'log' | 'signer' | 'vault' | 'catalog' | 'recorder'>;

/** Records again what the vault holds of this station and the ledger does not name; returns how many records. */
export async function adoptFromVault(ports: AdoptPorts, actor: Entry['actor']): Promise<number> {
  return (
    (await adoptAll(ports, `manifests/${ports.station}/`, (key) => adoptManifest(ports, key, actor))) +
    (await adoptAll(ports, `receipts/${ports.station}/`, (key) => adoptReceipt(ports, key, actor)))
  );
}

async function adoptAll(
  ports: AdoptPorts,
  prefix: string,
  adopt: (key: string) => Promise<Entry | undefined>,
): Promise<number> {
  let adopted = 0;
  for await (const { key } of ports.vault.list(prefix)) {
    try {
      const entry = await adopt(key);
      if (entry === undefined) continue;
      ports.recorder.record([entry]);
      adopted += 1;
    } catch (error) {
      if (!isFailure(error) || error.policy === 'stop') throw error;
      ports.log.warn('an object in the vault was not taken on record again', { key, ...errorFacts(error) });
    }
  }
  return adopted;
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '');
}

async function adoptManifest(ports: AdoptPorts, key: string, actor: Entry['actor']): Promise<Entry | undefined> {
  const item = parseItemId(nameOf(key));
  if (ports.catalog.item(item) !== undefined) return undefined;
  const bytes = await ports.vault.readSmall(key, MAX_MANIFEST_BYTES);
  if (bytes === undefined) return undefined;
  const manifest = openSealed(bytes, ports.signer, key);
  const payload = payloadKey(manifest.payload.sha256);
  if (manifest.item !== item) return undefined;
  const copies = await copiesOf(ports, { key: payload, ...manifest.payload }, manifest);
  if (copies.length === 0) return undefined;
  const manifestObject = { key, sha256: sha256Of(bytes), sizeBytes: parseByteCount(bytes.length) };
  return itemEntry(manifest, { manifestObject, copies }, actor, formatInstant(ports.clock.now()), true);
}

/** A receipt of each vault that holds the payload, every byte read back. Failure 'vault-conflict' when one holds other bytes. */
async function copiesOf({ vault }: AdoptPorts, object: ObjectOnRecord, manifest: Manifest): Promise<VaultReceipt[]> {
  const copies: VaultReceipt[] = [];
  for (const target of membersOf(vault))
    if ((await target.stat(object.key)) !== undefined)
      copies.push(await receiptOfStanding({ target }, object, itemTerms(manifest)));
  return copies;
}

async function adoptReceipt(ports: AdoptPorts, key: string, actor: Entry['actor']): Promise<Entry | undefined> {
  const acquisition = parseAcquisitionId(nameOf(key));
  if (ports.catalog.acquisition(acquisition) !== undefined) return undefined;
  const bytes = await ports.vault.readSmall(key, MAX_RECEIPT_BYTES);
  if (bytes === undefined) return undefined;
  const receipt = decodeReceipt(bytes, key);
  // A receipt carries no signature of its own; it is believed when every item it names is on record with those bytes.
  const believed =
    receipt.acquisition === acquisition &&
    receipt.station === ports.station &&
    receipt.files.every(
      (file) =>
        file.outcome !== 'recorded' ||
        (file.item !== undefined && ports.catalog.item(file.item)?.entry.payload.sha256 === file.sha256),
    );
  return believed
    ? acquisitionEntry(
        receipt,
        { key, sha256: sha256Of(bytes), sizeBytes: parseByteCount(bytes.length) },
        actor,
        formatInstant(ports.clock.now()),
        true,
      )
    : undefined;
}

function sha256Of(bytes: Uint8Array): ReturnType<typeof parseSha256> {
  return parseSha256(createHash('sha256').update(bytes).digest('hex'));
}
