// Verifies one item or one case: each entry is proven against the signed head, and everything it names is checked.
// Whether the case is complete, only a whole verification tells, since it reads every entry.
import type { CatalogItem } from '../catalog/index.ts';
import {
  decodeEntry,
  type Entry,
  type EntryOf,
  encodeCanonical,
  Failure,
  type Finding,
  finding,
  type ItemId,
  isFailure,
  isForeign,
  ledgerPrefix,
  parseCaseNumber,
  parseItemId,
} from '../evidence/index.ts';
import type { LedgerView } from '../ledger/index.ts';
import { checkNamed, type EntryPorts } from './check-entry.ts';
import { type Depth, reporting } from './check-object.ts';
import { Lanes } from './lanes.ts';
import { collectOverlays } from './overlays.ts';
import type { CustodyPorts, OnCheck } from './ports.ts';
import { Gathering, type VerifyResult } from './verify-result.ts';

const LANES = 6;
const PAGE_ITEMS = 500;

/** What to verify. */
export type Scope = { readonly item: string } | { readonly case: string };

/** Verifies the items of a scope. Failures: 'invalid', 'not-found'. */
export async function verifySome(
  ports: CustodyPorts,
  scope: Scope,
  depth: Depth,
  onCheck: OnCheck,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const gathering = new Gathering();
  const lanes = new Lanes(LANES);
  const view = ports.ledger.view(ports.tiles);
  const copies = (item: ItemId): readonly EntryOf<'item.copied'>[] =>
    ports.catalog.copies(item).map((each) => each.entry);
  const { keys } = view.state();
  const prefix = ledgerPrefix(ports.station);
  gathering.add(
    await reporting(prefix, 'read-failed', async () => {
      await collectOverlays(ports.vault, prefix); // so that entries are proven by the original tiles
      return [];
    }),
  );
  let done = 0;
  for (const item of itemsOf(ports, scope)) {
    signal.throwIfAborted();
    done += 1;
    onCheck({ step: 'verifying', done, total: done, unit: 'entries' });
    await lanes.add(() => verifyOne({ ...ports, signal, copies, keys }, view, item, depth, gathering));
  }
  await lanes.drain();
  return gathering.result();
}

function* itemsOf(ports: CustodyPorts, scope: Scope): Iterable<CatalogItem> {
  if ('item' in scope) {
    const item = ports.catalog.item(parseItemId(scope.item));
    if (item === undefined) throw new Failure('not-found', `no item ${scope.item} is on record`);
    yield item;
    return;
  }
  const caseNumber = parseCaseNumber(scope.case);
  if (ports.catalog.caseSummary(caseNumber) === undefined)
    throw new Failure('not-found', `nothing of case ${caseNumber} is on record`);
  for (let after: string | undefined; ; ) {
    const page = ports.catalog.caseItems(caseNumber, { limit: PAGE_ITEMS, after });
    yield* page.items;
    if (page.next === undefined) return;
    after = page.next;
  }
}

async function verifyOne(
  ports: CustodyPorts & EntryPorts,
  view: LedgerView,
  item: CatalogItem,
  depth: Depth,
  gathering: Gathering,
): Promise<void> {
  const { index, entry } = item;
  gathering.count('items');
  const proven = await provenEntry(view, index);
  if ('code' in proven) return gathering.add([proven]);
  gathering.count('entries');
  if (!encodeCanonical(proven.entry).equals(encodeCanonical(entry)))
    gathering.add([
      finding('catalog-altered', `item ${entry.item}`, 'the catalog shows another record than the ledger'),
    ]);
  const published = ports.ledger.state().published?.size ?? 0;
  const { findings, bytesRead } = await checkNamed(ports, { index, entry: proven.entry, published }, depth);
  gathering.add(findings);
  gathering.count('bytes', bytesRead);
  if (depth === 'full') gathering.count('payloads');
  return undefined;
}

/** The entry as the tree proves it, or what is wrong with it. */
async function provenEntry(view: LedgerView, index: number): Promise<{ readonly entry: Entry } | Finding> {
  try {
    const entry = decodeEntry(await view.entry(index), `ledger entry ${index}`);
    return isForeign(entry)
      ? finding('catalog-altered', `entry ${index}`, 'the catalog calls an entry an item that is none')
      : { entry };
  } catch (error) {
    if (isFailure(error, 'not-found'))
      return finding('catalog-altered', `entry ${index}`, 'the catalog names an entry that the ledger does not have');
    if (isFailure(error)) return finding('entry-altered', `entry ${index}`, error.message);
    throw error;
  }
}
