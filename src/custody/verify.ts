// Verifies an archive: every ledger entry, every object it names, every object in the vault that nothing names, and the catalog.
// Reads everything, changes nothing, believes only the station's public key.
import { createHash } from 'node:crypto';
import { verifyCatalog } from '../catalog/index.ts';
import {
  caseStatementOf,
  checkStatement,
  decodeEntry,
  decodeReceipt,
  type Entry,
  type EntryOf,
  type Finding,
  type ForeignEntry,
  finding,
  isFailure,
  isForeign,
  ledgerPrefix,
  MAX_RECEIPT_BYTES,
  MAX_STATEMENT_BYTES,
  manifestKey,
  payloadKey,
  type Receipt,
  type StationName,
  type Verifier,
} from '../evidence/index.ts';
import { CHECKPOINT_PATH, type LedgerReader, type TileStore, verifyLedger } from '../ledger/index.ts';
import type { Vault } from '../vault/index.ts';
import { checkItem, type Depth } from './check-item.ts';
import { KeySet } from './key-set.ts';
import { Lanes } from './lanes.ts';
import type { OnCheck } from './ports.ts';
import { Gathering, type VerifyResult } from './verify-result.ts';

/** Checks side by side; hashing threads are the limit, these only keep them fed. */
const LANES = 6;

/** What a whole verification needs; the head and the catalog may be missing or broken, which is what it is there to tell. */
export interface VerifyPorts {
  readonly station: StationName;
  readonly verifier: Verifier;
  readonly vault: Vault;
  readonly tiles: TileStore;
  /** Path of the ledger head; what is wrong with it is among the findings. */
  readonly headPath: string;
  /** The head, when it can be opened. */
  readonly head: LedgerReader | undefined;
  readonly catalogPath: string;
  /** Folder for temporary files of the size of the catalog. */
  readonly workFolder: string;
  /** What was found while opening the station. */
  readonly findings: readonly Finding[];
  inHand(): Promise<{ readonly acquisitions: ReadonlySet<string>; readonly digests: ReadonlySet<string> }>;
}

interface Pass {
  readonly ports: VerifyPorts;
  readonly depth: Depth;
  readonly gathering: Gathering;
  readonly expected: KeySet;
  readonly lanes: Lanes;
  readonly onCheck: OnCheck;
  /** Entries below this index are published, so their case statements must stand. */
  readonly published: number;
  readonly total: number;
}

/** Verifies everything. Rejects only when the vault cannot be read at all, or when cancelled. */
export async function verifyArchive(
  ports: VerifyPorts,
  depth: Depth,
  onCheck: OnCheck,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const gathering = new Gathering();
  gathering.add(ports.findings);
  const state = ports.head?.state();
  const pass: Pass = {
    ports,
    depth,
    gathering,
    onCheck,
    expected: new KeySet(),
    lanes: new Lanes(LANES),
    published: state === undefined ? Number.POSITIVE_INFINITY : (state.published?.size ?? 0),
    total: state?.checkpoint.size ?? 0,
  };
  const ledger = await verifyLedger({
    headPath: ports.headPath,
    store: ports.tiles,
    verifier: ports.verifier,
    signal,
    onEntry: (index, bytes) => {
      signal.throwIfAborted();
      return checkEntry(pass, index, bytes);
    },
  });
  gathering.add(ledger.findings);
  await pass.lanes.drain();
  gathering.add(await findStrays(pass));
  gathering.add(await checkCatalog(pass, signal));
  return gathering.result();
}

async function checkEntry(pass: Pass, index: number, bytes: Buffer): Promise<void> {
  const { gathering } = pass;
  gathering.count('entries');
  let entry: Entry | ForeignEntry;
  try {
    entry = decodeEntry(bytes, `ledger entry ${index}`);
  } catch (error) {
    if (!isFailure(error)) throw error;
    gathering.add([finding('entry-unreadable', `entry ${index}`, error.message)]);
    return;
  }
  pass.onCheck({ step: 'verifying', done: index + 1, total: pass.total, unit: 'entries' });
  await checkStatementOf(pass, index, entry);
  if (isForeign(entry)) return;
  if (entry.kind === 'item.recorded') await checkRecorded(pass, entry);
  if (entry.kind === 'acquisition.recorded')
    await checkReceipt(pass, entry.receipt, (bytes, key) => checkReceiptFiles(pass, decodeReceipt(bytes, key), key));
  if (entry.kind === 'camera.released') await checkReceipt(pass, entry.list, () => []);
}

async function checkRecorded(pass: Pass, entry: EntryOf<'item.recorded'>): Promise<void> {
  const { ports, gathering, expected } = pass;
  const payload = payloadKey(entry.payload.sha256);
  const again = expected.has(payload);
  for (const each of [payload, entry.manifest.key, itemMark(entry.item, entry.payload.sha256)]) expected.add(each);
  gathering.count('items');
  if (entry.manifest.key !== manifestKey(ports.station, entry.item))
    gathering.add([
      finding(
        'manifest-altered',
        entry.manifest.key,
        `the manifest of ${entry.item} is recorded under a key that is not its own`,
      ),
    ]);
  await pass.lanes.add(async () => {
    // Bytes that another item has already brought here are not read a second time.
    const { findings, bytesRead } = await checkItem(ports.vault, ports.verifier, entry, again ? 'quick' : pass.depth);
    gathering.add(findings);
    if (pass.depth === 'full' && !again) gathering.count('payloads');
    gathering.count('bytes', bytesRead);
  });
}

/** What says that an item with these bytes is on record. */
function itemMark(item: string, sha256: string): string {
  return `item ${item} ${sha256}`;
}

/** A receipt, or the list of a release: the bytes on record, and what they say. */
async function checkReceipt(
  pass: Pass,
  { key, sha256 }: EntryOf<'acquisition.recorded'>['receipt'],
  look: (bytes: Buffer, key: string) => Finding[],
): Promise<void> {
  const { gathering, ports } = pass;
  pass.expected.add(key);
  gathering.count('receipts');
  await pass.lanes.add(async () => {
    try {
      const bytes = await ports.vault.readSmall(key, MAX_RECEIPT_BYTES);
      if (bytes === undefined) gathering.add([finding('receipt-missing', key)]);
      else if (createHash('sha256').update(bytes).digest('hex') !== sha256)
        gathering.add([
          finding('receipt-altered', key, `the ledger says sha256 ${sha256}, the vault holds other bytes`),
        ]);
      else gathering.add(look(bytes, key));
    } catch (error) {
      if (!isFailure(error)) throw error;
      gathering.add([finding(error.code === 'invalid' ? 'receipt-altered' : 'read-failed', key, error.message)]);
    }
  });
}

/** Every file on a receipt is on record with those bytes, or has a reason why not. Items precede their receipt in the ledger. */
function checkReceiptFiles(pass: Pass, receipt: Receipt, key: string): Finding[] {
  return receipt.files.flatMap((file) => {
    const claimsRecord = file.outcome === 'recorded' || file.outcome === 'already-recorded';
    if (!claimsRecord)
      return file.reason === undefined
        ? [finding('receipt-incomplete', key, `file ${file.n} (${file.path.text}) is ${file.outcome} without a reason`)]
        : [];
    const onRecord =
      file.item !== undefined && file.sha256 !== undefined && pass.expected.has(itemMark(file.item, file.sha256));
    return onRecord
      ? []
      : [
          finding(
            'receipt-incomplete',
            key,
            `file ${file.n} (${file.path.text}) is called ${file.outcome}, but no such item is on record`,
          ),
        ];
  });
}

async function checkStatementOf(pass: Pass, index: number, entry: Entry | ForeignEntry): Promise<void> {
  const { ports, gathering } = pass;
  const found = caseStatementOf(ports.station, index, entry);
  if (found === undefined) return;
  pass.expected.add(found.key);
  if (index >= pass.published) return;
  gathering.count('statements');
  await pass.lanes.add(async () => {
    try {
      const bytes = await ports.vault.readSmall(found.key, MAX_STATEMENT_BYTES);
      if (bytes === undefined) gathering.add([finding('statement-missing', found.key)]);
      else checkStatement(bytes, found.statement, ports.verifier, found.key);
    } catch (error) {
      if (!isFailure(error)) throw error;
      const code =
        error.code === 'signature-invalid'
          ? 'signature-invalid'
          : error.code === 'invalid' || error.code === 'too-large'
            ? 'statement-altered'
            : 'read-failed';
      gathering.add([finding(code, found.key, error.message)]);
    }
  });
}

/** Objects of this station that nothing on record names. What is in hand right now is about to be named. */
async function findStrays(pass: Pass): Promise<Finding[]> {
  const { ports } = pass;
  const candidates: { readonly key: string; readonly sealed: boolean }[] = [];
  const findings: Finding[] = [];
  for await (const { key, sealed } of ports.vault.list('')) {
    pass.gathering.count('objects');
    if (isOthers(key, ports.station)) continue;
    const ofLedger = key.startsWith(ledgerPrefix(ports.station)); // whether it belongs there, the ledger's own verification tells
    if (!ofLedger && !pass.expected.has(key)) candidates.push({ key, sealed });
    else if (!sealed && key !== `${ledgerPrefix(ports.station)}${CHECKPOINT_PATH}`)
      findings.push(finding('object-writable', key, 'its file may be written to: chmod a-w'));
  }
  if (candidates.length === 0) return findings;
  const inHand = await ports.inHand();
  const others = await hasOtherStations(ports);
  for (const { key } of candidates) if (!isExcused(key, inHand, others)) findings.push(finding('object-stray', key));
  return findings;
}

function isOthers(key: string, station: string): boolean {
  const [folder, name, file] = key.split('/');
  if (folder === 'cases')
    return (
      file !== undefined &&
      !new RegExp(`^${station.replaceAll('.', '\\.')}-\\d+\\.json$`).test(file) &&
      /^[a-z0-9][a-z0-9.-]*-\d+\.json$/.test(file)
    );
  return (
    (folder === 'manifests' || folder === 'receipts' || folder === 'ledgers') && name !== station && file !== undefined
  );
}

async function hasOtherStations(ports: VerifyPorts): Promise<boolean> {
  for await (const { key } of ports.vault.list('ledgers/'))
    if (!key.startsWith(ledgerPrefix(ports.station))) return true;
  return false;
}

/** Payloads carry no station's name: where several share a vault, only verifying all of them tells a stray payload. */
function isExcused(key: string, inHand: Awaited<ReturnType<VerifyPorts['inHand']>>, others: boolean): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (key.startsWith('payload/')) return others || inHand.digests.has(name);
  return inHand.acquisitions.has(name.slice(0, 24));
}

async function checkCatalog(pass: Pass, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ports } = pass;
  if (ports.head === undefined) return [];
  const view = ports.head.view(ports.tiles);
  const size = view.state().checkpoint.size;
  const entries = (async function* () {
    for await (const { index, bytes } of view.entries(0, size))
      yield { index, entry: decodeEntry(bytes, `ledger entry ${index}`) };
  })();
  try {
    return await verifyCatalog({ path: ports.catalogPath, entries, size, workDirectory: ports.workFolder, signal });
  } catch (error) {
    if (!isFailure(error) || error.code === 'cancelled') throw error;
    return [finding('read-failed', ports.catalogPath, `the catalog could not be compared: ${error.message}`)];
  }
}
