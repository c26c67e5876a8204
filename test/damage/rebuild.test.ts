// What can be made again is made again to the same content: the catalog from the ledger, head and catalog from the vault alone.
// And what somebody wrote into the catalog, who had no business to, is named before and gone after.
import { randomBytes } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestCatalog, dumpCatalog } from '../../src/catalog/index.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { readConfig } from '../../src/platform/index.ts';
import { temporaryPlace } from '../fault/places.ts';
import { copyStation, entriesOf, never, placesIn, verify } from '../fault/stations.ts';
import { buildReference, overwrite, type Reference } from './reference.ts';

let place: string;
let reference: Reference;
let config: string;
let before: string;

beforeAll(async () => {
  place = temporaryPlace('fast');
  reference = await buildReference(place, { cameras: 260, footageBytes: 20_000 });
});

beforeEach(async () => {
  config = copyStation(reference.config, join(place, randomBytes(4).toString('hex')));
  before = digestCatalog((await placesIn(config)).catalog);
});

async function rebuilt(fromVault: boolean): Promise<Awaited<ReturnType<typeof rebuild>>> {
  return rebuild(await readConfig(config), { fromVault, actor: 'tester' }, () => undefined, never());
}

/** Everything the catalog says but how many entries there are, which a restored ledger has one more of. */
async function contentOf(of: string): Promise<string[]> {
  const { catalog } = await placesIn(of);
  return [...dumpCatalog(catalog)].filter((line) => !/^\["(?:meta|tally)"/.test(line));
}

async function spoilCatalog(sql: string): Promise<void> {
  const { catalog } = await placesIn(config);
  rmSync(`${catalog}.sha256`); // whoever can write the catalog can remove its mark
  const database = new Database(catalog);
  database.exec(sql);
  database.pragma('journal_mode = DELETE');
  database.close();
}

async function expectNamed(codes: RegExp): Promise<void> {
  const { catalog } = await placesIn(config);
  const { findings } = await verify(config);
  expect(findings.filter(({ code, where }) => codes.test(code) && where.startsWith(catalog))).not.toEqual([]);
}

async function expectSame(): Promise<void> {
  expect(digestCatalog((await placesIn(config)).catalog)).toBe(before);
  expect((await verify(config)).findings).toEqual([]);
}

describe('a catalog', () => {
  const files = async (): Promise<string[]> => {
    const { catalog } = await placesIn(config);
    return ['', '-wal', '-shm', '.sha256'].map((suffix) => catalog + suffix);
  };

  it('deleted: verify says so, and rebuild makes it again to the same content', async () => {
    for (const path of await files()) rmSync(path, { force: true });
    await expectNamed(/catalog-missing/);
    await rebuilt(false);
    await expectSame();
  });

  it('of random bytes: the same', async () => {
    for (const path of await files()) rmSync(path, { force: true });
    writeFileSync((await placesIn(config)).catalog, randomBytes(100_000));
    await expectNamed(/catalog-altered/);
    await rebuilt(false);
    await expectSame();
  });

  it('that is another database: the same', async () => {
    const { catalog, head } = await placesIn(config);
    for (const path of await files()) rmSync(path, { force: true });
    cpSync(head, catalog);
    await expectNamed(/catalog-altered/);
    await rebuilt(false);
    await expectSame();
  });

  it.each([
    ['an item deleted', 'DELETE FROM item WHERE idx = (SELECT min(idx) FROM item)'],
    ['all items of a case deleted', "DELETE FROM item WHERE case_no = '2026-LX-0003'"],
    [
      'an item moved to another case',
      "UPDATE item SET case_no = '2026-LX-9999' WHERE idx = (SELECT min(idx) FROM item)",
    ],
    ['the digest in an item exchanged', `UPDATE item SET entry = replace(entry, '"sha256":"', '"sha256":"0')`],
    [
      'an item invented',
      "INSERT INTO item SELECT idx + 5000, id || 'x', kind, case_no, captured_ms, entry FROM item LIMIT 1",
    ],
    ['an acquisition deleted', 'DELETE FROM acquisition WHERE idx = (SELECT max(idx) FROM acquisition)'],
    ['a camera given to another officer', `UPDATE camera SET entry = replace(entry, '李 1', '王 1')`],
    ['a count changed', 'UPDATE tally SET n = n + 1'],
    ['a case’s totals changed', 'UPDATE case_kind SET items = items - 1'],
    ['the applied size raised', 'UPDATE meta SET applied_size = applied_size + 10'],
    ['the applied size lowered', 'UPDATE meta SET applied_size = applied_size - 10'],
    ['the search words removed', 'DELETE FROM item_fts WHERE rowid = (SELECT min(rowid) FROM item_fts)'],
    ['a table added', 'CREATE TABLE extra(x)'],
    ['a trigger added', 'CREATE TRIGGER hide AFTER INSERT ON item BEGIN DELETE FROM item WHERE idx = new.idx; END'],
    ['an index removed', 'DROP INDEX item_case'],
  ])('with %s: named, and rebuild puts it right', async (_, sql) => {
    await spoilCatalog(sql);
    await expectNamed(/catalog-(?:altered|behind)/);
    await rebuilt(false);
    await expectSame();
  });
});

describe('the vault alone', () => {
  it('is enough: without the state folder, rebuild --from-vault makes head and catalog as they were', async () => {
    const wanted = await contentOf(config);
    const { adopted, setAside } = await lose(() => rmSync(join(config, '../state'), { recursive: true }));
    expect([adopted, setAside]).toEqual([0, []]);
    expect(await contentOf(config)).toEqual(wanted);
  });

  it('heals a head and a catalog of random bytes, and keeps the damaged head', async () => {
    const wanted = await contentOf(config);
    const { head, catalog } = await placesIn(config);
    const { setAside } = await lose(() => {
      for (const path of [head, catalog]) overwrite(path, randomBytes(5000));
    });
    expect(setAside.some((path) => path.startsWith(`${head}.aside-`))).toBe(true);
    expect(await contentOf(config)).toEqual(wanted);
  });

  it('gives the same content a second and a third time', async () => {
    const wanted = await contentOf(config);
    for (let k = 0; k < 3; k += 1) await lose(() => rmSync(join(config, '../state'), { recursive: true }));
    expect(await contentOf(config)).toEqual(wanted);
    expect(await entriesOf(config, 'ledger.restored')).toHaveLength(3);
  });

  it('with the last publication lost: every item and receipt is on record again, none twice', async () => {
    const wanted = await entriesOf(config, 'item.recorded');
    const receipts = await entriesOf(config, 'acquisition.recorded');
    putBackLedger();
    const { adopted } = await lose(() => rmSync(join(config, '../state'), { recursive: true }));
    expect(adopted).toBe(2); // the photo of the second docking, and its receipt
    const items = await entriesOf(config, 'item.recorded');
    expect(items.map(({ item, payload }) => [item, payload.sha256])).toEqual(
      wanted.map(({ item, payload }) => [item, payload.sha256]),
    );
    expect((await entriesOf(config, 'acquisition.recorded')).map(({ receipt }) => receipt)).toEqual(
      receipts.map(({ receipt }) => receipt),
    );
  });

  it('does not take up what somebody planted: it stays, and verify names it', async () => {
    putBackLedger();
    const manifests = join(config, '../vault/manifests');
    const old = new Set(readdirSync(join(reference.earlier, 'vault/manifests'), { recursive: true, encoding: 'utf8' }));
    const newest = readdirSync(manifests, { recursive: true, encoding: 'utf8' }).find((name) => !old.has(name)) ?? '';
    const file = join(manifests, newest);
    overwrite(file, Buffer.from(readFileSync(file, 'utf8').replace(/"keyMark":false/, '"keyMark":true')));
    rmSync(join(config, '../state'), { recursive: true });
    const { adopted } = await rebuilt(true);
    expect(adopted).toBe(0);
    const places = (await verify(config)).findings.map(({ code, where }) => `${code} ${where}`);
    expect(places).toContain(`object-stray manifests/${newest}`);
    expect(places.some((each) => each.startsWith('object-stray receipts/'))).toBe(true);
  });

  it('is not restored from when a tile of it is damaged: the head that is there stays', async () => {
    const tiles = join(config, '../vault/ledgers');
    const full =
      readdirSync(tiles, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('tile/entries/000')) ?? '';
    const bytes = readFileSync(join(tiles, full));
    bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
    overwrite(join(tiles, full), bytes);
    const { head } = await placesIn(config);
    const kept = readFileSync(head);
    await expect(rebuilt(true)).rejects.toMatchObject({ code: 'vault-mismatch' });
    expect(readFileSync(head).equals(kept)).toBe(true);
  });

  async function lose(how: () => void): Promise<Awaited<ReturnType<typeof rebuild>>> {
    how();
    expect((await verify(config)).ok).toBe(false);
    const done = await rebuilt(true);
    expect((await verify(config)).findings).toEqual([]);
    return done;
  }

  /** Puts the published ledger back to what it was before the last docking, as if the station had died before it published. */
  function putBackLedger(): void {
    rmSync(join(config, '../vault/ledgers'), { recursive: true });
    cpSync(join(reference.earlier, 'vault/ledgers'), join(config, '../vault/ledgers'), { recursive: true });
    rmSync(join(config, '../vault/cases', encodeURIComponent('沪盗罚〔2026〕3号')), { recursive: true });
  }
});
