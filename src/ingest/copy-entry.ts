// Copies what one ledger entry names to a vault that lacks it: payload, manifest, receipt, list of a release, case statement.
// Never writes anything the entry does not name; a copy of a payload that was not on record is put on record.
import { createHash } from 'node:crypto';
import {
  caseStatementOf,
  checkStatement,
  type Entry,
  type EntryOf,
  encodeStatement,
  Failure,
  type ForeignEntry,
  formatInstant,
  isForeign,
  MAX_STATEMENT_BYTES,
  openSealed,
  parseSha256,
  payloadKey,
} from '../evidence/index.ts';
import type { PutTerms } from '../vault/index.ts';
import {
  type CopyPorts,
  copyPayload,
  type ObjectOnRecord,
  readAccepted,
  readRecorded,
  receiptOfStanding,
  stands,
} from './copy-object.ts';
import type { IngestPorts } from './ports.ts';
import { itemTerms } from './settle.ts';

/** What copying entries stands on. */
export type EntryPorts = CopyPorts &
  Pick<IngestPorts, 'station' | 'clock' | 'signer' | 'ledger' | 'catalog' | 'recorder'>;

const KEPT: PutTerms = { locked: true, retainUntil: 'permanent' };

/**
 * Copies what the target lacks of an entry; returns the key of one object that stands there now, if the entry names any. Failures: vault-*,
 * 'format-newer': what such an entry names is not known, so that nobody may say that it was copied.
 */
export async function copyEntry(
  ports: EntryPorts,
  index: number,
  entry: Entry | ForeignEntry,
): Promise<string | undefined> {
  if (isForeign(entry))
    throw new Failure(
      'format-newer',
      `ledger entry ${index} (${entry.kind}) was written by a newer docket: what it names is not copied`,
    );
  const statement = await copyStatement(ports, index, entry);
  switch (entry.kind) {
    case 'item.recorded':
      await copyItem(ports, index, entry);
      return entry.manifest.key;
    case 'acquisition.recorded':
      return await copySmall(ports, entry.receipt, KEPT);
    case 'camera.released':
      return await copySmall(ports, entry.list, KEPT);
    default:
      return statement; // says something and names no object
  }
}

async function copyItem(ports: EntryPorts, index: number, entry: EntryOf<'item.recorded'>): Promise<void> {
  const payload = { key: payloadKey(entry.payload.sha256), ...entry.payload };
  const payloadStands = await stands(ports, payload);
  if (payloadStands && isOnRecord(ports, entry) && (await stands(ports, entry.manifest))) return;
  const sealed = await readRecorded(ports, entry.manifest);
  const terms = itemTerms(openSealed(sealed, ports.ledger.state().keys.at(index), entry.manifest.key));
  if (!payloadStands || !isOnRecord(ports, entry)) await copyAndRecord(ports, entry, payload, terms, payloadStands);
  await ports.target.putOnce(
    entry.manifest.key,
    { bytes: sealed, sha256: entry.manifest.sha256, sizeBytes: sealed.length },
    terms,
    ports.signal,
  );
}

function isOnRecord({ target, catalog }: EntryPorts, { item, copies }: EntryOf<'item.recorded'>): boolean {
  return [...copies, ...catalog.copies(item).map(({ entry }) => entry.copy)].some(({ vault }) => vault === target.name);
}

async function copyAndRecord(
  ports: EntryPorts,
  { item, copies }: EntryOf<'item.recorded'>,
  payload: ObjectOnRecord,
  terms: PutTerms,
  payloadStands: boolean,
): Promise<void> {
  const copy = payloadStands
    ? await receiptOfStanding(ports, payload, terms)
    : await copyPayload(ports, payload, terms, copies);
  // Crash here: the copy stands without being on record; the next round reads it back and records it.
  const { station, clock, recorder } = ports;
  const actor = { kind: 'station' as const, name: station };
  recorder.record([{ v: 1, kind: 'item.copied', at: formatInstant(clock.now()), actor, item, copy }]);
}

async function copySmall(ports: EntryPorts, object: ObjectOnRecord, terms: PutTerms): Promise<string> {
  if (await stands(ports, object)) return object.key;
  const bytes = await readRecorded(ports, object);
  const { sha256, sizeBytes } = object;
  await ports.target.putOnce(object.key, { bytes, sha256, sizeBytes }, terms, ports.signal);
  return object.key;
}

async function copyStatement(ports: EntryPorts, index: number, entry: Entry): Promise<string | undefined> {
  const found = caseStatementOf(ports.station, index, entry);
  if (found === undefined) return undefined;
  const bytes = await statementBytes(ports, index, found);
  const sha256 = parseSha256(createHash('sha256').update(bytes).digest('hex'));
  const object = { key: found.key, sha256, sizeBytes: bytes.length };
  if (!(await stands(ports, object)))
    await ports.target.putOnce(found.key, { bytes, sha256, sizeBytes: bytes.length }, KEPT, ports.signal);
  return found.key;
}

/** Made again from the entry: the signature always comes out the same. One from before the key was replaced nobody can make again. */
async function statementBytes(
  ports: EntryPorts,
  index: number,
  { key, statement }: NonNullable<ReturnType<typeof caseStatementOf>>,
): Promise<Buffer> {
  const inForce = ports.ledger.state().keys.at(index);
  if (inForce.publicKey.equals(ports.signer.publicKey)) return encodeStatement(statement, ports.signer);
  return await readAccepted(ports, { key, maxBytes: MAX_STATEMENT_BYTES }, (bytes) =>
    checkStatement(bytes, statement, inForce, key),
  );
}
