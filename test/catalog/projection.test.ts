// The catalog is the ledger seen from the side: whatever the batches, the restarts and the rebuilds, it says the same.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogEntries } from '../../bench/catalog-data.ts';
import {
  catchUp,
  digestCatalog,
  dumpCatalog,
  type IndexedEntry,
  openCatalog,
  removeCatalog,
  verifyCatalog,
} from '../../src/catalog/index.ts';
import { type Entry, type ForeignEntry, parseCaseNumber } from '../../src/evidence/index.ts';
import {
  acquired,
  acquisitionId,
  applyAll,
  created,
  digest,
  examined,
  foreign,
  indexed,
  itemId,
  makeFolder,
  recorded,
  refused,
  registered,
  released,
  removed,
} from './samples.ts';

// Small pools, so that items, cases, cameras and digests meet again and again, also in orders no station would write.
const small = fc.integer({ min: 1, max: 3 });
const cases = fc.constantFrom(undefined, '2026-LX-0003', '沪盗罚〔2026〕3号');
const words = fc.constantFrom('DCIM/盗窃.mp4', 'DCIM/BC01_000123.mp4', '询问笔录.docx', 'a/"b" AND c', '\ue000𠮷');
const facts = fc.record(
  {
    durationMs: fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(0.5, 1e308)),
    text: fc.constantFrom('张三', '拒绝签字', 'NEAR("x")'),
    container: fc.constant('mp4'),
  },
  { requiredKeys: [] },
);
const optional = <T extends object>(sample: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(sample).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
const anyEntry: fc.Arbitrary<Entry | ForeignEntry> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({
        acquisition: small,
        file: small,
        case: cases,
        path: words,
        sizeBytes: fc.integer({ min: 0, max: 2 ** 40 }),
        digest: small,
        kind: fc.constantFrom('footage' as const, 'document' as const),
      })
      .map((sample) => recorded(optional(sample))),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(small, small, fc.option(facts, { nil: undefined }))
      .map(([n, file, found]) => examined(n, file, found)),
  },
  fc.tuple(small, cases).map(([n, caseNo]) => acquired(n, caseNo)),
  small.map(released),
  fc
    .tuple(fc.constantFrom('000000', '000123'), fc.constantFrom('A', 'B'))
    .map(([serial, model]) => registered(serial, { model })),
  fc.constantFrom('000000', '000123').map(removed),
  fc.constantFrom('000000').map(refused),
  fc.constant(foreign()),
  fc.constant(created()),
);

async function contentOf(entries: readonly IndexedEntry[], sizes: readonly number[]): Promise<string[]> {
  await using folder = await makeFolder();
  const path = `${folder.path}/catalog.db`;
  let at = 0;
  for (const size of [...sizes, entries.length]) {
    await using catalog = await openCatalog({ path, mode: 'write' });
    catalog.apply(entries.slice(Math.max(0, at - 1), at + size)); // one applied before comes again
    at += size;
  }
  expect(await verifyCatalog({ path, entries, size: entries.length })).toEqual([]);
  return [...dumpCatalog(path)];
}

describe('the projection', () => {
  it('says the same however entries are batched and however often it is reopened', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEntry, { maxLength: 30 }),
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
        async (entries, sizes) => {
          const ledger = indexed(entries);
          expect(await contentOf(ledger, sizes)).toEqual(await contentOf(ledger, []));
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  it('is made again from the entries alone, to the same content', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    const ledger = [...catalogEntries({ items: 3_000, examined: 0.5 })];
    const from = (index: number): readonly IndexedEntry[] => ledger.slice(index);
    {
      await using catalog = await openCatalog({ path, mode: 'write' });
      for (let at = 0; at < ledger.length; at += 17) catalog.apply(ledger.slice(at, at + 17)); // as the day brings them
    }
    const before = digestCatalog(path);
    await removeCatalog(path);
    await using catalog = await openCatalog({ path, mode: 'write' });
    expect(catalog.appliedSize).toBe(0);
    expect(await catchUp(catalog, from)).toBe(ledger.length);
    expect(await catchUp(catalog, from)).toBe(ledger.length);
    expect(digestCatalog(path)).toBe(before);
  }, 60_000);

  it('passes over what it has and refuses a gap', async () => {
    await using folder = await makeFolder();
    await using catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
    const ledger = indexed([created(), recorded({ file: 1 }), recorded({ file: 2 }), recorded({ file: 3 })]);
    expect(catalog.apply(ledger.slice(0, 2))).toBe(2);
    expect(catalog.apply(ledger.slice(0, 2))).toBe(2);
    expect(() => catalog.apply(ledger.slice(3))).toThrow(/gap/);
    expect(() => catalog.apply([...ledger.slice(0, 2), ...ledger.slice(3)])).toThrow(/gap/);
    expect(catalog.counts().items).toBe(1);
    expect(catalog.apply(ledger)).toBe(4);
    expect(catalog.counts().items).toBe(3);
  });

  it('leaves nothing of a batch that fails', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    await using catalog = await openCatalog({ path, mode: 'write' });
    applyAll(catalog, created());
    const before = digestCatalog(path);
    expect(() =>
      catalog.apply([
        { index: 1, entry: recorded() },
        { index: 2, entry: recorded({ file: 2 }) },
        { index: 9, entry: created() },
      ]),
    ).toThrow(/gap/);
    expect(digestCatalog(path)).toBe(before);
  });
});

describe('a case', () => {
  const caseNo = parseCaseNumber('2026-LX-0003');

  it('is summed up and listed in the order of capture, text and video together', async () => {
    await using folder = await makeFolder();
    await using catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
    applyAll(
      catalog,
      recorded({ file: 1, case: caseNo, captured: '2026-01-31T08:00:00.000Z', sizeBytes: 100 }),
      recorded({ file: 2, case: caseNo, captured: '2026-01-30T08:00:00.000Z', sizeBytes: 20, kind: 'document' }),
      recorded({ acquisition: 2, file: 1, case: caseNo, captured: '2026-02-01T08:00:00.000Z', sizeBytes: 3 }),
      recorded({ acquisition: 2, file: 2, case: '2026-LX-0004' }),
      recorded({ acquisition: 2, file: 2, case: caseNo, sizeBytes: 999_999 }), // the same item again: its first record stands
      acquired(3, caseNo),
      examined(1, 1, { durationMs: 600_000 }),
      examined(2, 1, { durationMs: 5_000.4 }),
      examined(1, 1, { durationMs: 60_000 }),
    );
    expect(catalog.caseSummary(caseNo)).toMatchObject({
      case: caseNo,
      firstIndex: 0,
      items: 3,
      bytes: 123,
      durationMs: 65_000,
      kinds: {
        footage: { items: 2, bytes: 103, durationMs: 65_000 },
        document: { items: 1, bytes: 20, durationMs: 0 },
        photo: { items: 0 },
      },
      firstCapturedAt: '2026-01-30T08:00:00.000Z',
      lastCapturedAt: '2026-02-01T08:00:00.000Z',
      acquisitions: [acquisitionId(1), acquisitionId(2), acquisitionId(3)],
      acquisitionCount: 3,
    });
    const first = catalog.caseItems(caseNo, { limit: 2 });
    expect(first.items.map((item) => item.entry.item)).toEqual([itemId(1, 2), itemId(1, 1)]);
    const rest = catalog.caseItems(caseNo, { limit: 2, after: first.next });
    expect(rest.items.map((item) => item.entry.item)).toEqual([itemId(2, 1)]);
    expect(rest.next).toBeUndefined();
    expect(catalog.caseSummary(parseCaseNumber('2026-LX'))).toBeUndefined();
    expect(catalog.counts()).toMatchObject({ entries: 9, items: 4, cases: 2, acquisitions: 1, durationMs: 65_000 });
  });
});

describe('what was recorded before', () => {
  it('is found by camera and path, and by digest, newest first', async () => {
    await using folder = await makeFolder();
    await using catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
    const path = { text: 'DCIM/F1.mp4' };
    applyAll(
      catalog,
      recorded({ acquisition: 1, path: path.text, digest: 7, sizeBytes: 10 }),
      recorded({ acquisition: 2, path: path.text, digest: 8, sizeBytes: 11 }), // the same name with other bytes
      recorded({ acquisition: 3, path: path.text, digest: 7, camera: { serial: '000124' } }),
      recorded({ acquisition: 4, path: path.text, pathBytes: 'sNE=' }),
      recorded({ acquisition: 5, path: path.text, camera: { way: 'folder', serial: undefined, folder: '/in' } }),
      recorded({ acquisition: 6, path: path.text, camera: { way: 'mount', serial: undefined } }),
    );
    const known = (...source: Parameters<typeof catalog.knownFiles>): unknown[] =>
      catalog.knownFiles(...source).map((item) => item.index);
    expect(known({ way: 'mount', serial: '000123' }, path)).toEqual([1, 0]);
    expect(known({ way: 'mount', serial: '000123' }, path, 1)).toEqual([1]);
    expect(known({ way: 'usb', serial: '000123' }, { ...path, bytes: 'sNE=' })).toEqual([3]);
    expect(known({ way: 'folder', folder: '/in' }, path)).toEqual([4]);
    expect(known({ way: 'folder' }, path)).toEqual([]);
    expect(known({ way: 'usb', serial: '/in' }, path)).toEqual([]);
    expect(catalog.itemsByDigest(digest(7)).map((item) => item.index)).toEqual([2, 0]);
    expect(catalog.itemsByDigest(digest(9))).toEqual([]);
  });

  it('is listed by acquisition in the order of its receipt', async () => {
    await using folder = await makeFolder();
    await using catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
    applyAll(
      catalog,
      recorded({ file: 10 }),
      recorded({ file: 2 }),
      recorded({ acquisition: 2 }),
      acquired(1),
      released(1),
      acquired(2),
      refused('000000'),
      foreign(),
    );
    const page = catalog.itemsOfAcquisition(acquisitionId(1), { limit: 1 });
    expect(page.items.map((item) => item.entry.item)).toEqual([itemId(1, 2)]);
    expect(
      catalog.itemsOfAcquisition(acquisitionId(1), { limit: 1, after: page.next }).items.map((item) => item.entry.item),
    ).toEqual([itemId(1, 10)]);
    expect(catalog.acquisition(acquisitionId(1))).toMatchObject({ index: 3, released: { index: 4 } });
    expect(catalog.acquisition(acquisitionId(9))).toBeUndefined();
    expect(catalog.recentAcquisitions(5).map((each) => [each.index, each.released?.index])).toEqual([
      [5, undefined],
      [3, 4],
    ]);
    expect(catalog.recentRefusals(5).map((each) => each.entry.reason)).toEqual(['未登记']);
    expect(catalog.counts()).toMatchObject({ entries: 8, foreignEntries: 1 });
  });

  it('waits for examination, oldest first, by kind', async () => {
    await using folder = await makeFolder();
    await using catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
    applyAll(
      catalog,
      recorded({ file: 1 }),
      recorded({ file: 2, kind: 'sidecar' }),
      recorded({ file: 3 }),
      recorded({ file: 4, kind: 'photo' }),
      examined(1, 1),
      examined(2, 9),
    );
    const waiting = (question?: Parameters<typeof catalog.unexamined>[0]): number[] =>
      catalog.unexamined(question).items.map((item) => item.index);
    expect(waiting()).toEqual([1, 2, 3]);
    expect(waiting({ kinds: ['footage', 'photo'] })).toEqual([2, 3]);
    const page = catalog.unexamined({ limit: 2 });
    expect(waiting({ limit: 2, after: page.next })).toEqual([3]);
    expect(catalog.item(itemId(1, 1))?.examined?.entry.readable).toBe(false);
    expect(catalog.item(itemId(2, 9))).toBeUndefined();
  });
});

describe('the register of cameras', () => {
  it('holds the latest registration per model and marks the removed', async () => {
    await using folder = await makeFolder();
    await using catalog = await openCatalog({ path: `${folder.path}/catalog.db`, mode: 'write' });
    applyAll(
      catalog,
      registered('000123', { officer: { name: '王芳' } }),
      registered('000123', { officer: { name: '李强' } }),
      registered('000000', { model: 'A' }),
      registered('000000', { model: 'B' }),
      registered('000200'),
      removed('000200'),
      removed('000999'),
    );
    expect(catalog.camera('000123').map((camera) => camera.entry.officer?.name)).toEqual(['李强']);
    expect(catalog.camera('000000').map((camera) => camera.entry.model)).toEqual(['B', 'A']);
    expect(catalog.camera('000200')).toMatchObject([{ index: 4, removedIndex: 5 }]);
    expect(catalog.camera('000999')).toEqual([]);
    expect(catalog.cameras().map((camera) => camera.index)).toEqual([2, 3, 1, 4]);
    expect(catalog.counts().cameras).toBe(3);
    applyAll(catalog, registered('000200'), removed('000000'));
    expect(catalog.camera('000200')[0]?.removedIndex).toBeUndefined();
    expect(catalog.camera('000000').map((camera) => camera.removedIndex)).toEqual([8, 8]);
  });
});
