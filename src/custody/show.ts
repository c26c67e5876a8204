// Read use cases: a case with text and video together, search, one item with its proof. Plain functions over the read ports.
// Never answers from anything but what is on record.
import { join } from 'node:path';
import type { CatalogItem, Question } from '../catalog/index.ts';
import {
  Failure,
  type Instant,
  type ItemKind,
  isFailure,
  MAX_MANIFEST_BYTES,
  openSealed,
  parseCaseNumber,
  parseInstant,
  parseItemId,
  type VaultReceipt,
} from '../evidence/index.ts';
import type { CustodyPorts } from './ports.ts';
import { type CaseView, caseFolderName, type ItemDetail, type ItemView, type ViewPorts, viewItem } from './view.ts';

/** Most items of one case shown at once; `docket find --case` pages further. */
const MAX_CASE_ITEMS = 10_000;
const PAGE_ITEMS = 1000;

/** Everything of a case in the order of capture. `vaultFolder` is the path of a directory vault. Failures: 'invalid', 'not-found'. */
export async function showCase(
  ports: CustodyPorts & ViewPorts,
  number: string,
  vaultFolder: string | undefined,
): Promise<CaseView> {
  const caseNumber = parseCaseNumber(number);
  const summary = ports.catalog.caseSummary(caseNumber);
  if (summary === undefined) throw new Failure('not-found', `nothing of case ${caseNumber} is on record`);
  const items: ItemView[] = [];
  for (let after: string | undefined; items.length < MAX_CASE_ITEMS; ) {
    const page = ports.catalog.caseItems(caseNumber, { limit: PAGE_ITEMS, after });
    for (const item of page.items) items.push(await viewItem(ports, item));
    if (page.next === undefined) break;
    after = page.next;
  }
  const counts = Object.fromEntries(
    Object.entries(summary.kinds).flatMap(([kind, totals]) => (totals.items > 0 ? [[kind, totals.items]] : [])),
  );
  return {
    case: caseNumber,
    items,
    counts,
    sizeBytes: summary.bytes,
    durationMs: summary.durationMs,
    firstCapturedAt: summary.firstCapturedAt ?? null,
    lastCapturedAt: summary.lastCapturedAt ?? null,
    folder: vaultFolder === undefined ? null : join(vaultFolder, 'cases', caseFolderName(number)),
  };
}

/** What to look for, as typed. Dates are station time. */
export interface FindOrder {
  readonly text?: string | undefined;
  readonly case?: string | undefined;
  readonly camera?: string | undefined;
  readonly officer?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly kind?: ItemKind | undefined;
  readonly limit: number;
}

/** Items that fit, newest first. Failures: 'invalid'. */
export async function findItems(
  ports: CustodyPorts & ViewPorts,
  order: FindOrder,
): Promise<{ readonly items: readonly ItemView[]; readonly more: boolean }> {
  const { text, camera, officer, kind, limit } = order;
  const question: Question = {
    text,
    camera,
    officer,
    kind,
    case: order.case === undefined ? undefined : parseCaseNumber(order.case),
    from: order.from === undefined ? undefined : parseMoment('from', order.from, 'start'),
    to: order.to === undefined ? undefined : parseMoment('to', order.to, 'end'),
  };
  const items: ItemView[] = [];
  let after: string | undefined;
  do {
    const page = ports.catalog.find({ ...question, limit: Math.min(PAGE_ITEMS, limit - items.length), after });
    for (const item of page.items) items.push(await viewItem(ports, item));
    after = page.next;
  } while (after !== undefined && items.length < limit);
  return { items, more: after !== undefined };
}

/** `2026-11-21` (as --to: the whole day), `2026-11-21T08:00` or a full instant. Throws Failure 'invalid'. */
function parseMoment(name: string, text: string, edge: 'start' | 'end'): Instant {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const at = day ? new Date(`${text}T00:00:00`) : new Date(text);
  if (Number.isNaN(at.getTime()) || !/^\d{4}-\d{2}-\d{2}/.test(text))
    throw new Failure(
      'invalid',
      `--${name} ${JSON.stringify(text)} is no date: expected 2026-11-21 or 2026-11-21T08:00`,
    );
  if (day && edge === 'end') at.setDate(at.getDate() + 1);
  return parseInstant(at.toISOString());
}

/** One item with its manifest and its proof. Failures: 'invalid', 'not-found'. */
export async function showItem(ports: CustodyPorts & ViewPorts, id: string): Promise<ItemDetail> {
  const item = ports.catalog.item(parseItemId(id));
  if (item === undefined) throw new Failure('not-found', `no item ${id} is on record`);
  return {
    ...(await viewItem(ports, item)),
    copies: copiesOf(ports, item),
    manifest: await readManifest(ports, item),
    proof: await proofOf(ports, item),
  };
}

/** Where its payload lies: as recorded, and as copied since; of each vault the newest. */
function copiesOf({ catalog }: CustodyPorts, { entry }: CatalogItem): readonly VaultReceipt[] {
  const copies = [...entry.copies, ...catalog.copies(entry.item).map((each) => each.entry.copy)];
  return [...new Map(copies.map((each) => [each.vault, each])).values()];
}

async function readManifest(ports: CustodyPorts, item: CatalogItem): Promise<unknown> {
  const { key } = item.entry.manifest;
  const bytes = await ports.vault.readSmall(key, MAX_MANIFEST_BYTES);
  if (bytes === undefined) return null; // verify reports it; the rest of the item can still be shown
  return openSealed(bytes, ports.ledger.state().keys.at(item.index), key);
}

/** C2SP tlog-proof under the newest published checkpoint; null while the entry is not published. */
async function proofOf(ports: CustodyPorts, item: CatalogItem): Promise<string | null> {
  const published = ports.ledger.state().published;
  if (published === undefined || published.size <= item.index) return null;
  try {
    return await ports.ledger.view(ports.tiles).tlogProof(item.index);
  } catch (error) {
    if (isFailure(error, 'vault-mismatch')) return null; // damaged tiles: verify names them
    throw error;
  }
}
