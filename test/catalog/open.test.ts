// Opening a catalog that is missing, damaged, of another version, no catalog at all, or being written.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openCatalog, verifyCatalog } from '../../src/catalog/index.ts';
import { wrapSqlite } from '../../src/catalog/sqlite.ts';
import { applyAll, created, indexed, makeFolder, recorded } from './samples.ts';

const failure = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

describe('reading', () => {
  it('says in one line that there is no catalog, and makes none', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    await expect(openCatalog({ path, mode: 'read' })).rejects.toEqual(failure('catalog-broken', /missing/));
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('changes nothing', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/目录 #1?.db`;
    {
      await using catalog = await openCatalog({ path, mode: 'write' });
      applyAll(catalog, created(), recorded());
    }
    const before = await readFile(path);
    {
      await using catalog = await openCatalog({ path, mode: 'read' });
      expect(catalog.counts().items).toBe(1);
      expect(() => catalog.apply(indexed([recorded()]))).toThrow(/reading/);
    }
    expect(await readFile(path)).toEqual(before);
    expect(await verifyCatalog({ path, entries: indexed([created(), recorded()]), size: 2 })).toEqual([]);
  });

  it('works while another process writes', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    const items = 20_000;
    const child = spawn(process.execPath, [`${import.meta.dirname}/writer.ts`, path, String(items)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const said = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await said.next()).value).toBe('open');
    await using catalog = await openCatalog({ path, mode: 'read' });
    const sizes = [catalog.appliedSize];
    expect((await said.next()).value).toBe('some');
    for (let reads = 0; reads < 200; reads += 1) {
      const { counts, everything } = catalog.snapshot(() => ({
        counts: catalog.counts(),
        everything: catalog.find({ limit: 1 }),
      }));
      expect(everything.items[0]?.index ?? -1).toBeLessThan(Math.max(counts.entries, 1));
      expect(
        catalog.find({ text: '盗窃现场', limit: 5 }).items.every((item) => item.entry.path.text.includes('盗窃')),
      ).toBe(true);
      sizes.push(counts.entries);
    }
    expect((await said.next()).value).toBe('closed');
    expect(await exited).toEqual([0, null]);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(catalog.counts().items).toBe(items);
  });
});

describe('writing', () => {
  it('makes a missing catalog and its folder, readable to owner and group only', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/station/catalog.db`;
    await using catalog = await openCatalog({ path, mode: 'write' });
    applyAll(catalog, created());
    expect([catalog.appliedSize, catalog.rebuilt]).toEqual([1, false]);
    for (const name of await readdir(`${folder.path}/station`))
      expect((await stat(`${folder.path}/station/${name}`)).mode & 0o007).toBe(0);
  });

  it('goes on where it was', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    for (let n = 0; n < 3; n += 1) {
      await using catalog = await openCatalog({ path, mode: 'write' });
      expect(catalog.appliedSize).toBe(n);
      applyAll(catalog, recorded({ file: n + 1 }));
    }
  });

  it.each([
    ['an earlier', 1, 'catalog-broken'],
    ['a later', 999, 'format-newer'],
  ] as const)('starts anew in place of %s version, which a reader refuses', async (_, version, code) => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    {
      await using catalog = await openCatalog({ path, mode: 'write' });
      applyAll(catalog, created(), recorded());
    }
    change(path, `PRAGMA user_version = ${version}`);
    await expect(openCatalog({ path, mode: 'read' })).rejects.toEqual(failure(code, /version/));
    {
      await using catalog = await openCatalog({ path, mode: 'write' });
      expect([catalog.rebuilt, catalog.appliedSize, catalog.counts().items]).toEqual([true, 0, 0]);
    }
    await using catalog = await openCatalog({ path, mode: 'write' });
    expect(catalog.rebuilt).toBe(false);
  });

  it('never touches a database that is no catalog, such as the ledger head', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/head.db`;
    change(path, "CREATE TABLE head (root TEXT); INSERT INTO head VALUES ('truth'); PRAGMA user_version = 7");
    await writeFile(`${path}.sha256`, 'not ours');
    const before = await readFile(path);
    for (const mode of ['write', 'read'] as const)
      await expect(openCatalog({ path, mode })).rejects.toEqual(failure('catalog-broken', /not a docket catalog/));
    expect(await readFile(path)).toEqual(before);
    expect((await readdir(folder.path)).toSorted()).toEqual(['head.db', 'head.db.sha256']);
  });

  it.each(['write', 'read'] as const)('names a file that is no database, and leaves it (%s)', async (mode) => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    await writeFile(path, '这不是数据库'.repeat(1000));
    await expect(openCatalog({ path, mode })).rejects.toEqual(failure('catalog-broken', /damaged/));
    expect(await readFile(path, 'utf8')).toBe('这不是数据库'.repeat(1000));
  });

  it('names a catalog without one of its tables', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    await (await openCatalog({ path, mode: 'write' })).close();
    change(path, 'DROP TABLE item_fts');
    for (const mode of ['write', 'read'] as const)
      await expect(openCatalog({ path, mode })).rejects.toEqual(failure('catalog-broken', /tables/));
  });

  it('names a folder it may not write, a path that is a folder and a link to nothing', async () => {
    await using folder = await makeFolder();
    await writeFile(`${folder.path}/file`, '');
    await mkdir(`${folder.path}/folder`);
    await symlink(`${folder.path}/nowhere/catalog.db`, `${folder.path}/link`);
    for (const path of ['file/catalog.db', 'folder', 'link'])
      await expect(openCatalog({ path: `${folder.path}/${path}`, mode: 'write' })).rejects.toMatchObject({
        name: 'Failure',
      });
  });
});

describe('the closing mark', () => {
  it('stands while a catalog is closed, in the form sha256sum reads, and not while it is written', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    {
      await using catalog = await openCatalog({ path, mode: 'write' });
      applyAll(catalog, created());
      expect(await readdir(folder.path)).not.toContain('catalog.db.sha256');
    }
    const sum = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    expect(await readFile(`${path}.sha256`, 'utf8')).toBe(`${sum}  catalog.db\n`);
    await using again = await openCatalog({ path, mode: 'write' });
    expect(await readdir(folder.path)).not.toContain('catalog.db.sha256');
    await again.close();
    await again.close();
    expect(await readFile(`${path}.sha256`, 'utf8')).toBe(`${sum}  catalog.db\n`);
  });

  it('is left out while another reader still holds an older state', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    const writer = await openCatalog({ path, mode: 'write' });
    applyAll(writer, created());
    const reader = new SqliteDatabase(path, { readonly: true, timeout: 0 });
    reader.exec('BEGIN');
    reader.prepare('SELECT * FROM meta').all();
    applyAll(writer, recorded());
    await writer.close();
    expect(await readdir(folder.path)).not.toContain('catalog.db.sha256');
    reader.close();
    expect(await verifyCatalog({ path, entries: indexed([created(), recorded()]), size: 2 })).toEqual([]);
  });
});

describe('damage found while reading', () => {
  it('is a failure of its own, not a crash', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    {
      await using catalog = await openCatalog({ path, mode: 'write' });
      applyAll(catalog, ...Array.from({ length: 200 }, (_, n) => recorded({ file: n + 1 })));
    }
    await truncate(path, 60_000);
    await expect(
      (async () => {
        await using catalog = await openCatalog({ path, mode: 'read' });
        catalog.find({ text: 'DCIM', limit: 1000 });
        catalog.find({ limit: 1000 });
      })(),
    ).rejects.toEqual(failure('catalog-broken', /damaged/));
  });
});

describe('an item that no entry recorded', () => {
  it('stops the projection instead of hiding the true one, and leaves no closing mark', async () => {
    await using folder = await makeFolder();
    const path = `${folder.path}/catalog.db`;
    await using catalog = await openCatalog({ path, mode: 'write' });
    applyAll(catalog, created());
    change(path, "INSERT INTO item VALUES (1, 'invented', 'footage', NULL, 0, '{}')");
    expect(() => applyAll(catalog, recorded())).toThrow(expect.objectContaining({ code: 'catalog-broken' }));
    expect(catalog.appliedSize).toBe(1);
    await catalog.close();
    expect(await readdir(folder.path)).not.toContain('catalog.db.sha256');
  });
});

describe("SQLite's errors", () => {
  it.each([
    ['SQLITE_CORRUPT_VTAB', 'catalog-broken'],
    ['SQLITE_NOTADB', 'catalog-broken'],
    ['SQLITE_BUSY_SNAPSHOT', 'station-locked'],
    ['SQLITE_FULL', 'spool-full'],
    ['SQLITE_IOERR_FSYNC', 'disk-failed'],
    ['SQLITE_READONLY_DIRECTORY', 'disk-failed'],
  ])('%s is the failure %s, with its cause', (sqlite, code) => {
    const cause = new SqliteDatabase.SqliteError('x', sqlite);
    expect(wrapSqlite(cause, '/catalog.db')).toMatchObject({ name: 'Failure', code, cause, facts: { sqlite } });
  });

  it.each(['SQLITE_MISUSE', 'SQLITE_ERROR'])('%s is a defect and stays what it is', (sqlite) => {
    const defect = new SqliteDatabase.SqliteError('x', sqlite);
    expect(wrapSqlite(defect, '/catalog.db')).toBe(defect);
  });
});

function change(path: string, sql: string): void {
  const database = new SqliteDatabase(path);
  database.exec(sql);
  database.close();
}
