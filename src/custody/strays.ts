// Objects of a station that nothing on record names, and objects of its ledger that the store no longer keeps as it must.
// Lists the vault once; what is in hand right now is about to be named, and is no stray.
import { type Finding, finding, ledgerPrefix, type StationName } from '../evidence/index.ts';
import { CHECKPOINT_PATH, parseHandoverPath, parseTilePath, TILE_WIDTH } from '../ledger/index.ts';
import type { Vault } from '../vault/index.ts';
import { KEPT_OPEN, lockFindings } from './check-lock.ts';
import { type ObjectPorts, reporting } from './check-object.ts';
import { Lanes } from './lanes.ts';

/** What is stored and not yet on record. */
export interface InHand {
  readonly acquisitions: ReadonlySet<string>;
  readonly digests: ReadonlySet<string>;
}

/** What looking for strays stands on. */
export interface StrayPorts extends ObjectPorts {
  readonly station: StationName;
  inHand(): Promise<InHand>;
  isExpected(key: string): boolean;
  count(what: string): void;
}

/** What a check of the vault tried its locks with; never evidence, and never deleted by a station. */
const CANARY = /^canary\/[a-z0-9.-]+\/\d{8}-\d{6}-[0-9a-f]{8}$/;
/** Requests for locks side by side. */
const LANES = 6;

/** Findings about what a vault holds; the locks of what is expected there were looked at with the objects themselves. */
export async function findStrays(ports: StrayPorts): Promise<Finding[]> {
  const { station, vault } = ports;
  const prefix = ledgerPrefix(station);
  const candidates: string[] = [];
  const findings: Finding[] = [];
  const lanes = new Lanes(LANES);
  for await (const { key, sealed } of vault.list('')) {
    ports.count('objects');
    if (isOthers(key, station) || CANARY.test(key)) continue;
    const ofLedger = key.startsWith(prefix); // whether it belongs there, the ledger's own verification tells
    if (!ofLedger && !ports.isExpected(key)) candidates.push(key);
    else if (!sealed && key !== prefix + CHECKPOINT_PATH)
      findings.push(finding('object-writable', key, 'its file may be written to: chmod a-w'));
    else if (ofLedger && isLocked(key.slice(prefix.length)))
      await lanes.add(async () => void findings.push(...(await openLock(ports, key))));
  }
  await lanes.drain();
  return [...findings, ...(await straysAmong(ports, candidates))];
}

/** Full tiles, bundles and handovers are locked; partial ones and the checkpoint are not. */
function isLocked(path: string): boolean {
  return parseTilePath(path)?.width === TILE_WIDTH || parseHandoverPath(path) !== undefined;
}

/** What the lock of an object without an end lacks; nothing where the vault has no locks. */
async function openLock({ vault, clock }: ObjectPorts, key: string): Promise<readonly Finding[]> {
  const { guard } = vault;
  if (guard === undefined) return [];
  return await reporting(key, 'read-failed', async () => {
    const facts = await guard.lockOf(key);
    return facts === undefined ? [] : lockFindings(facts, KEPT_OPEN, key, clock.now());
  });
}

async function straysAmong(ports: StrayPorts, candidates: readonly string[]): Promise<Finding[]> {
  if (candidates.length === 0) return [];
  const inHand = await ports.inHand();
  const others = await hasOtherStations(ports.vault, ports.station);
  return candidates.flatMap((key) => (isExcused(key, inHand, others) ? [] : [finding('object-stray', key)]));
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

async function hasOtherStations(vault: Vault, station: StationName): Promise<boolean> {
  for await (const { key } of vault.list('ledgers/')) if (!key.startsWith(ledgerPrefix(station))) return true;
  return false;
}

/** Payloads carry no station's name: where several share a vault, only verifying all of them tells a stray payload. */
function isExcused(key: string, inHand: InHand, others: boolean): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (key.startsWith('payload/')) return others || inHand.digests.has(name);
  return inHand.acquisitions.has(name.slice(0, 24));
}
