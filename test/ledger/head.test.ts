// The head: what is appended stays, what is damaged is named, and nothing is overwritten or put back unnoticed.
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFailure } from '../../src/evidence/index.ts';
import { signCheckpoint } from '../../src/ledger/checkpoint.ts';
import {
  copyHead,
  createLedger,
  type Ledger,
  openLedger,
  openLedgerReader,
  refuseNewerHead,
  verifyLedger,
} from '../../src/ledger/index.ts';
import { openDatabase } from '../../src/ledger/sqlite.ts';
import { exists } from '../../src/platform/index.ts';
import { type Bench, entriesOf, entryOf, failureOf, grow, makeBench, makeSigner, naiveRoot } from './station.ts';

async function readAll(ledger: Ledger, bench: Bench): Promise<string[]> {
  const texts: string[] = [];
  for await (const { bytes } of ledger.view(bench.store).entries()) texts.push(bytes.toString('utf8'));
  return texts;
}

test('keeps every entry, in order, over restarts and publications at any moment', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom('publish', 'reopen')), {
        minLength: 1,
        maxLength: 12,
      }),
      async (steps) => {
        await using bench = await makeBench();
        let ledger = await bench.open();
        for (const step of steps) {
          if (step === 'publish') await ledger.publish(bench.store);
          else if (step === 'reopen') {
            await ledger.close();
            ledger = await bench.open();
          } else grow(ledger, ledger.size + step);
          expect(ledger.root.equals(naiveRoot(entriesOf(0, ledger.size)))).toBe(true);
        }
        expect(await readAll(ledger, bench)).toEqual(entriesOf(0, ledger.size).map(String));
        await ledger.close();
        const { findings } = await verifyLedger({ store: bench.store, verifier: bench.signer, headPath: bench.path });
        expect(findings).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

test('says where an entry went, and refuses one that is too large without changing anything', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  expect(ledger.append([entryOf(0), entryOf(1)])).toMatchObject({ firstIndex: 0, size: 2 });
  expect(() => ledger.append([entryOf(2), Buffer.alloc(65_536)])).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  );
  expect(ledger.append([entryOf(2)])).toMatchObject({ firstIndex: 2, size: 3, checkpoint: ledger.checkpoint });
  expect(ledger.root.equals(naiveRoot(entriesOf(0, 3)))).toBe(true);
});

test('a head is made once: an existing one, or any file, is never overwritten', async () => {
  await using bench = await makeBench();
  const before = await readFile(bench.path);
  expect(await failureOf(createLedger({ path: bench.path, signer: makeSigner() }))).toBe('station-exists');
  expect(await readFile(bench.path)).toEqual(before);
  expect(await failureOf(openLedger({ path: join(bench.folder, 'other.db'), signer: bench.signer }))).toBe(
    'ledger-missing',
  );
});

test('the head of another station and the work of another key are refused', async () => {
  await using bench = await makeBench();
  expect(await failureOf(openLedger({ path: bench.path, signer: makeSigner('docket/station-8') }))).toBe(
    'ledger-foreign',
  );
  expect(await failureOf(openLedger({ path: bench.path, signer: makeSigner(bench.signer.name) }))).toBe('key-foreign');
});

test('a head that was closed in order is one plain file whose mark sha256sum can check', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  expect(await exists(`${bench.path}.sha256`)).toBe(false);
  grow(ledger, 400);
  await ledger.close();
  expect(await exists(`${bench.path}-wal`)).toBe(false);
  expect(await readFile(`${bench.path}.sha256`, 'utf8')).toMatch(
    new RegExp(`^[0-9a-f]{64} {2}${basename(bench.path)}\n$`),
  );
});

test('any flipped byte of a head closed in order is named by open and by verify', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 300);
  await ledger.publish(bench.store);
  grow(ledger, 310);
  await ledger.close();
  const whole = await readFile(bench.path);
  const places = [
    ...Array.from({ length: 100 }, (_, at) => at),
    ...Array.from({ length: 120 }, (_, at) => Math.floor((at * whole.length) / 120) + (at % 7)),
    whole.length - 1,
  ];
  for (const place of places) {
    const damaged = Buffer.from(whole);
    damaged[place] = (damaged[place] ?? 0) ^ 0x10;
    await writeFile(bench.path, damaged);
    expect(await failureOf(bench.open()), `byte ${place}`).toBe('ledger-corrupt');
    if (place % 3 === 0) {
      const { findings } = await verifyLedger({ store: bench.store, verifier: bench.signer, headPath: bench.path });
      expect(
        findings.map((each) => each.code),
        `byte ${place}`,
      ).toEqual(['head-altered']);
    }
  }
  expect(await readFile(bench.path)).not.toEqual(whole);
  for (const left of ['-wal', '-shm']) await rm(`${bench.path}${left}`, { force: true });
  await writeFile(bench.path, whole);
  await (await bench.open()).close();
}, 60_000);

/** Copies a head as it would stand after the process was killed. */
async function copyKilled(bench: Bench, name: string): Promise<string> {
  const path = join(bench.folder, name);
  for (const left of ['-shm', '.sha256']) await rm(`${path}${left}`, { force: true });
  await copyFile(bench.path, path);
  await copyFile(`${bench.path}-wal`, `${path}-wal`);
  return path;
}

test('a killed head opens with every entry that was appended', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  for (let size = 1; size <= 40; size += 1) {
    grow(ledger, size);
    if (size % 8 !== 0) continue;
    const path = await copyKilled(bench, `killed-${size}.db`);
    await using again = await openLedger({ path, signer: bench.signer });
    expect(again.checkpoint).toBe(ledger.checkpoint);
  }
});

test('a killed head with a flipped byte is refused, or has lost nothing but the last commit', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 290);
  await ledger.publish(bench.store);
  for (let size = 291; size <= 300; size += 1) grow(ledger, size);
  const path = await copyKilled(bench, 'killed.db');
  const [file, log] = [await readFile(path), await readFile(`${path}-wal`)];
  let refusedLogs = 0;
  for (let at = 0; at < 160; at += 1) {
    const [damagedFile, damagedLog] = [Buffer.from(file), Buffer.from(log)];
    const target = at % 2 === 0 ? damagedFile : damagedLog;
    const place = Math.floor(((at >> 1) * target.length) / 80) + (at % 5);
    target[place] = (target[place] ?? 0) ^ 0x40;
    await Promise.all([rm(`${path}-shm`, { force: true }), rm(`${path}.sha256`, { force: true })]);
    await Promise.all([writeFile(path, damagedFile), writeFile(`${path}-wal`, damagedLog)]);
    try {
      await using again = await openLedger({ path, signer: bench.signer });
      expect(again.size, `place ${place}`).toBeGreaterThanOrEqual(299);
      expect(again.root.equals(naiveRoot(entriesOf(0, again.size)))).toBe(true);
    } catch (error) {
      if (!isFailure(error)) throw error;
      expect(error.code).toBe('ledger-corrupt');
      refusedLogs += at % 2;
    }
  }
  expect(refusedLogs).toBeGreaterThan(60); // of 80; the rest hit the last commit
}, 60_000);

test('a reader sees what the writer commits, and leaves mark and file alone', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 10);
  await using reader = await openLedgerReader({ path: bench.path, verifier: bench.signer });
  expect(reader.state().checkpoint.size).toBe(10);
  grow(ledger, 300);
  await ledger.publish(bench.store);
  expect(reader.state()).toMatchObject({ checkpoint: { size: 300 }, published: { size: 300 } });
  expect(await reader.view(bench.store).entry(299)).toEqual(entryOf(299));
  await ledger.close(); // with a reader at the file
  const mark = await readFile(`${bench.path}.sha256`, 'utf8');
  await using second = await openLedgerReader({ path: bench.path, verifier: bench.signer });
  expect(second.state().checkpoint.size).toBe(300);
  expect(await readFile(`${bench.path}.sha256`, 'utf8')).toBe(mark);
});

test('a second writer is noticed, and the first writes no more', async () => {
  await using bench = await makeBench();
  await using first = await bench.open();
  grow(first, 3);
  const second = await bench.open();
  grow(second, 4);
  expect(() => first.append([entryOf(3)])).toThrow(expect.objectContaining({ code: 'ledger-unknown' }));
  expect(() => first.append([entryOf(3)])).toThrow(expect.objectContaining({ code: 'ledger-unknown' }));
  expect(second.size).toBe(4);
  await second.close();
});

/** Statements that leave a sound SQLite file that is not a sound head; 300 entries are published, 600 committed. */
const EDITS: readonly (readonly [string, string])[] = [
  ['an entry changed', "UPDATE tail SET entry = CAST('another' AS BLOB) WHERE position = 599"],
  ['an entry taken out', 'DELETE FROM tail WHERE position = 400'],
  ['the last entry taken out', 'DELETE FROM tail WHERE position = 599'],
  ['the first bundle taken out', 'DELETE FROM tail WHERE position < 512'],
  ['an entry slipped in', 'INSERT INTO tail VALUES(600, zeroblob(9))'],
  ['an entry slipped in before', 'INSERT INTO tail VALUES(0, zeroblob(9))'],
  ['a published hash changed', 'UPDATE edge SET hash = zeroblob(32) WHERE level = 1 AND position = 0'],
  ['a hash changed', 'UPDATE edge SET hash = zeroblob(32) WHERE level = 1 AND position = 1'],
  ['a hash cut short', 'UPDATE edge SET hash = zeroblob(31) WHERE level = 1 AND position = 1'],
  ['a hash taken out', 'DELETE FROM edge WHERE position = 0'],
  ['a hash slipped in', 'INSERT INTO edge VALUES(2, 0, zeroblob(32))'],
  ['the checkpoint put back', 'UPDATE head SET checkpoint = published'],
  ['the published checkpoint forgotten', 'UPDATE head SET published = NULL'],
  ['no head row', 'DELETE FROM head'],
  ['a table more', 'CREATE TABLE more(a)'],
  ['a table fewer', 'DROP TABLE edge'],
  ['the version of handovers, and no table of them', 'PRAGMA user_version = 2'],
];

test.each(EDITS)('a head with %s is refused, although SQLite finds nothing wrong with it', async (_, sql) => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 300);
  await ledger.publish(bench.store);
  grow(ledger, 600);
  await ledger.close();
  await rm(`${bench.path}.sha256`);
  const database = openDatabase(bench.path, 'write');
  database.exec(sql);
  database.close();
  expect(await failureOf(bench.open())).toBe('ledger-corrupt');
});

test('a head of a later version is left to the docket that wrote it: never called damaged, never written to', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 300);
  await ledger.publish(bench.store);
  await ledger.close();
  await rm(`${bench.path}.sha256`);
  const database = openDatabase(bench.path, 'write');
  database.exec('PRAGMA user_version = 1000; CREATE TABLE later(a)');
  database.close();
  const before = await readFile(bench.path);
  expect(await failureOf(bench.open())).toBe('format-newer');
  expect(await failureOf(openLedgerReader({ path: bench.path, verifier: bench.signer }))).toBe('format-newer');
  expect(await failureOf(refuseNewerHead(bench.path))).toBe('format-newer');
  const to = join(bench.folder, 'copy.db');
  expect(await failureOf(copyHead({ from: bench.path, to, verifier: bench.signer }))).toBe('format-newer');
  const { findings } = await verifyLedger({ store: bench.store, verifier: bench.signer, headPath: bench.path });
  expect(findings.map((each) => each.code)).toEqual(['format-newer']);
  expect([await readFile(bench.path), await exists(to)]).toEqual([before, false]);
});

test('a head that is damaged, of this version, or not there does not keep it from being made again', async () => {
  await using bench = await makeBench();
  await expect(refuseNewerHead(bench.path)).resolves.toBeUndefined();
  await expect(refuseNewerHead(join(bench.folder, 'none.db'))).resolves.toBeUndefined();
  await writeFile(bench.path, 'no database at all');
  await expect(refuseNewerHead(bench.path)).resolves.toBeUndefined();
});

test('a head that claims to have published another history is refused', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 300);
  await ledger.close();
  await rm(`${bench.path}.sha256`);
  for (const size of [256, 300]) {
    const database = openDatabase(bench.path, 'write');
    const { text } = signCheckpoint(bench.signer, size, Buffer.alloc(32, 3));
    database.prepare('UPDATE head SET published = ?').run(text);
    if (size === 256) database.exec('DELETE FROM tail WHERE position < 256');
    database.close();
    expect(await failureOf(bench.open())).toBe('ledger-corrupt');
  }
});
