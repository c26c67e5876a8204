// A ledger that is handed over to a new key: whoever has the first key finds the others, and the old one signs nothing any more.
import { createPublicKey, verify } from 'node:crypto';
import { copyFileSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import {
  encodeEntry,
  formatKeyLine,
  formatPublicPem,
  type Signer,
  signNote,
  type Verifier,
} from '../../src/evidence/index.ts';
import {
  createLedger,
  handoverPath,
  type KeyHistory,
  type Ledger,
  type MemoryTileStore,
  openLedger,
  openLedgerReader,
  parseCheckpoint,
  readHeadKeys,
  restoreHead,
  verifyLedger,
} from '../../src/ledger/index.ts';
import { type Bench, entriesOf, FaultyStore, failureOf, grow, makeBench, makeSigner } from './station.ts';

const AT = '2026-11-21T06:49:02.000Z';

function replacing(old: Verifier, next: Verifier): Buffer {
  return encodeEntry({
    v: 1,
    kind: 'key.replaced',
    at: AT as never, // an instant as parseInstant would give it
    actor: { kind: 'person', name: '李伟' },
    old: formatKeyLine(old),
    new: formatKeyLine(next),
    reason: '例行更换',
  });
}

/** Entries before, the handover, entries after; published before and after, as the command does. */
async function handedOver(
  bench: Bench,
  before = 5,
  after = 3,
): Promise<{ readonly ledger: Ledger; readonly next: Signer }> {
  const next = makeSigner();
  const ledger = await bench.open();
  grow(ledger, before);
  await ledger.publish(bench.store);
  ledger.handOver(replacing(bench.signer, next), next);
  await ledger.publish(bench.store);
  if (after > 0) {
    ledger.append(entriesOf(before + 1, before + 1 + after));
    await ledger.publish(bench.store);
  }
  return { ledger, next };
}

/** Findings as the station sees them, and as somebody does who has nothing but the vault and the first key. */
async function findingsOf(bench: Bench): Promise<{ station: string[]; outsider: string[] }> {
  const of = async (headPath?: string): Promise<string[]> => {
    const { findings } = await verifyLedger({ store: bench.store, verifier: bench.signer, headPath });
    return findings.map(({ code, where }) => `${code} ${where.replace('ledgers/station-7/', '')}`);
  };
  return { station: await of(bench.path), outsider: await of() };
}

const SOUND = { station: [], outsider: [] };

test.each([0, 1, 5, 255, 256, 300])(
  'after %i entries the ledger goes on under the new key, and proves it from the first',
  async (before) => {
    await using bench = await makeBench();
    const { ledger, next } = await handedOver(bench, before);
    expect(ledger.size).toBe(before + 4);
    await ledger.close();
    expect(await findingsOf(bench)).toEqual(SOUND);
    const keys = await readHeadKeys(bench.path, bench.signer);
    expect([keys.at(before), keys.at(before + 1)].map(formatKeyLine)).toEqual([bench.signer, next].map(formatKeyLine));
    expect(await failureOf(openLedger({ path: bench.path, signer: bench.signer }))).toBe('key-foreign');
    await using again = await openLedger({ path: bench.path, signer: next, first: bench.signer });
    again.append(entriesOf(0, 2));
    await again.publish(bench.store);
    expect(await findingsOf(bench)).toEqual(SOUND);
  },
);

test('the first checkpoint that covers it has two signatures of one name, each of which any reader of signed notes can check', async () => {
  await using bench = await makeBench();
  const { ledger, next } = await handedOver(bench, 5, 0);
  await ledger.close();
  const note = (await bench.store.readCheckpoint()) ?? '';
  // By c2sp.org/signed-note, without a line of ours: text, empty line, "— name base64(id 4 || signature 64)".
  const [body = '', lines = ''] = note.split(/\n\n/);
  const signatures = lines
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  expect(signatures.map(([dash, name]) => `${dash} ${name}`)).toEqual(['— docket/station-7', '— docket/station-7']);
  for (const [at, key] of [bench.signer, next].entries()) {
    const bytes = Buffer.from(signatures[at]?.[2] ?? '', 'base64');
    expect(bytes.subarray(0, 4)).toEqual(key.keyId);
    const pem = createPublicKey(formatPublicPem(key));
    expect(verify(null, Buffer.from(`${body}\n`), pem, bytes.subarray(4))).toBe(true);
  }
  expect(signatures[0]?.[2]?.slice(0, 5)).not.toBe(signatures[1]?.[2]?.slice(0, 5));
});

test('keys replaced one right after the other are each in force for what is theirs', async () => {
  await using bench = await makeBench();
  const { ledger, next } = await handedOver(bench, 2, 0);
  const third = makeSigner();
  ledger.handOver(replacing(next, third), third);
  await ledger.publish(bench.store);
  ledger.append(entriesOf(0, 1));
  await ledger.publish(bench.store);
  await ledger.close();
  expect(await findingsOf(bench)).toEqual(SOUND);
  const keys: KeyHistory = await readHeadKeys(bench.path, bench.signer);
  const who = (each: Verifier): string => each.keyId.toString('hex');
  expect([0, 1, 2, 3, 4, 5].map((size) => keys.signersOf(size).map(who))).toEqual(
    [[bench.signer], [bench.signer], [bench.signer], [bench.signer, next], [next, third], [third]].map((each) =>
      each.map(who),
    ),
  );
});

test('a head whose key was never replaced is a file of version 1, and only a replacement makes it one of version 2', async () => {
  await using bench = await makeBench();
  const version = (): unknown => {
    const database = new Database(bench.path, { readonly: true });
    try {
      return database.pragma('user_version', { simple: true });
    } finally {
      database.close();
    }
  };
  {
    await using ledger = await bench.open();
    grow(ledger, 3);
  }
  expect(version()).toBe(1);
  const { ledger } = await handedOver(bench, 5);
  await ledger.close();
  expect(version()).toBe(2);
});

test('a reader that was open while the key was replaced goes on reading', async () => {
  await using bench = await makeBench();
  {
    await using ledger = await bench.open();
    grow(ledger, 3);
  }
  await using reader = await openLedgerReader({ path: bench.path, verifier: bench.signer });
  const { ledger, next } = await handedOver(bench);
  expect(formatKeyLine(reader.state().keys.newest)).toBe(formatKeyLine(next));
  expect(reader.state().checkpoint.size).toBe(9);
  await ledger.close();
});

// ---- What somebody with the old key, or with the vault, may try.

test('a checkpoint of the old key alone is named, at the replacement and after it', async () => {
  await using bench = await makeBench();
  const { ledger } = await handedOver(bench, 5, 0);
  for (const after of [0, 4]) {
    if (after > 0) ledger.append(entriesOf(6, 6 + after));
    if (after > 0) await ledger.publish(bench.store);
    const { size, root } = ledger;
    await bench.store.replaceCheckpoint(
      signNote(`${bench.signer.name}\n${size}\n${root.toString('base64')}\n`, bench.signer),
    );
    const { station, outsider } = await findingsOf(bench);
    expect(station).toContain('checkpoint-altered checkpoint');
    expect(outsider).toContain('checkpoint-altered checkpoint');
    expect(await failureOf(ledger.checkAgainstStore(bench.store))).toMatch(/signature-invalid|ledger-foreign/);
    await bench.store.replaceCheckpoint(ledger.checkpoint);
  }
  await ledger.close();
  expect(await findingsOf(bench)).toEqual(SOUND);
});

test('a vault put back to before the replacement is noticed, also by somebody without the head', async () => {
  await using bench = await makeBench();
  const ledger = await bench.open();
  grow(ledger, 5);
  await ledger.publish(bench.store);
  const old = (await bench.store.readCheckpoint()) ?? '';
  const next = makeSigner();
  ledger.handOver(replacing(bench.signer, next), next);
  await ledger.publish(bench.store);
  await bench.store.replaceCheckpoint(old);
  const { station, outsider } = await findingsOf(bench);
  expect(station).toContain('checkpoint-behind checkpoint');
  expect(outsider).toContain(`checkpoint-behind ${handoverPath(1)}`);
  expect((await ledger.checkAgainstStore(bench.store)).standing).toBe('behind');
  await ledger.close();
});

test('a head put back to before the replacement does not go on: the vault is ahead', async () => {
  await using bench = await makeBench();
  const old = `${bench.folder}/old.db`;
  {
    await using ledger = await bench.open();
    grow(ledger, 5);
    await ledger.publish(bench.store);
  }
  copyFileSync(bench.path, old);
  const { ledger } = await handedOver(bench, 5);
  await ledger.close();
  await using back = await openLedger({ path: old, signer: bench.signer });
  expect(await failureOf(back.checkAgainstStore(bench.store))).toBe('ledger-behind');
  expect(await failureOf(back.publish(bench.store))).toBe('ledger-behind');
});

test('a handover that the old key did not sign is none', async () => {
  await using bench = await makeBench();
  await using forged = await makeBench();
  const thief = makeSigner();
  {
    await using ledger = await bench.open();
    grow(ledger, 5);
    await ledger.publish(bench.store);
  }
  // The thief has the vault and a key of his own: he makes a ledger that begins alike, and hands it over to himself.
  const own = await openLedger({ path: forged.path, signer: forged.signer });
  grow(own, 5);
  own.handOver(replacing(forged.signer, thief), thief);
  await own.publish(forged.store);
  await own.close();
  for (const [path, bytes] of forged.store.objects) bench.store.objects.set(path, bytes);
  const { station, outsider } = await findingsOf(bench);
  expect(station).toEqual(
    expect.arrayContaining([`handover-altered ${handoverPath(1)}`, 'checkpoint-altered checkpoint']),
  );
  expect(outsider).toEqual(
    expect.arrayContaining([`handover-altered ${handoverPath(1)}`, 'checkpoint-altered checkpoint']),
  );
});

test('a handover to a key that did not sign it is none: nobody is bound to a key they do not have', async () => {
  await using bench = await makeBench();
  const { ledger } = await handedOver(bench, 5);
  alter(bench.store, 1, (bytes) => Buffer.from(bytes.toString('utf8').replace(/\n[^\n]+\n$/, '\n')));
  const { station, outsider } = await findingsOf(bench);
  expect(station).toContain(`handover-altered ${handoverPath(1)}`);
  expect(outsider).toContain(`handover-altered ${handoverPath(1)}`);
  await ledger.close();
});

test('a handover of another history is named, whoever signed it', async () => {
  await using bench = await makeBench();
  await using fork = await makeBench();
  const { ledger, next } = await handedOver(bench, 5);
  await ledger.close();
  rmSync(fork.path);
  rmSync(`${fork.path}.sha256`);
  await createLedger({ path: fork.path, signer: bench.signer });
  {
    await using other = await openLedger({ path: fork.path, signer: bench.signer });
    other.append(entriesOf(100, 105));
    other.handOver(replacing(bench.signer, next), next);
    await other.publish(fork.store);
  }
  alter(bench.store, 1, () => fork.store.objects.get(handoverPath(1)) ?? Buffer.alloc(0));
  const named = [`handover-altered ${handoverPath(1)}`];
  expect(await findingsOf(bench)).toEqual({ station: named, outsider: named });
  const restoring = restoreHead({
    path: `${bench.folder}/r.db`,
    signer: next,
    first: bench.signer,
    store: bench.store,
  });
  expect(await failureOf(restoring)).toBe('vault-mismatch');
});

test('an entry that says the key was replaced is believed by nobody without its handover', async () => {
  await using bench = await makeBench();
  const thief = makeSigner();
  const ledger = await bench.open();
  ledger.append([...entriesOf(0, 3), replacing(bench.signer, thief), ...entriesOf(4, 6)]);
  await ledger.publish(bench.store);
  const named = [`handover-missing ${handoverPath(1)}`];
  expect(await findingsOf(bench)).toEqual({ station: named, outsider: named });
  expect(formatKeyLine((await readHeadKeys(bench.path, bench.signer)).newest)).toBe(formatKeyLine(bench.signer));
  await ledger.close();
  const to = `${bench.folder}/restored.db`;
  expect(await failureOf(restoreHead({ path: to, signer: bench.signer, store: bench.store }))).toBe('vault-mismatch');
});

test.each([
  ['missing', (store: MemoryTileStore): void => void store.objects.delete(handoverPath(1)), 'handover-missing'],
  ['cut off', (store: MemoryTileStore): void => alter(store, 1, (bytes) => bytes.subarray(0, 200)), 'handover-altered'],
  [
    'of another reason',
    (store: MemoryTileStore): void => alter(store, 1, (bytes) => swapped(bytes)),
    'handover-altered',
  ],
  ['in the wrong order', exchange, 'handover-altered'],
] as const)('a handover that is %s in the vault is named', async (_, spoil, code) => {
  await using bench = await makeBench();
  const { ledger, next } = await handedOver(bench, 5);
  const third = makeSigner();
  ledger.handOver(replacing(next, third), third);
  await ledger.publish(bench.store);
  spoil(bench.store);
  const { station, outsider } = await findingsOf(bench);
  expect(station).toContain(`${code} ${handoverPath(1)}`);
  expect(outsider).toContain('checkpoint-altered checkpoint');
  await ledger.close();
  const to = `${bench.folder}/restored.db`;
  const restoring = restoreHead({ path: to, signer: third, first: bench.signer, store: bench.store });
  expect(await failureOf(restoring)).toMatch(/key-foreign|signature-invalid/);
});

function alter(store: MemoryTileStore, number: number, change: (bytes: Buffer) => Buffer): void {
  store.objects.set(handoverPath(number), change(store.objects.get(handoverPath(number)) ?? Buffer.alloc(0)));
}

/** Another entry under the same proof. */
function swapped(bytes: Buffer): Buffer {
  const text = bytes.toString('utf8');
  const extra = /^extra (.*)$/m.exec(text)?.[1] ?? '';
  const entry = Buffer.from(extra, 'base64').toString('utf8').replace('例行更换', '临时更换');
  return Buffer.from(text.replace(extra, Buffer.from(entry).toString('base64')));
}

function exchange(store: MemoryTileStore): void {
  const [one, two] = [1, 2].map((number) => store.objects.get(handoverPath(number)) ?? Buffer.alloc(0));
  store.objects.set(handoverPath(1), two ?? Buffer.alloc(0));
  store.objects.set(handoverPath(2), one ?? Buffer.alloc(0));
}

test('a handover taken out of a head, or altered there, or a version that fits none, makes it a damaged one', async () => {
  for (const sql of [
    'DELETE FROM handover',
    "UPDATE handover SET proof = replace(proof, 'index 5', 'index 4')",
    'UPDATE handover SET number = 2',
    'PRAGMA user_version = 1',
    'PRAGMA user_version = 0',
  ]) {
    await using bench = await makeBench();
    const { ledger } = await handedOver(bench, 5);
    await ledger.close();
    rmSync(`${bench.path}.sha256`);
    const database = new Database(bench.path);
    database.exec(sql);
    database.close();
    expect(await failureOf(openLedgerReader({ path: bench.path, verifier: bench.signer }))).toBe('ledger-corrupt');
  }
});

test('a head is not opened with a later key as if it were the first', async () => {
  await using bench = await makeBench();
  const { ledger, next } = await handedOver(bench, 5);
  await ledger.close();
  expect(await failureOf(openLedgerReader({ path: bench.path, verifier: next }))).toBe('key-foreign');
});

// ---- Accidents.

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

test('a publication of a handover that fails anywhere is made good by the next one', async () => {
  for (const place of ['did not happen', 'happened'] as const)
    for (let at = 1, done = false; !done; at += 1) {
      await using bench = await makeBench();
      const next = makeSigner();
      await using ledger = await bench.open();
      grow(ledger, 255);
      await ledger.publish(bench.store);
      ledger.handOver(replacing(bench.signer, next), next);
      const faulty = new FaultyStore(bench.store, at, place);
      done = await succeeds(ledger.publish(faulty));
      await ledger.publish(bench.store);
      expect(await findingsOf(bench)).toEqual(SOUND);
    }
});

test('a head lost while its handover was published is restored with both keys, wherever the publication stopped', async () => {
  const ends = new Set<number>();
  for (let at = 1, done = false; !done; at += 1) {
    await using bench = await makeBench();
    const next = makeSigner();
    {
      await using ledger = await bench.open();
      grow(ledger, 5);
      await ledger.publish(bench.store);
      ledger.handOver(replacing(bench.signer, next), next);
      done = await succeeds(ledger.publish(new FaultyStore(bench.store, at, 'happened')));
    }
    const path = `${bench.folder}/restored.db`;
    const { size } = await restoreHead({ path, signer: bench.signer, next, store: bench.store });
    ends.add(size);
    await using again = await openLedger({ path, signer: size === 6 ? next : bench.signer, first: bench.signer });
    again.append(entriesOf(6, 8));
    await again.publish(bench.store);
    const { findings } = await verifyLedger({ store: bench.store, verifier: bench.signer, headPath: path });
    expect(findings).toEqual([]);
  }
  expect([...ends].toSorted((a, b) => a - b)).toEqual([5, 6]);
});

test('without the new key a ledger that was handed over is not restored, and the message says since when', async () => {
  await using bench = await makeBench();
  const { ledger } = await handedOver(bench, 5);
  await ledger.close();
  const path = `${bench.folder}/restored.db`;
  const restoring = restoreHead({ path, signer: bench.signer, store: bench.store });
  await expect(restoring).rejects.toMatchObject({
    code: 'key-foreign',
    message: expect.stringContaining(`since entry 5 of ${AT}`) as string,
  });
});

test('a handover cut off before it was published needs the new key too', async () => {
  await using bench = await makeBench();
  const next = makeSigner();
  {
    await using ledger = await bench.open();
    grow(ledger, 5);
    await ledger.publish(bench.store);
    ledger.handOver(replacing(bench.signer, next), next);
    for (let at = 1; bench.store.objects.get('tile/entries/000.p/6') === undefined; at += 1)
      await ledger.publish(new FaultyStore(bench.store, at, 'happened')).catch(() => undefined);
  }
  const path = `${bench.folder}/restored.db`;
  expect(await failureOf(restoreHead({ path, signer: bench.signer, store: bench.store }))).toBe('key-foreign');
  expect((await restoreHead({ path, signer: bench.signer, next, store: bench.store })).size).toBe(6);
});

test('the handover is published with the tiles and read from there: the frozen form', async () => {
  await using bench = await makeBench();
  const { ledger } = await handedOver(bench, 5, 0);
  await ledger.close();
  const text = bench.store.objects.get(handoverPath(1))?.toString('utf8') ?? '';
  const [first, extra, index, ...rest] = text.split('\n');
  expect([first, index]).toEqual(['c2sp.org/tlog-proof@v1', 'index 5']);
  const entry = Buffer.from((extra ?? '').replace('extra ', ''), 'base64').toString('utf8');
  expect(JSON.parse(entry)).toMatchObject({ kind: 'key.replaced', reason: '例行更换' });
  const note = rest.slice(rest.indexOf('') + 1).join('\n');
  expect(note).toBe(await bench.store.readCheckpoint());
  expect(parseCheckpoint(note, 'it').size).toBe(6);
});
