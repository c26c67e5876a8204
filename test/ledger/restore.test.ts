// Restoring: from the vault and the key alone comes a head that goes on where the last one stopped.
import { rename } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Failure } from '../../src/evidence/index.ts';
import { MemoryTileStore, openLedger, restoreHead, verifyLedger } from '../../src/ledger/index.ts';
import {
  type Bench,
  entriesOf,
  entryOf,
  FaultyStore,
  failureOf,
  grow,
  makeBench,
  makeSigner,
  naiveRoot,
} from './station.ts';

async function expectSound(bench: Bench, path: string): Promise<void> {
  const { findings } = await verifyLedger({ store: bench.store, verifier: bench.signer, headPath: path });
  expect(findings).toEqual([]);
}

test.each([0, 1, 255, 256, 257, 600, 66_000])(
  'a ledger of %i entries is restored from the vault and goes on',
  async (size) => {
    await using bench = await makeBench();
    const ledger = await bench.open();
    grow(ledger, size);
    await ledger.publish(bench.store);
    const { checkpoint, root } = ledger;
    await ledger.close();
    const path = `${bench.folder}/restored.db`;
    let seen = 0;
    const restored = await restoreHead({
      path,
      signer: bench.signer,
      store: bench.store,
      onEntry: () => void (seen += 1),
    });
    expect(restored).toEqual({ size, root, vouched: size });
    expect(seen).toBe(size);
    await using again = await openLedger({ path, signer: bench.signer });
    expect(again.checkpoint).toBe(checkpoint);
    grow(again, size + 300);
    expect(await again.publish(bench.store)).toMatchObject({ size: size + 300, found: 'current' });
    expect(await again.view(bench.store).entry(size + 299)).toEqual(entryOf(size + 299));
    await expectSound(bench, path);
  },
  60_000,
);

test('what a publication wrote before it was cut off is taken up, so that nothing bars the way', async () => {
  for (let at = 1; ; at += 1) {
    await using bench = await makeBench();
    const ledger = await bench.open();
    grow(ledger, 300);
    await ledger.publish(bench.store);
    grow(ledger, 820);
    const failed = await ledger.publish(new FaultyStore(bench.store, at, 'did not happen')).then(
      () => false,
      () => true,
    );
    await ledger.close();
    if (!failed) break;
    const path = `${bench.folder}/restored.db`;
    const restored = await restoreHead({ path, signer: bench.signer, store: bench.store });
    expect([300, 820]).toContain(restored.vouched); // 820 when the checkpoint itself had been written
    expect(restored.root.equals(naiveRoot(entriesOf(0, restored.size)))).toBe(true);
    await using again = await openLedger({ path, signer: bench.signer });
    again.append([Buffer.from('after the loss')]);
    grow(again, 900);
    expect((await again.publish(bench.store)).size, `cut off at ${at}`).toBe(900);
    await expectSound(bench, path);
  }
}, 60_000);

test('a damaged vault gives no head, and an existing head is not replaced', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 600);
  await ledger.publish(bench.store);
  await ledger.close();
  const path = `${bench.folder}/restored.db`;
  const restore = (store: MemoryTileStore, to = path, signer = bench.signer): Promise<unknown> =>
    restoreHead({ path: to, signer, store });
  expect(await failureOf(restore(bench.store, bench.path))).toBe('station-exists');
  expect(await failureOf(restore(new MemoryTileStore()))).toBe('ledger-missing');
  expect(await failureOf(restore(bench.store, path, makeSigner('docket/station-8')))).toBe('ledger-foreign');
  for (const damaged of bench.store.objects.keys()) {
    const store = new MemoryTileStore();
    for (const [each, bytes] of bench.store.objects) store.objects.set(each, Buffer.from(bytes));
    const bytes = store.objects.get(damaged);
    bytes?.writeUInt8((bytes[3] ?? 0) ^ 0x20, 3);
    const end = await restore(store).then(
      () => 'restored',
      (error: unknown) => error instanceof Failure && 'refused',
    );
    expect(`${damaged}: ${end}`).toBe(`${damaged}: refused`);
  }
  await rename(bench.path, `${bench.path}.aside`);
  await restore(bench.store, bench.path);
  await expectSound(bench, bench.path);
});
