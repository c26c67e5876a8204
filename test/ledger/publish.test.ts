// Publication: whatever fails, at whatever operation, the same call afterwards brings the store up to the head and nothing is lost.
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MemoryTileStore, openCheckpoint, openLedger, restoreHead, verifyLedger } from '../../src/ledger/index.ts';
import {
  type Bench,
  entryOf,
  type FaultPlace,
  FaultyStore,
  failureOf,
  grow,
  makeBench,
  makeSigner,
} from './station.ts';

async function findingsOf(bench: Bench, store = bench.store): Promise<string[]> {
  const { findings } = await verifyLedger({ store, verifier: bench.signer, headPath: bench.path });
  return findings.map((each) => `${each.code} ${each.where} ${each.what}`);
}

test('an outsider finds the tree that tlog-tiles describes', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 600);
  expect(await ledger.publish(bench.store)).toMatchObject({ size: 600, found: 'new' });
  expect([...bench.store.objects.keys()].sort()).toEqual([
    'checkpoint',
    'tile/0/000',
    'tile/0/001',
    'tile/0/002.p/88',
    'tile/1/000.p/2',
    'tile/entries/000',
    'tile/entries/001',
    'tile/entries/002.p/88',
  ]);
  const { findings, size } = await verifyLedger({ store: bench.store, verifier: bench.signer });
  expect(findings).toEqual([]);
  expect(size).toBe(600);
  expect(await ledger.publish(bench.store)).toMatchObject({ found: 'current' });
});

test.each<FaultPlace>(['did not happen', 'happened'])(
  'a store that fails at any operation (%s) is brought up by the next publication',
  async (place) => {
    for (let at = 1; ; at += 1) {
      await using bench = await makeBench();
      await using ledger = await bench.open();
      grow(ledger, 300);
      await ledger.publish(bench.store);
      grow(ledger, 560);
      const faulty = new FaultyStore(bench.store, at, place);
      const failed = await ledger.publish(faulty).then(
        () => false,
        () => true,
      );
      if (!failed) {
        expect(at).toBeGreaterThan(10);
        break;
      }
      expect(await findingsOf(bench), `after the fault at ${at}`).toEqual([]);
      grow(ledger, 570); // evidence keeps coming meanwhile
      expect((await ledger.publish(bench.store)).size).toBe(570);
      expect(await findingsOf(bench), `after the publication that followed the fault at ${at}`).toEqual([]);
      expect(await ledger.view(bench.store).entry(123)).toEqual(entryOf(123));
    }
  },
  60_000,
);

test('a head that lost power right after the checkpoint was written publishes on', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 300);
  const files = ['', '-wal'];
  for (const file of files) await copyFile(`${bench.path}${file}`, join(bench.folder, `kept${file}`));
  await ledger.publish(bench.store);
  await ledger.close();
  const path = join(bench.folder, 'kept');
  await using again = await openLedger({ path, signer: bench.signer });
  expect(await again.checkAgainstStore(bench.store)).toMatchObject({ standing: 'current', checkpoint: { size: 300 } });
  grow(again, 301);
  expect(await again.publish(bench.store)).toMatchObject({ size: 301, found: 'current' });
});

test('an old head that was put back is refused: the vault knows more', async () => {
  await using bench = await makeBench();
  let ledger = await bench.open();
  grow(ledger, 10);
  await ledger.close();
  const old = join(bench.folder, 'old.db');
  await copyFile(bench.path, old);
  ledger = await bench.open();
  grow(ledger, 20);
  await ledger.publish(bench.store);
  await ledger.close();
  await using back = await openLedger({ path: old, signer: bench.signer });
  expect(await failureOf(back.checkAgainstStore(bench.store))).toBe('ledger-behind');
  expect(await failureOf(back.publish(bench.store))).toBe('ledger-behind');
  expect(openCheckpoint((await bench.store.readCheckpoint()) ?? '', bench.signer, 'it').size).toBe(20);
});

test('a head with another history of the same length, or longer, is refused', async () => {
  await using bench = await makeBench();
  let ledger = await bench.open();
  grow(ledger, 10);
  await ledger.close();
  const old = join(bench.folder, 'old.db');
  await copyFile(bench.path, old);
  ledger = await bench.open();
  grow(ledger, 20);
  await ledger.publish(bench.store);
  const text = await bench.store.readCheckpoint();
  await ledger.close();
  await using fork = await openLedger({ path: old, signer: bench.signer });
  for (let size = 10; size < 20; size += 1) fork.append([Buffer.from('another history')]);
  expect(await failureOf(fork.publish(bench.store))).toBe('ledger-corrupt');
  grow(fork, 700);
  expect(await failureOf(fork.publish(bench.store))).toBe('ledger-corrupt');
  expect(await failureOf(fork.checkAgainstStore(bench.store))).toBe('ledger-corrupt');
  expect(await bench.store.readCheckpoint()).toBe(text);
});

test('a checkpoint of another station, of another key, or damaged, is refused and not replaced', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 5);
  for (const [signer, code] of [
    [makeSigner('docket/station-8'), 'ledger-foreign'],
    [makeSigner(bench.signer.name), 'ledger-foreign'],
  ] as const) {
    await using other = await makeBench();
    await rm(other.path);
    const { createLedger } = await import('../../src/ledger/index.ts');
    await createLedger({ path: other.path, signer });
    await using theirs = await openLedger({ path: other.path, signer });
    const store = new MemoryTileStore();
    await theirs.publish(store);
    expect(await failureOf(ledger.publish(store))).toBe(code);
    expect(openCheckpoint((await store.readCheckpoint()) ?? '', signer, 'it').size).toBe(0);
  }
  await ledger.publish(bench.store);
  const text = (await bench.store.readCheckpoint()) ?? '';
  await bench.store.replaceCheckpoint(text.replace('\n5\n', '\n6\n'));
  expect(await failureOf(ledger.checkAgainstStore(bench.store))).toBe('signature-invalid');
});

test('a checkpoint that was removed or put back is reported, and set right by the next publication', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 300);
  await ledger.publish(bench.store);
  const old = (await bench.store.readCheckpoint()) ?? '';
  grow(ledger, 520);
  await ledger.publish(bench.store);
  await bench.store.replaceCheckpoint(old);
  expect(await findingsOf(bench)).toEqual([
    expect.stringMatching(/^checkpoint-behind ledgers\/station-7\/checkpoint /),
  ]);
  expect(await ledger.publish(bench.store)).toMatchObject({ found: 'behind' });
  expect(await findingsOf(bench)).toEqual([]);
  bench.store.objects.delete('checkpoint');
  expect(await findingsOf(bench)).toEqual([expect.stringMatching(/^checkpoint-missing /)]);
  expect(await ledger.publish(bench.store)).toMatchObject({ found: 'missing' });
  expect(await findingsOf(bench)).toEqual([]);
  expect(await failureOf(ledger.publish(new MemoryTileStore()))).toBe('vault-mismatch'); // an empty vault is not the one we published to
});

test('a checkpoint that the store tells to stand there is not read; another one is read, and told', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  class Telling extends MemoryTileStore {
    asked = 0;
    override readCheckpoint(): Promise<string | undefined> {
      this.asked += 1;
      return super.readCheckpoint();
    }
    async holdsCheckpoint(text: string): Promise<boolean> {
      return (await super.readCheckpoint()) === text;
    }
  }
  const store = new Telling();
  grow(ledger, 300);
  await ledger.publish(store);
  expect(store.asked).toBe(1); // nothing was published before: what stands there had to be read
  grow(ledger, 520);
  expect(await ledger.publish(store)).toMatchObject({ size: 520, found: 'current' });
  expect(store.asked).toBe(1);
  await store.replaceCheckpoint('of nobody');
  expect(await failureOf(ledger.publish(store))).toBe('signature-invalid');
  expect(store.asked).toBe(2);
});

test('a store that says yes and keeps other bytes is not believed', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 300);
  class Forgetful extends MemoryTileStore {
    override async putFull(path: string, bytes: Buffer): Promise<void> {
      const copy = Buffer.from(bytes);
      copy[9] = (copy[9] ?? 0) ^ 1;
      await super.putFull(path, copy);
    }
  }
  const store = new Forgetful();
  expect(await failureOf(ledger.publish(store))).toBe('vault-mismatch');
  expect(await store.readCheckpoint()).toBeUndefined();
  expect((await ledger.publish(bench.store)).size).toBe(300); // nothing had left the head
});

test('entries stand in the store before anything is told of them, so that a head lost meanwhile takes up the very same ones', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 300);
  await ledger.publish(bench.store);
  grow(ledger, 560);
  const told: string[] = [];
  const cutOff = ledger.publish(bench.store, {
    beforeTiles: async (from, to) => {
      for await (const { bytes } of ledger.view(bench.store).entries(from, to)) told.push(bytes.toString('hex'));
      throw new Error('the power went');
    },
  });
  await expect(cutOff).rejects.toThrow('the power went');
  const path = join(bench.path, '../restored.db');
  const found: string[] = [];
  const onEntry = (index: number, bytes: Buffer): void => {
    if (index >= 300) found.push(bytes.toString('hex'));
  };
  expect(await restoreHead({ path, signer: bench.signer, store: bench.store, onEntry })).toMatchObject({
    size: 560,
    vouched: 300,
  });
  expect(told).toHaveLength(260);
  expect(found).toEqual(told);
});
