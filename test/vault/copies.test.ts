// Several vaults as one: what is stored stands in as many as it must, what differs is never hidden, and who is away holds nobody up.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { Failure, type FailureCode, parseSha256 } from '../../src/evidence/index.ts';
import { openDigestPool, systemClock } from '../../src/platform/index.ts';
import {
  openCopiesVault,
  openDirectoryVault,
  openMemoryVault,
  type PutSource,
  putCopies,
  type Vault,
} from '../../src/vault/index.ts';
import { ManualClock } from '../camera/manual-clock.ts';
import { describeVault } from '../contract/vault.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';

const LOCKED = { locked: true, retainUntil: 'permanent' } as const;
const CHECKPOINT = 'ledgers/station-7/checkpoint';

/** In these tests a checkpoint is its size in digits. */
const sizeOf = (bytes: Buffer): number => Number(bytes.toString());

describeVault('two directories', async () => {
  const folder = await makeTempFolder();
  const digests = openDigestPool(2);
  for (const name of ['one', 'two']) await mkdir(folder.at(name));
  const members = await Promise.all(
    ['one', 'two'].map((name) => openDirectoryVault({ path: folder.at(name), digests, name })),
  );
  return {
    vault: openCopiesVault({ members, required: 2, clock: systemClock, sizeOf: () => 0 }),
    [Symbol.asyncDispose]: async () => {
      await digests.close();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describeVault('memory and directory', async () => {
  const folder = await makeTempFolder();
  const digests = openDigestPool(2);
  const members = [openMemoryVault(), await openDirectoryVault({ path: folder.path, digests, name: 'disk' })];
  return {
    vault: openCopiesVault({ members, required: 1, clock: systemClock, sizeOf: () => 0 }),
    [Symbol.asyncDispose]: async () => {
      await digests.close();
      await folder[Symbol.asyncDispose]();
    },
  };
});

function small(text: string): PutSource {
  const bytes = Buffer.from(text);
  return { bytes, sha256: parseSha256(createHash('sha256').update(bytes).digest('hex')), sizeBytes: bytes.length };
}

/** A true vault in memory with a switch: whatever is asked of it while `fails` is set is counted and refused with that code. */
class Switched {
  readonly vault: Vault;
  fails: FailureCode | undefined;
  /** Puts and reads never end. */
  hangs = false;
  /** Nothing is answered at all. */
  isSilent = false;
  /** Fails after the work was done: the answer is lost. */
  late = false;
  asked = 0;

  constructor(name: string) {
    const inner = openMemoryVault();
    const run = async <T>(work: () => Promise<T>): Promise<T> => {
      this.asked += 1;
      if (this.fails !== undefined && !this.late) throw new Failure(this.fails, `${name} is switched off`);
      const result = await work();
      if (this.fails !== undefined) throw new Failure(this.fails, `${name} is switched off`);
      return result;
    };
    const never = <T>(work: () => Promise<T>, hangs: boolean): Promise<T> =>
      hangs ? new Promise<T>(() => undefined) : run(work);
    const reading = async function* (self: Switched, key: string): AsyncIterable<Uint8Array> {
      await run(() => Promise.resolve());
      yield* inner.read(key);
      if (self.breaksOff) throw new Failure('vault-unreachable', 'cut');
    };
    this.vault = {
      name,
      putOnce: async (...put) => ({ ...(await never(() => inner.putOnce(...put), this.hangs)), vault: name }),
      stat: (key) => never(() => inner.stat(key), this.isSilent),
      digest: (key) => run(() => inner.digest(key)),
      read: (key) => reading(this, key),
      readSmall: (key, maxBytes) => never(() => inner.readSmall(key, maxBytes), this.hangs),
      list: (prefix) => inner.list(prefix),
      replaceCheckpoint: (key, bytes) => never(() => inner.replaceCheckpoint(key, bytes), this.hangs),
      close: () => inner.close(),
      [Symbol.asyncDispose]: () => inner.close(),
    };
  }

  breaksOff = false;
}

function copiesOf(count: number, required: number): { vault: Vault; members: Switched[]; clock: ManualClock } {
  const members = Array.from({ length: count }, (_, k) => new Switched(`v${k}`));
  const clock = new ManualClock();
  return {
    vault: openCopiesVault({ members: members.map((each) => each.vault), required, clock, sizeOf }),
    members,
    clock,
  };
}

describe('storing in several vaults', () => {
  it('gives a receipt for each copy that stands', async () => {
    const { vault } = copiesOf(3, 2);
    const receipts = await putCopies(vault, 'payload/x', small('x'), LOCKED);
    expect(receipts.map((each) => each.vault)).toEqual(['v0', 'v1', 'v2']);
    expect((await putCopies(openMemoryVault(), 'payload/x', small('x'), LOCKED)).map((each) => each.vault)).toEqual([
      'memory',
    ]);
  });

  it('succeeds with as many as required, and tells of no copy that does not stand', async () => {
    const { vault, members } = copiesOf(3, 2);
    if (members[1] !== undefined) members[1].fails = 'vault-unreachable';
    const receipts = await putCopies(vault, 'payload/x', small('x'), LOCKED);
    expect(receipts.map((each) => each.vault)).toEqual(['v0', 'v2']);
  });

  it.each([
    ['vault-waiting', 'vault-unreachable', 'vault-unreachable'],
    ['vault-full', 'vault-unreachable', 'vault-full'],
    ['vault-full', 'vault-refused', 'vault-refused'],
    ['vault-unreachable', 'vault-unreachable', 'vault-unreachable'],
  ] as const)('fails with %s and %s when too few stand: %s', async (first, second, told) => {
    const { vault, members } = copiesOf(3, 2);
    members.slice(1).forEach((each, k) => (each.fails = [first, second][k]));
    await expectRejection(told, vault.putOnce('payload/x', small('x'), LOCKED));
  });

  it.each(['vault-conflict', 'vault-mismatch', 'vault-unfit'] as const)(
    'never hides %s behind copies that stand',
    async (code) => {
      const { vault, members } = copiesOf(3, 1);
      if (members[2] !== undefined) members[2].fails = code;
      await expectRejection(code, vault.putOnce('payload/x', small('x'), LOCKED));
    },
  );

  it('that failed after it happened is found there by the next try', async () => {
    const { vault, members, clock } = copiesOf(2, 2);
    const [, second] = members;
    if (second !== undefined) Object.assign(second, { fails: 'vault-unreachable', late: true });
    await expectRejection('vault-unreachable', vault.putOnce('payload/x', small('x'), LOCKED));
    if (second !== undefined) second.fails = undefined;
    clock.advance(60_000);
    expect(await putCopies(vault, 'payload/x', small('x'), LOCKED)).toHaveLength(2);
  });

  it('does not write or read again what stands already while another member is away', async () => {
    const { vault, members, clock } = copiesOf(2, 2);
    const [first, second] = members;
    if (first === undefined || second === undefined) throw new Error('two members');
    second.fails = 'vault-unreachable';
    await expectRejection('vault-unreachable', vault.putOnce('payload/x', small('x'), LOCKED));
    const before = first.asked;
    clock.advance(60_000);
    await expectRejection('vault-unreachable', vault.putOnce('payload/x', small('x'), LOCKED));
    second.fails = undefined;
    clock.advance(60_000);
    expect(await putCopies(vault, 'payload/x', small('x'), LOCKED)).toHaveLength(2);
    expect(first.asked).toBe(before);
  });

  it('leaves a member that is away alone for a while, longer each time, and asks it again by itself', async () => {
    const { vault, members, clock } = copiesOf(2, 1);
    const [, second] = members;
    if (second === undefined) throw new Error('two members');
    second.fails = 'vault-unreachable';
    const putMany = async (from: number): Promise<number> => {
      const before = second.asked;
      for (let k = from; k < from + 20; k += 1) await vault.putOnce(`payload/${k}`, small(`${k}`), LOCKED);
      return second.asked - before;
    };
    expect(await putMany(0)).toBe(1);
    clock.advance(5000);
    expect(await putMany(20)).toBe(1);
    clock.advance(5000);
    expect(await putMany(40)).toBe(0);
    clock.advance(60_000);
    second.fails = undefined;
    expect(await putMany(60)).toBe(20);
  });

  it('leaves a member behind that does not answer, once as many stand as must, and tells of no copy there', async () => {
    const { vault, members, clock } = copiesOf(2, 1);
    const [first, second] = members;
    if (first === undefined || second === undefined) throw new Error('two members');
    for (const each of members) await each.vault.replaceCheckpoint(CHECKPOINT, Buffer.from('5'));
    await vault.readSmall(CHECKPOINT, 100);
    Object.assign(second, { hangs: true, isSilent: true });
    const storing = putCopies(vault, 'ledgers/station-7/tile/0/000.p/6', small('tile'), LOCKED);
    for (let k = 0; k < 2; k += 1) {
      await clock.waiting(1);
      clock.advance(5000);
    }
    expect((await storing).map((each) => each.vault)).toEqual(['v0']);
    await vault.putOnce('payload/y', small('y'), LOCKED); // it rests now: nobody waits for it
    Object.assign(second, { hangs: false, isSilent: false });
    clock.advance(60_000);
    await vault.replaceCheckpoint(CHECKPOINT, Buffer.from('6')); // which vouches for the tile
    expect((await second.vault.readSmall(CHECKPOINT, 100))?.toString()).toBe('5');
    expect((await first.vault.readSmall(CHECKPOINT, 100))?.toString()).toBe('6');
  });

  it('waits for a member that is slow as long as it answers', async () => {
    const { vault, members, clock } = copiesOf(2, 1);
    const [, second] = members;
    if (second === undefined) throw new Error('two members');
    const slow = Promise.withResolvers<void>();
    const putOnce = second.vault.putOnce.bind(second.vault);
    second.vault.putOnce = async (...put) => {
      await slow.promise;
      return await putOnce(...put);
    };
    const storing = putCopies(vault, 'payload/x', small('x'), LOCKED);
    for (let k = 0; k < 10; k += 1) {
      await clock.waiting(1);
      clock.advance(5000);
      await new Promise(setImmediate);
    }
    slow.resolve();
    expect((await storing).map((each) => each.vault)).toEqual(['v0', 'v1']);
  });

  it('waits for every member while too few stand', async () => {
    const { vault, members, clock } = copiesOf(2, 2);
    if (members[1] !== undefined) members[1].isSilent = true;
    expect(await putCopies(vault, 'payload/x', small('x'), LOCKED)).toHaveLength(2);
    if (members[1] !== undefined) members[1].hangs = true;
    let ended = false;
    void putCopies(vault, 'payload/y', small('y'), LOCKED).finally(() => (ended = true));
    await new Promise(setImmediate);
    clock.advance(600_000);
    await new Promise(setImmediate);
    expect(ended).toBe(false);
  });

  it('does not blame a member for a source that is gone', async () => {
    const { vault } = copiesOf(2, 2);
    await using folder = await makeTempFolder();
    const bytes = randomBytes(10);
    const sha256 = parseSha256(createHash('sha256').update(bytes).digest('hex'));
    const source = { file: folder.at('x'), sha256, sizeBytes: 10 };
    await expectRejection('source-unreadable', vault.putOnce('payload/x', source, LOCKED));
    await writeFile(source.file, bytes);
    expect(await putCopies(vault, 'payload/x', source, LOCKED)).toHaveLength(2);
  });
});

describe('reading from several vaults', () => {
  it('gives what any member has, whoever lacks it or is away', async () => {
    const { vault, members } = copiesOf(3, 1);
    const [first, second, third] = members;
    await second?.vault.putOnce('payload/x', small('x'), LOCKED);
    await third?.vault.putOnce('payload/y', small('y'), LOCKED);
    if (first !== undefined) first.fails = 'vault-unreachable';
    expect((await buffer(vault.read('payload/x'))).toString()).toBe('x');
    expect((await vault.readSmall('payload/y', 10))?.toString()).toBe('y');
    expect((await vault.stat('payload/y'))?.sizeBytes).toBe(1);
    expect((await vault.digest('payload/x'))?.sizeBytes).toBe(1);
  });

  it('says that something is missing only when everybody answers', async () => {
    const { vault, members } = copiesOf(2, 1);
    expect(await vault.stat('payload/x')).toBeUndefined();
    if (members[1] !== undefined) members[1].fails = 'vault-unreachable';
    await expectRejection('vault-unreachable', vault.stat('payload/x'));
    await expectRejection('vault-unreachable', buffer(vault.read('payload/x')));
  });

  it('goes on with another member where one breaks off, without losing or doubling a byte', async () => {
    const { vault, members } = copiesOf(2, 2);
    await vault.putOnce('payload/x', small('0123456789'), LOCKED);
    if (members[0] !== undefined) members[0].breaksOff = true;
    expect((await buffer(vault.read('payload/x'))).toString()).toBe('0123456789');
  });

  it('lists what any member has, once', async () => {
    const { vault, members } = copiesOf(2, 1);
    await vault.putOnce('a/1', small('1'), LOCKED);
    await members[0]?.vault.putOnce('a/0', small('0'), LOCKED);
    await members[1]?.vault.putOnce('a/2', small('2'), LOCKED);
    expect((await Array.fromAsync(vault.list('a/'))).map((each) => each.key)).toEqual(['a/0', 'a/1', 'a/2']);
  });
});

describe('the checkpoint in several vaults', () => {
  const put = (member: Switched | undefined, size: number): Promise<void> | undefined =>
    member?.vault.replaceCheckpoint(CHECKPOINT, Buffer.from(String(size)));
  const read = async (vault: Vault): Promise<string | undefined> =>
    (await vault.readSmall(CHECKPOINT, 100))?.toString();

  it('is the most advanced one, whichever member has it', async () => {
    for (const ahead of [0, 1, 2]) {
      const { vault, members } = copiesOf(3, 2);
      for (const [k, each] of members.entries()) await put(each, k === ahead ? 12 : 9);
      expect(await read(vault)).toBe('12');
      expect((await vault.readEach?.(CHECKPOINT, 100))?.map(String).sort()).toEqual(['12', '9', '9']);
    }
  });

  it('is not told while the newest may stand in a member that was not seen since the start', async () => {
    const { vault, members, clock } = copiesOf(2, 1);
    for (const each of members) await put(each, 5);
    if (members[1] !== undefined) members[1].fails = 'vault-unreachable';
    await expectRejection('vault-unreachable', vault.readSmall(CHECKPOINT, 100));
    if (members[1] !== undefined) members[1].fails = undefined;
    clock.advance(60_000);
    expect(await read(vault)).toBe('5');
    if (members[1] !== undefined) members[1].fails = 'vault-unreachable';
    expect(await read(vault)).toBe('5'); // seen in this run; nobody else may write while we do
  });

  it('is never replaced in a member that was not looked at', async () => {
    const { vault, members, clock } = copiesOf(3, 2);
    for (const each of members) await put(each, 5);
    const [, , third] = members;
    if (third === undefined) throw new Error('three members');
    third.fails = 'vault-unreachable';
    await vault.readSmall(CHECKPOINT, 100);
    third.fails = undefined;
    await put(third, 99); // somebody else's
    clock.advance(60_000);
    await vault.replaceCheckpoint(CHECKPOINT, Buffer.from('6'));
    expect(await read(third.vault)).toBe('99');
    expect(await read(vault)).toBe('99'); // and now it is seen
  });

  it('is read and replaced without waiting for a member that does not answer, once it was seen in this run', async () => {
    const { vault, members, clock } = copiesOf(2, 1);
    for (const each of members) await put(each, 5);
    expect(await read(vault)).toBe('5');
    if (members[1] !== undefined) Object.assign(members[1], { hangs: true, isSilent: true });
    const replacing = vault.replaceCheckpoint(CHECKPOINT, Buffer.from('6'));
    for (let k = 0; k < 2; k += 1) {
      await clock.waiting(1);
      clock.advance(5000);
    }
    await replacing;
    expect(await read(vault)).toBe('6');
  });

  it('is not given to a member that lacks what it vouches for', async () => {
    const { vault, members } = copiesOf(2, 1);
    const [first, second] = members;
    await put(first, 10);
    const follows = (standing: Buffer | undefined): boolean => standing !== undefined && sizeOf(standing) >= 10;
    await vault.readSmall(CHECKPOINT, 100);
    await vault.replaceCheckpoint(CHECKPOINT, Buffer.from('12'), follows);
    expect(second === undefined ? '' : await read(second.vault)).toBeUndefined();
    const { vault: strict, members: both } = copiesOf(2, 2);
    await put(both[0], 10);
    await expectRejection('vault-waiting', strict.replaceCheckpoint(CHECKPOINT, Buffer.from('12'), follows));
  });

  it('is not given to a member that missed a part of the ledger since it was looked at', async () => {
    const { vault, members, clock } = copiesOf(2, 1);
    const [, second] = members;
    if (second === undefined) throw new Error('two members');
    for (const each of members) await put(each, 5);
    await vault.readSmall(CHECKPOINT, 100);
    second.fails = 'vault-full';
    await vault.putOnce('ledgers/station-7/tile/0/000.p/6', small('tile'), LOCKED);
    second.fails = undefined;
    clock.advance(60_000);
    await vault.replaceCheckpoint(CHECKPOINT, Buffer.from('6'));
    expect(await read(second.vault)).toBe('5');
  });
});
