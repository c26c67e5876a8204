// Checks everything one ledger entry names: its item, receipt or list, its case statement, and what was laid over any of them.
// For one item, one case and the rolling check; a whole verification takes the same checks apart, to look at each object once.
import {
  caseStatementOf,
  type Entry,
  type EntryOf,
  type Finding,
  type ItemId,
  payloadKey,
  type StationName,
} from '../evidence/index.ts';
import type { KeyHistory } from '../ledger/index.ts';
import type { Copies } from '../vault/index.ts';
import { checkItem, withCopies } from './check-item.ts';
import { type Depth, type ObjectPorts, reporting } from './check-object.ts';
import { checkReceiptObject } from './check-receipt.ts';
import { checkStatementObject } from './check-statement.ts';
import type { Checked } from './copies.ts';
import { collectOverlays, overlayFindings } from './overlays.ts';

/** What checking an entry stands on. */
export interface EntryPorts extends Omit<ObjectPorts, 'verifier'> {
  readonly station: StationName;
  /** The keys of the ledger: each is in force for what certain entries name. */
  readonly keys: Pick<KeyHistory, 'at' | 'handovers'>;
  /** Copies of an item that were made after it was recorded. */
  readonly copies: (item: ItemId) => readonly EntryOf<'item.copied'>[];
}

/** Objects that an entry names by digest, and its statement where that must stand already. */
export function objectsOf(station: StationName, index: number, entry: Entry, published: number): string[] {
  const statement = index < published ? caseStatementOf(station, index, entry) : undefined;
  const own = statement === undefined ? [] : [statement.key];
  if (entry.kind === 'item.recorded') return [payloadKey(entry.payload.sha256), entry.manifest.key, ...own];
  if (entry.kind === 'acquisition.recorded') return [entry.receipt.key, ...own];
  return entry.kind === 'camera.released' ? [entry.list.key, ...own] : own;
}

/** Findings of all that an entry names; its statement is asked for once the entry is below `published`. */
export async function checkNamed(
  ports: EntryPorts,
  { index, entry, published }: { readonly index: number; readonly entry: Entry; readonly published: number },
  depth: Depth,
): Promise<Checked> {
  const named = entry.kind === 'item.recorded' ? withCopies(entry, ports.copies(entry.item)).copies : [];
  const over = await laidOver(ports, objectsOf(ports.station, index, entry, published), named);
  const objects = { ...ports, verifier: ports.keys.at(index) };
  const { findings, bytesRead } = await checkObjects(objects, entry, depth);
  const statement = index < published ? caseStatementOf(ports.station, index, entry) : undefined;
  const said = statement === undefined ? [] : await checkStatementObject(objects, statement);
  return { findings: [...over, ...findings, ...said], bytesRead };
}

/** Asked for before the objects are read, so that the vault reads the originals. */
async function laidOver({ vault }: EntryPorts, keys: readonly string[], named: Copies): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const key of vault.guard === undefined ? [] : keys)
    findings.push(
      ...(await reporting(key, 'read-failed', async () =>
        overlayFindings(
          await collectOverlays(vault, key),
          (each) => each.key === key && !named.some(({ version }) => version === each.version),
        ),
      )),
    );
  return findings;
}

async function checkObjects(ports: EntryPorts & ObjectPorts, entry: Entry, depth: Depth): Promise<Checked> {
  if (entry.kind === 'item.recorded') return await checkItem(ports, withCopies(entry, ports.copies(entry.item)), depth);
  const receipt =
    entry.kind === 'acquisition.recorded' ? entry.receipt : entry.kind === 'camera.released' ? entry.list : undefined;
  if (receipt === undefined) return { findings: [], bytesRead: 0 };
  // The digest is on record, so what it says was looked at when it was recorded, and is by every whole verification.
  return { findings: await checkReceiptObject(ports, receipt, depth, () => []), bytesRead: 0 };
}
