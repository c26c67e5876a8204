// A catalog that lies is named: table, key and what is wrong, wherever it was changed.
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchText } from '../../src/catalog/derive.ts';
import { digestCatalog, type IndexedEntry, openCatalog, verifyCatalog } from '../../src/catalog/index.ts';
import { isFailure, isForeign } from '../../src/evidence/index.ts';
import {
  acquired,
  created,
  examined,
  foreign,
  indexed,
  makeFolder,
  recorded,
  refused,
  registered,
  released,
  removed,
} from './samples.ts';

const LEDGER: readonly IndexedEntry[] = indexed([
  created(),
  registered('000123', { model: 'A', officer: { name: '王芳' } }),
  registered('000200'),
  removed('000200'),
  ...Array.from({ length: 40 }, (_, n) =>
    recorded({
      acquisition: 1 + (n % 4),
      file: n + 1,
      case: n % 3 === 0 ? '2026-LX-0003' : '沪盗罚〔2026〕3号',
      path: `盗窃/BC01_${n}.mp4`,
    }),
  ),
  acquired(1, '2026-LX-0003'),
  released(1),
  refused('000000'),
  foreign(),
  ...Array.from({ length: 20 }, (_, n) =>
    examined(1 + (n % 4), n + 1, { durationMs: n * 1000, text: `张三${n}拒绝签字` }),
  ),
]);

let folder: Awaited<ReturnType<typeof makeFolder>>;
let whole: string;

beforeAll(async () => {
  folder = await makeFolder();
  whole = `${folder.path}/whole.db`;
  await using catalog = await openCatalog({ path: whole, mode: 'write' });
  for (let at = 0; at < LEDGER.length; at += 10) catalog.apply(LEDGER.slice(at, at + 10));
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A copy of the whole catalog, with or without its mark, changed by `sql`. */
async function changed(sql: string, { marked = false } = {}): Promise<string> {
  const path = `${folder.path}/copy/whole.db`;
  await rm(`${folder.path}/copy`, { recursive: true, force: true });
  await openCatalog({ path, mode: 'write' }).then((catalog) => catalog.close());
  await copyFile(whole, path);
  if (marked) await copyFile(`${whole}.sha256`, `${path}.sha256`);
  else await rm(`${path}.sha256`);
  const database = new SqliteDatabase(path);
  database.unsafeMode();
  database.exec(sql);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return path;
}

const verify = (path: string, more: Partial<Parameters<typeof verifyCatalog>[0]> = {}) =>
  verifyCatalog({ path, entries: LEDGER, size: LEDGER.length, ...more });

it('removes what a verification that was killed left behind, and nothing of one that runs', async () => {
  const workDirectory = `${folder.path}/left`;
  const child = spawnSync(process.execPath, ['--eval', '']); // a process that has ended
  const left = [`docket-verify-${child.pid}-aaaaaa`, `docket-verify-${process.pid}-bbbbbb`, 'docket-verify-other'];
  for (const each of left) await mkdir(`${workDirectory}/${each}`, { recursive: true });
  await writeFile(`${workDirectory}/${left[0]}/derived.db`, 'half a catalog');
  expect(await verifyCatalog({ path: whole, entries: LEDGER, size: LEDGER.length, workDirectory })).toEqual([]);
  expect((await readdir(workDirectory)).toSorted()).toEqual(left.slice(1).toSorted());
});

describe('verification', () => {
  it('finds nothing in a whole catalog, changes none of it and leaves nothing behind', async () => {
    const before = [await readFile(whole), await readFile(`${whole}.sha256`)];
    const work = `${folder.path}/work`;
    await mkdir(work);
    expect(await verify(whole, { workDirectory: work })).toEqual([]);
    expect(await readdir(work)).toEqual([]);
    expect([await readFile(whole), await readFile(`${whole}.sha256`)]).toEqual(before);
  });

  it('names a missing catalog, and one that lacks the newest entries', async () => {
    expect(await verify(`${folder.path}/none.db`)).toMatchObject([{ code: 'catalog-missing' }]);
    await using place = await makeFolder();
    const path = `${place.path}/catalog.db`;
    await using catalog = await openCatalog({ path, mode: 'write' });
    catalog.apply(LEDGER.slice(0, 30));
    expect(await verify(path)).toMatchObject([
      { code: 'catalog-behind', what: `the catalog holds 30 of ${LEDGER.length} ledger entries` },
    ]);
  });

  it('takes entries that were applied while it ran', async () => {
    await using place = await makeFolder();
    const path = `${place.path}/catalog.db`;
    await using catalog = await openCatalog({ path, mode: 'write' });
    catalog.apply(LEDGER.slice(0, 30));
    const growing = async function* (): AsyncGenerator<IndexedEntry> {
      for (const each of LEDGER) {
        if (each.index === 29) catalog.apply(LEDGER);
        yield each;
      }
    };
    expect(await verify(path, { entries: growing(), size: 30 })).toEqual([]);
  });

  it('does not call altered what a newer docket made', async () => {
    const path = await changed('PRAGMA user_version = 999; CREATE TABLE later (a)');
    expect(await verify(path)).toMatchObject([{ code: 'format-newer', where: path }]);
  });

  it('names a catalog that holds more than the ledger', async () => {
    expect(await verify(whole, { entries: LEDGER.slice(0, -1), size: LEDGER.length - 1 })).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          code: 'catalog-altered',
          what: expect.stringContaining(`${LEDGER.length} entries, the ledger has ${LEDGER.length - 1}`) as string,
        }),
      ]),
    );
  });

  it('passes on the failure of the ledger and stops when told', async () => {
    const broken = async function* (): AsyncGenerator<IndexedEntry> {
      yield* LEDGER.slice(0, 3);
      throw new Error('no ledger');
    };
    await expect(verify(whole, { entries: broken() })).rejects.toThrow('no ledger');
    await expect(verify(whole, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });

  it.each([
    ["UPDATE item SET entry = replace(entry, '000123', '000124') WHERE idx = 10", 'item 10', 'altered'],
    ['UPDATE item SET case_no = NULL WHERE idx = 11', 'item 11', 'altered'],
    ['UPDATE item SET captured_ms = captured_ms + 1 WHERE idx = 12', 'item 12', 'altered'],
    ["UPDATE item SET kind = 'photo' WHERE idx = 12", 'item 12', 'altered'],
    ['DELETE FROM item WHERE idx = 13', 'item 13', 'missing'],
    [
      "INSERT INTO item SELECT 1000, 'x', kind, case_no, captured_ms, entry FROM item WHERE idx = 10",
      'item 1000',
      'invented',
    ],
    ['UPDATE item SET idx = 1000 WHERE idx = 10', 'item 1000', 'invented'],
    ["UPDATE examination SET text = 'x' WHERE item = 4", 'examination 4', 'altered'],
    ['DELETE FROM examination WHERE item = 4', 'examination 4', 'missing'],
    ['DELETE FROM unexamined WHERE item = 43', 'unexamined footage 43', 'missing'],
    ["INSERT INTO unexamined VALUES ('photo', 5)", 'unexamined photo 5', 'invented'],
    ["INSERT INTO case_file VALUES ('2026-LX-9999', 5)", 'case_file 2026-LX-9999', 'invented'],
    [
      "UPDATE case_kind SET bytes = bytes - 1 WHERE case_no = '2026-LX-0003'",
      'case_kind 2026-LX-0003 footage',
      'altered',
    ],
    ["DELETE FROM case_kind WHERE case_no = '2026-LX-0003'", 'case_kind 2026-LX-0003 footage', 'missing'],
    [
      "DELETE FROM case_acquisition WHERE acquisition LIKE '%1' AND case_no LIKE '2026%'",
      'case_acquisition 2026-LX-0003 20260201-100000-00000001',
      'missing',
    ],
    ['DELETE FROM acquisition', 'acquisition 44', 'missing'],
    ["UPDATE release SET entry = '{}'", 'release 20260201-100000-00000001', 'altered'],
    ["UPDATE refusal SET entry = '{}'", 'refusal 46', 'altered'],
    ["UPDATE camera SET removed_idx = NULL WHERE serial = '000200'", 'camera 000200 ', 'altered'],
    ["DELETE FROM camera WHERE serial = '000123'", 'camera 000123 A', 'missing'],
    ["UPDATE tally SET n = n + 1 WHERE what = 'entry:foreign'", 'tally entry:foreign', 'altered'],
    ["INSERT INTO tally VALUES ('x', 0)", 'tally x', 'invented'],
    ['UPDATE meta SET applied_size = 10', 'item 10', 'invented'],
    ['UPDATE meta SET schema = 9', 'meta 1', 'altered'],
    ['DELETE FROM meta', 'meta 1', 'missing'],
    ['DELETE FROM item_fts WHERE rowid = 7', 'item_fts 盗', 'does not stand'],
    ["INSERT INTO item_fts (rowid, words) VALUES (2, '诈')", 'item_fts 诈', 'invented'],
    [
      "DELETE FROM item_fts WHERE rowid = 7; INSERT INTO item_fts (rowid, words) VALUES (7, '盗 窃')",
      'item_fts bc01',
      'does not stand',
    ],
    ['CREATE TABLE extra (x)', 'table extra', 'not one of the catalog'],
    ['CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM item; END', 'trigger t', 'not one of the catalog'],
    ['DROP INDEX item_case', 'index item_case', 'missing'],
    ['DROP TABLE refusal', 'table refusal', 'missing'],
    ['DROP TABLE item_fts', 'table item_fts', 'missing'],
    ['PRAGMA user_version = 2', '', 'user_version'],
    [
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'ON item (case_no, captured_ms)', 'ON item (case_no, idx)') WHERE name = 'item_case'",
      'index item_case',
      'altered',
    ],
  ])('names what %s did', async (sql, where, what) => {
    const path = await changed(sql);
    const findings = await verify(path);
    expect(findings).toEqual(
      expect.arrayContaining([
        {
          code: 'catalog-altered',
          where: where === '' ? path : `${path}: ${where}`,
          what: expect.stringContaining(what) as string,
        },
      ]),
    );
  });

  it('names words that moved from one item to another, though each stands as often as before', async () => {
    const item = LEDGER[43]?.entry;
    if (item === undefined || isForeign(item) || item.kind !== 'item.recorded') throw new Error('entry 43 is an item');
    const words = searchText(item, undefined);
    const path = await changed(
      `DELETE FROM item_fts WHERE rowid = 43; INSERT INTO item_fts (rowid, words) VALUES (2, '${words}')`,
    );
    const findings = await verify(path);
    expect(findings.map((each) => each.where)).toEqual(
      expect.arrayContaining([`${path}: item_fts 盗`, `${path}: item_fts 39`]),
    );
  });

  it('counts what it does not name one by one', async () => {
    const ledger = indexed(Array.from({ length: 150 }, (_, n) => recorded({ file: n + 1 })));
    await using place = await makeFolder();
    const path = `${place.path}/catalog.db`;
    await using catalog = await openCatalog({ path, mode: 'write' });
    catalog.apply(ledger);
    const database = new SqliteDatabase(path);
    database.exec("UPDATE item SET kind = 'photo'");
    database.close();
    const findings = await verifyCatalog({ path, entries: ledger, size: 150 });
    expect(findings).toHaveLength(101);
    expect(findings.at(-1)?.what).toBe('50 more differences in table item');
  });

  it('names a write-ahead log that appeared beside a closed catalog', async () => {
    const path = await changed('SELECT 1', { marked: true });
    await writeFile(`${path}-wal`, 'x'.repeat(100));
    expect(await verify(path)).toMatchObject([{ code: 'catalog-altered', where: `${path}-wal` }]);
  });

  it('names a damaged mark', async () => {
    const path = await changed('SELECT 1', { marked: true });
    expect(await verify(path)).toEqual([]);
    await flip(`${path}.sha256`, 3);
    expect(await verify(path)).toMatchObject([{ code: 'catalog-altered', where: path }]);
  });
});

describe('a flipped bit', () => {
  // A prime stride reaches pages, headers, cells, search words and free space alike.
  const STRIDE = 5_501;

  it('is named by the closing mark wherever it lies', async () => {
    const path = await changed('SELECT 1', { marked: true });
    for await (const at of places(path, STRIDE)) {
      await flip(path, at);
      expect([at, (await verify(path)).length > 0]).toEqual([at, true]);
      await flip(path, at);
    }
    expect(await verify(path)).toEqual([]);
  }, 120_000);

  it('is named by the comparison, or has changed nothing the catalog says', async () => {
    const path = await changed('SELECT 1');
    const before = digestCatalog(path);
    let named = 0;
    for await (const at of places(path, STRIDE)) {
      await flip(path, at);
      const findings = await verify(path);
      if (findings.length > 0) named += 1;
      else expect([at, digestCatalog(path)]).toEqual([at, before]);
      await flip(path, at);
      for (const suffix of ['-wal', '-shm', '-journal']) await rm(`${path}${suffix}`, { force: true });
    }
    expect(named).toBeGreaterThan(5);
  }, 120_000);

  it('never crashes a reader', async () => {
    const path = await changed('SELECT 1');
    for await (const at of places(path, STRIDE)) {
      await flip(path, at);
      await readAll(path).catch((error: unknown) => expect([at, isFailure(error)]).toEqual([at, true]));
      await flip(path, at);
      for (const suffix of ['-wal', '-shm', '-journal']) await rm(`${path}${suffix}`, { force: true });
    }
  }, 120_000);
});

async function readAll(path: string): Promise<void> {
  await using catalog = await openCatalog({ path, mode: 'read' });
  catalog.counts();
  catalog.find({ text: '盗窃', limit: 1000 });
  catalog.find({ limit: 1000 });
  catalog.find({ text: '张三' });
  catalog.cameras();
  catalog.unexamined({ limit: 1000 });
}

/** Every other byte of the header, then places at a stride. */
async function* places(path: string, stride: number): AsyncGenerator<number> {
  for (let at = 0; at < 100; at += 2) yield at;
  for (let at = 100; at < (await stat(path)).size; at += stride) yield at;
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 0x10;
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}

it('leaves the whole catalog as it was', async () => {
  expect((await readFile(whole)).length).toBeGreaterThan(0);
  expect(await verify(whole)).toEqual([]);
});
