// Verification: whatever is changed, removed, swapped or slipped in is named, exactly, and nothing else is.
import { copyFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { signCheckpoint } from '../../src/ledger/checkpoint.ts';
import {
  encodeBundle,
  type Ledger,
  leafHash,
  MemoryTileStore,
  openLedger,
  verifyLedger,
} from '../../src/ledger/index.ts';
import { type Bench, entriesOf, entryOf, grow, makeBench, makeSigner } from './station.ts';

interface Seen {
  readonly findings: string[];
  /** Entries handed over, in order. */
  readonly indices: number[];
}

async function verify(bench: Bench, store: MemoryTileStore, withHead: boolean): Promise<Seen> {
  const indices: number[] = [];
  const onEntry = (index: number, bytes: Buffer): void => {
    indices.push(index);
    expect(bytes.equals(entryOf(index)), `entry ${index} is handed over as it was appended`).toBe(true);
  };
  const { findings } = await verifyLedger({
    store,
    verifier: bench.signer,
    headPath: withHead ? bench.path : undefined,
    onEntry,
  });
  return {
    findings: findings.map((each) => `${each.code} ${each.where.replace('ledgers/station-7/', '')}: ${each.what}`),
    indices,
  };
}

function copyOf(store: MemoryTileStore): MemoryTileStore {
  const copy = new MemoryTileStore();
  for (const [path, bytes] of store.objects) copy.objects.set(path, Buffer.from(bytes));
  return copy;
}

function get(store: MemoryTileStore, path: string): Buffer {
  const bytes = store.objects.get(path);
  if (bytes === undefined) throw new Error(`no ${path}`);
  return bytes;
}

function flip(store: MemoryTileStore, path: string, at: number): void {
  const bytes = get(store, path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x01;
}

const upTo = (size: number): number[] => Array.from({ length: size }, (_, index) => index);
const without = (size: number, ...left: number[]): number[] => upTo(size).filter((index) => !left.includes(index));

/** Published at 300 and at 700, 705 committed. */
async function makePublished(bench: Bench): Promise<Ledger> {
  const ledger = await bench.open();
  grow(ledger, 300);
  await ledger.publish(bench.store);
  grow(ledger, 700);
  await ledger.publish(bench.store);
  grow(ledger, 705);
  return ledger;
}

test('a sound ledger has no findings, and every entry is handed over once, in order', async () => {
  await using bench = await makeBench();
  const ledger = await makePublished(bench);
  expect(await verify(bench, bench.store, true)).toEqual({ findings: [], indices: upTo(705) }); // while it is open
  expect(await verify(bench, bench.store, false)).toEqual({ findings: [], indices: upTo(700) });
  await ledger.close();
  expect(await verify(bench, bench.store, true)).toEqual({ findings: [], indices: upTo(705) });
});

test('an empty ledger, never published or published, has no findings', async () => {
  await using bench = await makeBench();
  expect(await verify(bench, bench.store, true)).toEqual({ findings: [], indices: [] });
  await using ledger = await bench.open();
  await ledger.publish(bench.store);
  expect(await verify(bench, bench.store, true)).toEqual({ findings: [], indices: [] });
  expect(await verify(bench, bench.store, false)).toEqual({ findings: [], indices: [] });
});

test('any flipped byte of any object is named at that object, with and without the head', async () => {
  await using bench = await makeBench();
  const ledger = await makePublished(bench);
  await ledger.close();
  for (const path of bench.store.objects.keys()) {
    const { length } = get(bench.store, path);
    for (const at of [0, 1, 5, Math.floor(length / 3), length - 1]) {
      const store = copyOf(bench.store);
      flip(store, path, at);
      for (const withHead of [true, false]) {
        const { findings } = await verify(bench, store, withHead);
        expect(findings.length, `${path} byte ${at}`).toBe(1);
        expect(findings[0], `${path} byte ${at}`).toMatch(
          new RegExp(`^(?:tile|entry|checkpoint)-altered ${path.replaceAll('.', '\\.')}: `),
        );
      }
    }
  }
}, 60_000);

test('any removed object that the checkpoint needs is named', async () => {
  await using bench = await makeBench();
  const ledger = await makePublished(bench);
  await ledger.close();
  for (const path of bench.store.objects.keys()) {
    if (/\.p\//.test(path) && !/\.p\/(?:188|2)$/.test(path)) continue; // partial tiles of the checkpoint before
    const store = copyOf(bench.store);
    store.objects.delete(path);
    for (const withHead of [true, false]) {
      const { findings } = await verify(bench, store, withHead);
      expect(findings).toEqual([
        expect.stringMatching(new RegExp(`^(?:tile|entry|checkpoint)-missing ${path.replaceAll('.', '\\.')}: `)),
      ]);
    }
  }
});

test('an altered entry is named by its index, and only it is held back', async () => {
  await using bench = await makeBench();
  await using _ledger = await makePublished(bench);
  const change = (path: string, from: number, to: number, index: number): MemoryTileStore => {
    const store = copyOf(bench.store);
    store.objects.set(
      path,
      encodeBundle(entriesOf(from, to).map((entry, at) => (from + at === index ? Buffer.from('another') : entry))),
    );
    return store;
  };
  const full = await verify(bench, change('tile/entries/001', 256, 512, 300), false);
  expect(full).toEqual({
    findings: ['entry-altered tile/entries/001: entry 300 not what the tree says'],
    indices: without(700, 300),
  });
  const partial = await verify(bench, change('tile/entries/002.p/188', 512, 700, 600), false);
  expect(partial).toEqual({
    findings: ['entry-altered tile/entries/002.p/188: entry 600 not what the tree says'],
    indices: without(700, 600),
  });
  const held = await verify(bench, change('tile/entries/002.p/188', 512, 700, 600), true);
  expect(held).toEqual({ ...partial, indices: upTo(705) }); // the head still has the entry
  const old = await verify(bench, change('tile/entries/001.p/44', 256, 300, 299), false);
  expect(old).toEqual({
    findings: ['entry-altered tile/entries/001.p/44: entry 299 not what the tree says'],
    indices: upTo(700),
  });
});

test('an altered tile is named with the place in it, and costs no entry', async () => {
  await using bench = await makeBench();
  await using _ledger = await makePublished(bench);
  for (const [path, place] of [
    ['tile/0/000', 7],
    ['tile/0/002.p/188', 100],
    ['tile/1/000.p/2', 1],
    ['tile/0/001.p/44', 3],
    ['tile/1/000.p/1', 0],
  ] as const) {
    const store = copyOf(bench.store);
    flip(store, path, place * 32 + 5);
    for (const [withHead, size] of [
      [false, 700],
      [true, 705],
    ] as const)
      expect(await verify(bench, store, withHead)).toEqual({
        findings: [`tile-altered ${path}: hash ${place} of the tile not what lies below it`],
        indices: upTo(size),
      });
  }
});

test('an entry and its tile changed together are named, and nothing of them is handed over', async () => {
  await using bench = await makeBench();
  await using _ledger = await makePublished(bench);
  const store = copyOf(bench.store);
  const entries = entriesOf(0, 256).map((entry, at) => (at === 9 ? Buffer.from('another') : entry));
  store.objects.set('tile/entries/000', encodeBundle(entries));
  store.objects.set('tile/0/000', Buffer.concat(entries.map(leafHash)));
  const { findings, indices } = await verify(bench, store, false);
  expect(findings).toEqual([
    expect.stringMatching(/^tile-altered tile\/0\/000: .*changed together/),
    expect.stringMatching(/^entry-altered tile\/entries\/000: entries 0-255 cannot be proven/),
  ]);
  expect(indices).toEqual(upTo(700).slice(256));
});

test('a history rewritten from one entry up to the top is named, for the signed root does not follow', async () => {
  await using bench = await makeBench();
  await using ledger = await makePublished(bench);
  await using forger = await makeBench();
  await using other = await forger.open();
  other.append(entriesOf(0, 700).map((entry, at) => (at === 9 ? Buffer.from('another') : entry)));
  await other.publish(forger.store);
  forger.store.objects.set('checkpoint', get(bench.store, 'checkpoint'));
  const { findings } = await verifyLedger({ store: forger.store, verifier: bench.signer });
  expect(findings.map((each) => each.code)).toContain('checkpoint-altered');
  const withHead = await verifyLedger({ store: forger.store, verifier: bench.signer, headPath: bench.path });
  expect(withHead.findings.map((each) => `${each.code} ${each.where}`)).toContain(
    'tile-altered ledgers/station-7/tile/1/000.p/2',
  );
  await ledger.close();
});

test('swapped tiles and bundles are named', async () => {
  await using bench = await makeBench();
  await using _ledger = await makePublished(bench);
  for (const [a, b, code] of [
    ['tile/0/000', 'tile/0/001', 'tile-altered'],
    ['tile/entries/000', 'tile/entries/001', 'entry-altered'],
  ] as const) {
    const store = copyOf(bench.store);
    store.objects.set(a, get(bench.store, b));
    store.objects.set(b, get(bench.store, a));
    const { findings } = await verify(bench, store, false);
    expect(findings).toEqual([expect.stringMatching(`^${code} ${a}: `), expect.stringMatching(`^${code} ${b}: `)]);
  }
});

test('what does not belong under the ledger is named', async () => {
  await using bench = await makeBench();
  await using _ledger = await makePublished(bench);
  const store = copyOf(bench.store);
  for (const path of ['notes.txt', 'tile/0/x000/001', 'tile/0/009', 'tile/entries/002.p/250', 'tile/7/000.p/1'])
    store.objects.set(path, Buffer.alloc(32));
  for (const withHead of [true, false]) {
    const { findings } = await verify(bench, store, withHead);
    expect(findings.map((each) => each.split(':')[0])).toEqual(
      ['notes.txt', 'tile/0/009', 'tile/0/x000/001', 'tile/7/000.p/1', 'tile/entries/002.p/250'].map(
        (path) => `object-stray ${path}`,
      ),
    );
  }
});

test('a signed checkpoint of another history is named', async () => {
  await using bench = await makeBench();
  await using _ledger = await makePublished(bench);
  const store = copyOf(bench.store);
  store.objects.set('checkpoint', Buffer.from(signCheckpoint(bench.signer, 700, Buffer.alloc(32, 9)).text));
  const { findings } = await verify(bench, store, true);
  expect(findings).toContainEqual(expect.stringMatching(/^checkpoint-altered checkpoint: .*another history/));
  store.objects.set('checkpoint', Buffer.from(signCheckpoint(bench.signer, 400, Buffer.alloc(32, 9)).text));
  expect((await verify(bench, store, true)).findings.map((each) => each.split(' ')[0])).toEqual([
    'checkpoint-behind',
    'checkpoint-altered',
  ]);
});

test('a head that is missing, damaged, foreign or old is named, and the vault is verified all the same', async () => {
  await using bench = await makeBench();
  const ledger = await makePublished(bench);
  await ledger.close();
  const codesAt = async (headPath: string, verifier = bench.signer): Promise<string[]> => {
    let seen = 0;
    const { findings } = await verifyLedger({
      store: bench.store,
      verifier,
      headPath,
      onEntry: () => void (seen += 1),
    });
    if (verifier === bench.signer) expect(seen).toBeGreaterThanOrEqual(700);
    return findings.map((each) => each.code);
  };
  expect(await codesAt(`${bench.folder}/none.db`)).toEqual(['head-missing']);
  await writeFile(`${bench.folder}/noise.db`, 'this is no head');
  expect(await codesAt(`${bench.folder}/noise.db`)).toEqual(['head-altered']);
  await using other = await makeBench();
  expect(await codesAt(other.path)).toEqual(['key-foreign']);
  expect(await codesAt(bench.path, makeSigner('docket/station-8'))).toEqual(['checkpoint-altered', 'head-foreign']);
  const young = new MemoryTileStore();
  await using again = await bench.open();
  await again.publish(bench.store);
  expect(
    (await verifyLedger({ store: young, verifier: bench.signer, headPath: bench.path })).findings.length,
  ).toBeGreaterThan(1);
});

test('a store that cannot read an object is reported, and the rest is verified', async () => {
  await using bench = await makeBench();
  await using _ledger = await makePublished(bench);
  const { Failure } = await import('../../src/evidence/index.ts');
  class Broken extends MemoryTileStore {
    override async read(path: string): Promise<Buffer | undefined> {
      if (path === 'tile/entries/001') throw new Failure('vault-unreachable', 'bad sector');
      return super.read(path);
    }
  }
  const store = new Broken();
  for (const [path, bytes] of bench.store.objects) store.objects.set(path, bytes);
  const { findings, indices } = await verify(bench, store, false);
  expect(findings).toEqual(['read-failed tile/entries/001: it could not be read: bad sector']);
  expect(indices).toEqual([...upTo(256), ...upTo(700).slice(512)]);
});

test('a station that publishes while it is verified is not suspected', async () => {
  await using bench = await makeBench();
  await using ledger = await makePublished(bench);
  class Busy extends MemoryTileStore {
    looks = 0;
    override async readCheckpoint(): Promise<string | undefined> {
      const text = await super.readCheckpoint();
      this.looks += 1;
      if (this.looks === 1) await ledger.publish(this);
      return text;
    }
  }
  const store = new Busy();
  for (const [path, bytes] of bench.store.objects) store.objects.set(path, bytes);
  expect(await verify(bench, store, true)).toEqual({ findings: [], indices: upTo(705) });
  expect(store.looks).toBeGreaterThan(2);
});

test('a head of another history is named, and the vault is not blamed for it', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 10);
  await ledger.close();
  const fork = `${bench.folder}/fork.db`;
  await copyFile(bench.path, fork);
  await using first = await bench.open();
  grow(first, 700);
  await first.publish(bench.store);
  await using second = await openLedger({ path: fork, signer: bench.signer });
  for (let size = 10; size < 705; size += 1) second.append([Buffer.from('another')]);
  const { findings } = await verifyLedger({ store: bench.store, verifier: bench.signer, headPath: fork });
  expect(findings.map((each) => `${each.code} ${each.where}`)).toEqual([`head-altered ${fork}`]);
});
