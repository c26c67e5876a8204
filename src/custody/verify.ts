// Verifies an archive: every ledger entry, every object it names, every object in the vault that nothing names, what was laid over
// them, their locks, and the catalog. Reads everything, changes nothing, believes only the station's public key.
import { verifyCatalog } from '../catalog/index.ts';
import {
  caseStatementOf,
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
  manifestKey,
  payloadKey,
  type Receipt,
  type StationName,
  type Verifier,
} from '../evidence/index.ts';
import { type LedgerReader, type TileStore, verifyLedger } from '../ledger/index.ts';
import type { Vault } from '../vault/index.ts';
import { checkLedgerCopies } from './check-copies.ts';
import { checkItem, checkLaterCopy } from './check-item.ts';
import type { Depth, ObjectPorts } from './check-object.ts';
import { checkReceiptObject } from './check-receipt.ts';
import { checkStatementObject } from './check-statement.ts';
import { KeySet } from './key-set.ts';
import { Lanes } from './lanes.ts';
import { collectOverlays, overlayFindings } from './overlays.ts';
import type { OnCheck } from './ports.ts';
import { findStrays, type InHand } from './strays.ts';
import { Gathering, type VerifyResult } from './verify-result.ts';

/** Checks side by side: hashing threads, or the network, are the limit; these only keep them fed. */
const LANES = 6;

/** What a station has beside its vault. */
export interface OwnFiles {
  /** Path of the ledger head; what is wrong with it is among the findings. */
  readonly headPath: string;
  /** The head, when it can be opened. */
  readonly head: LedgerReader | undefined;
  readonly catalogPath: string;
  /** Folder for temporary files of the size of the catalog. */
  readonly workFolder: string;
}

/** What a whole verification needs; the head and the catalog may be missing or broken, which is what it is there to tell. */
export interface VerifyPorts extends ObjectPorts {
  /** The first key of the ledger, from the configuration: the trust anchor. */
  readonly verifier: Verifier;
  readonly station: StationName;
  readonly tiles: TileStore;
  /** The ledger as it lies in one of several vaults. */
  tilesOf(vault: Vault): TileStore;
  /** The station's own files; absent where somebody verifies from the vault and a public key alone. */
  readonly own?: OwnFiles | undefined;
  /** What was found while opening the station. */
  readonly findings: readonly Finding[];
  inHand(): Promise<InHand>;
}

interface Pass {
  readonly ports: VerifyPorts;
  readonly depth: Depth;
  readonly gathering: Gathering;
  readonly expected: KeySet;
  readonly lanes: Lanes;
  readonly onCheck: OnCheck;
  readonly signal: AbortSignal;
  /** Entries below this index are published, so their case statements must stand. */
  readonly published: number;
  readonly total: number;
  /** Entries of a newer docket: what they name is not known here. */
  readonly newer: { count: number; first?: string };
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
  const state = ports.own?.head?.state();
  const pass: Pass = {
    ports,
    depth,
    gathering,
    onCheck,
    signal,
    expected: new KeySet(),
    lanes: new Lanes(LANES),
    published: state === undefined ? Number.POSITIVE_INFINITY : (state.published?.size ?? 0),
    total: state?.checkpoint.size ?? 0,
    newer: { count: 0 },
  };
  // Before anything is read: from here on the vault gives the originals, whatever lies over them.
  const overlays = await collectOverlays(ports.vault, '');
  const ledger = await verifyLedger({
    headPath: ports.own?.headPath,
    store: ports.tiles,
    verifier: ports.verifier,
    signal,
    onEntry: (index, bytes, verifier) => {
      signal.throwIfAborted();
      return checkEntry({ ...pass, ports: { ...ports, verifier } }, index, bytes);
    },
  });
  gathering.add(ledger.findings);
  gathering.add(await checkLedgerCopies(ports, state?.published?.size ?? 0, signal));
  await pass.lanes.drain();
  gathering.add(
    overlayFindings(
      overlays,
      ({ key, version }) => isOnRecord(pass, key) && !pass.expected.has(versionMark(key, version)),
    ),
  );
  gathering.add(await findStraysOf(pass));
  gathering.add(newerFindings(pass));
  gathering.add(await checkCatalog(pass, signal));
  return gathering.result();
}

function isOnRecord({ ports, expected }: Pass, key: string): boolean {
  return key.startsWith(ledgerPrefix(ports.station)) || expected.has(key);
}

/** What nothing here names an entry of a newer docket may name: then nothing is called a stray. */
function findStraysOf({ ports, expected, gathering, newer }: Pass): Promise<Finding[]> {
  return findStrays({
    ...ports,
    inHand: () => ports.inHand(),
    isExpected: (key) => newer.count > 0 || expected.has(key),
    count: (what) => gathering.count(what),
  });
}

/** One for all of them: a station may have gone on for months with the newer one. */
function newerFindings({ newer: { count, first } }: Pass): Finding[] {
  if (first === undefined) return [];
  const what = `${count} entries, from this one on, were written by a newer docket: what they name was not checked, nor what no entry names`;
  return [finding('format-newer', first, what)];
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
  if (isForeign(entry)) {
    pass.newer.count += 1;
    pass.newer.first ??= `entry ${index}`;
    return;
  }
  if (entry.kind === 'item.recorded') await checkRecorded(pass, entry);
  if (entry.kind === 'acquisition.recorded')
    await checkReceipt(pass, entry.receipt, (bytes, key) => checkReceiptFiles(pass, decodeReceipt(bytes, key), key));
  if (entry.kind === 'item.copied') {
    expectVersions(pass, [entry.copy]);
    await pass.lanes.add(async () => gathering.add(await checkLaterCopy(pass.ports, entry)));
  }
  if (entry.kind === 'camera.released') await checkReceipt(pass, entry.list, () => []);
}

async function checkRecorded(pass: Pass, entry: EntryOf<'item.recorded'>): Promise<void> {
  const { ports, gathering, expected, depth, signal } = pass;
  const payload = payloadKey(entry.payload.sha256);
  const again = expected.has(payload);
  for (const each of [payload, entry.manifest.key, itemMark(entry.item, entry.payload.sha256)]) expected.add(each);
  expectVersions(pass, entry.copies);
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
    const { findings, bytesRead } = await checkItem({ ...ports, signal }, entry, depth, again ? 'quick' : depth);
    gathering.add(findings);
    if (depth === 'full' && !again) gathering.count('payloads');
    gathering.count('bytes', bytesRead);
  });
}

function expectVersions({ expected }: Pass, receipts: EntryOf<'item.recorded'>['copies']): void {
  for (const { key, version } of receipts) if (version !== undefined) expected.add(versionMark(key, version));
}

/** What says that a version is on record. */
function versionMark(key: string, version: string): string {
  return `version ${version} ${key}`;
}

/** What says that an item with these bytes is on record. */
function itemMark(item: string, sha256: string): string {
  return `item ${item} ${sha256}`;
}

/** A receipt, or the list of a release: the bytes on record, and what they say. */
async function checkReceipt(
  pass: Pass,
  object: EntryOf<'acquisition.recorded'>['receipt'],
  look: (bytes: Buffer, key: string) => Finding[],
): Promise<void> {
  const { gathering, ports } = pass;
  pass.expected.add(object.key);
  gathering.count('receipts');
  await pass.lanes.add(async () =>
    gathering.add(await checkReceiptObject(ports, object, pass.depth, (bytes) => look(bytes, object.key))),
  );
}

/**
 * Every file on a receipt is on record with those bytes, or has a reason why not. Items precede their receipt in the ledger; one that is
 * not among them may be in an entry of a newer docket, where there are any.
 */
function checkReceiptFiles(pass: Pass, receipt: Receipt, key: string): Finding[] {
  return receipt.files.flatMap((file) => {
    const claimsRecord = file.outcome === 'recorded' || file.outcome === 'already-recorded';
    if (!claimsRecord)
      return file.reason === undefined
        ? [finding('receipt-incomplete', key, `file ${file.n} (${file.path.text}) is ${file.outcome} without a reason`)]
        : [];
    const onRecord =
      file.item !== undefined && file.sha256 !== undefined && pass.expected.has(itemMark(file.item, file.sha256));
    return onRecord || pass.newer.count > 0
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
  await pass.lanes.add(async () => gathering.add(await checkStatementObject(ports, found)));
}

async function checkCatalog(pass: Pass, signal: AbortSignal): Promise<readonly Finding[]> {
  const { own, tiles } = pass.ports;
  if (own?.head === undefined) return [];
  const view = own.head.view(tiles);
  const size = view.state().checkpoint.size;
  const entries = (async function* () {
    for await (const { index, bytes } of view.entries(0, size))
      yield { index, entry: decodeEntry(bytes, `ledger entry ${index}`) };
  })();
  try {
    return await verifyCatalog({ path: own.catalogPath, entries, size, workDirectory: own.workFolder, signal });
  } catch (error) {
    if (!isFailure(error) || error.code === 'cancelled') throw error;
    return [finding('read-failed', own.catalogPath, `the catalog could not be compared: ${error.message}`)];
  }
}
