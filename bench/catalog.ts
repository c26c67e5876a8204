// Measures a catalog with a million items: how fast it is opened and asked.
// Never makes one; looks at real time, which no test may.
import { type Catalog, openCatalog } from '../src/catalog/index.ts';
import { parseInstant } from '../src/evidence/index.ts';
import { systemClock } from '../src/platform/index.ts';
import { caseOf } from './catalog-data.ts';
import { quantile } from './report.ts';

/** One line of the result, in milliseconds. */
export interface CatalogRow {
  readonly what: string;
  readonly p50: number;
  readonly p99: number;
}

const ACQUISITIONS_PER_ITEM = 1 / 24;

/** What the targets are held against, by the line: p99 in milliseconds. */
export const TARGETS: ReadonlyMap<string, number> = new Map([
  ['case, sum', 1],
  ['find by case number', 1],
  ['find 盗窃 (a fifth of all items)', 5],
  ['find 现盗 (common characters, never together)', 5],
  ['find 现 (one character, in every item)', 5],
]);

/** Opens and asks a catalog that holds `items` items of catalogEntries. */
export async function askCatalog(path: string, items: number): Promise<readonly CatalogRow[]> {
  return [await benchOpen(path), ...(await benchQuestions(path, items))];
}

async function benchOpen(path: string): Promise<CatalogRow> {
  const times: number[] = [];
  for (let n = 0; n < 50; n += 1) {
    const before = systemClock.elapsedMs();
    const catalog = await openCatalog({ path, mode: 'read' });
    times.push(systemClock.elapsedMs() - before);
    await catalog.close();
  }
  return row('open', times);
}

async function benchQuestions(path: string, items: number): Promise<CatalogRow[]> {
  await using catalog = await openCatalog({ path, mode: 'read' });
  const acquisitions = Math.floor(items * ACQUISITIONS_PER_ITEM);
  const some = sample(catalog);
  const anyCase = (n: number) => caseOf((n * 7_919) % acquisitions);
  const anyItem = (n: number) => {
    const item = some[n % some.length];
    if (item === undefined) throw new Error('the catalog is empty');
    return item.entry;
  };
  const questions: Record<string, (n: number) => unknown> = {
    'case, sum': (n) => catalog.caseSummary(anyCase(n)),
    'case, first 50 items in order of capture': (n) => catalog.caseItems(anyCase(n)),
    'find by case number': (n) => catalog.find({ case: anyCase(n) }),
    'find by case number typed as text': (n) => catalog.find({ text: anyCase(n) }),
    'find 盗窃 (a fifth of all items)': () => catalog.find({ text: '盗窃' }),
    'find 盗 (one character)': () => catalog.find({ text: '盗' }),
    'find 现 (one character, in every item)': () => catalog.find({ text: '现' }),
    'find 沪A12345 (mixed, never)': () => catalog.find({ text: '沪A12345' }),
    'find 现盗 (common characters, never together)': () => catalog.find({ text: '现盗' }),
    'find 询问笔录': () => catalog.find({ text: '询问笔录' }),
    'find mp4 (a prefix of nearly every item)': () => catalog.find({ text: 'mp4' }),
    'find imp (a prefix of a tenth)': () => catalog.find({ text: 'imp' }),
    'find 盗窃 of one officer': () => catalog.find({ text: '盗窃', officer: '王伟' }),
    'find 盗窃 of one camera and day': () =>
      catalog.find({
        text: '盗窃',
        camera: '000123',
        from: parseInstant('2024-03-01T00:00:00.000Z'),
        to: parseInstant('2024-03-02T00:00:00.000Z'),
      }),
    'find documents of one month': () =>
      catalog.find({
        kind: 'document',
        from: parseInstant('2024-02-01T00:00:00.000Z'),
        to: parseInstant('2024-03-01T00:00:00.000Z'),
      }),
    'newest 50': () => catalog.find({}),
    'one item': (n) => catalog.item(anyItem(n).item),
    'items by digest': (n) => catalog.itemsByDigest(anyItem(n).payload.sha256),
    'known files of a camera and path': (n) => catalog.knownFiles(anyItem(n).camera, anyItem(n).path),
    'items of an acquisition': (n) => catalog.itemsOfAcquisition(anyItem(n).acquisition),
    counts: () => catalog.counts(),
  };
  return Object.entries(questions).map(([what, ask]) =>
    row(
      what,
      Array.from({ length: 300 }, (_, n) => timed(() => ask(n))),
    ),
  );
}

/** Items from all over the catalog. */
function sample(catalog: Catalog): ReturnType<Catalog['find']>['items'] {
  const size = catalog.appliedSize;
  return Array.from({ length: 200 }, (_, n) =>
    catalog.find({ limit: 1, after: String(Math.ceil(((n + 1) * size) / 200)) }),
  ).flatMap((page) => page.items);
}

/** Entries in batches of `size`. */
export function* batches<T>(entries: Iterable<T>, size: number): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const each of entries) {
    batch.push(each);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function timed(work: () => unknown): number {
  const before = systemClock.elapsedMs();
  work();
  return systemClock.elapsedMs() - before;
}

function row(what: string, times: readonly number[]): CatalogRow {
  return { what, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
