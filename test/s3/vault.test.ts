// What the S3 vault does beyond the contract: locks, versions, overlays, names people see, the checkpoint of one station only.
// Looks behind the port with a client of its own, which also plays the attacker.
import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure, formatInstant, type Instant } from '../../src/evidence/index.ts';
import { type Clock, makeGate, systemClock } from '../../src/platform/index.ts';
import {
  openS3Vault,
  type PutSource,
  type PutTerms,
  type S3VaultOptions,
  type StoreGuard,
  type Vault,
} from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { adminClient, makeBucket, vaultOptions } from './buckets.ts';
import { openLyingStore } from './lying-store.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { hurried, randomFile, shaOf, small } from './sources.ts';

const DAY_MS = 86_400_000;
const KEY = 'manifests/station-7/x.json';
const CHECKPOINT = 'ledgers/station-7/checkpoint';

/** The same all through a run, so that two calls give the same instant. */
const STARTED = Date.now();

/** An instant so many days from the start, in whole seconds, as stores keep them. */
function inDays(days: number): Instant {
  return formatInstant(Math.ceil((STARTED + days * DAY_MS) / 1000) * 1000);
}

function locked(days: number, more: { readonly legalHold?: boolean } = {}): PutTerms {
  return { locked: true, retainUntil: inDays(days), ...more };
}

describe('an S3 vault', () => {
  let admin: S3Client;
  let bucket: string;
  let vault: Vault;
  let folder: TempFolder;
  const opened: AsyncDisposable[] = [];

  async function open(over: Partial<S3VaultOptions> = {}): Promise<Vault & { readonly guard: StoreGuard }> {
    return await guarded(openS3Vault(vaultOptions(bucket, over)));
  }
  async function through(proxy: Proxy, over: Partial<S3VaultOptions> = {}): ReturnType<typeof open> {
    return await guarded(openS3Vault(vaultOptions(bucket, { clock: hurried, ...over }, proxy.server)));
  }
  async function guarded(opening: Promise<Vault>): ReturnType<typeof open> {
    const another = await opening;
    opened.push(another);
    const { guard } = another;
    if (guard === undefined) throw new Error('an S3 vault has a guard');
    return Object.assign(another, { guard });
  }
  const head = (key: string, version?: string): Promise<HeadObjectCommandOutput> =>
    admin.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: version, ChecksumMode: 'ENABLED' }));

  beforeAll(() => {
    admin = adminClient();
  });
  afterAll(() => admin.destroy());
  beforeEach(async () => {
    bucket = await makeBucket();
    folder = await makeTempFolder();
    vault = await open();
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  describe('locks', () => {
    it('as asked, and its receipt says what the store keeps', async () => {
      const until = inDays(400);
      for (const mode of ['governance', 'compliance'] as const) {
        const key = `manifests/station-7/${mode}.json`;
        const receipt = await (await open({ mode })).putOnce(key, small(mode), locked(400, { legalHold: true }));
        const there = await head(key);
        expect(there.ObjectLockMode).toBe(mode.toUpperCase());
        expect(there.ObjectLockRetainUntilDate?.toISOString()).toBe(until);
        expect(there.ObjectLockLegalHoldStatus).toBe('ON');
        expect(receipt).toEqual({
          vault: 's3',
          key,
          version: there.VersionId,
          sha256: shaOf(Buffer.from(mode)),
          sizeBytes: mode.length,
          lock: mode,
          retainUntil: until,
          legalHold: true,
        });
      }
    });

    it('so that nobody deletes a locked version, not even who may do everything else', async () => {
      const { version } = await (await open({ mode: 'compliance' })).putOnce(KEY, small('x'), locked(1));
      await expect(
        admin.send(
          new DeleteObjectCommand({ Bucket: bucket, Key: KEY, VersionId: version, BypassGovernanceRetention: true }),
        ),
      ).rejects.toMatchObject({ name: 'AccessDenied' });
      expect((await vault.digest(KEY))?.sha256).toBe(shaOf(Buffer.from('x')));
    });

    it('nothing that is not to be locked', async () => {
      const receipt = await vault.putOnce('ledgers/station-7/tile/0/000.p/1', small('x'), { locked: false });
      expect(receipt.lock).toBe('none');
      expect(receipt).not.toHaveProperty('retainUntil');
      expect((await head(receipt.key)).ObjectLockMode).toBeUndefined();
    });

    it('only longer: of two stations with the same bytes the longer lock wins, whoever comes last', async () => {
      await vault.putOnce(KEY, small('same'), locked(100));
      const longer = await (await open({ name: 'other' })).putOnce(KEY, small('same'), locked(200));
      expect(longer.retainUntil).toBe(retainUntilOf(await head(KEY)));
      expect(daysUntil(longer.retainUntil)).toBe(200);
      const shorter = await vault.putOnce(KEY, small('same'), locked(100));
      expect(shorter.retainUntil).toBe(longer.retainUntil);
      expect(shorter.version).toBe(longer.version);
    });

    it('in compliance what stands in governance, as a version of its own: no station may change the mode of a lock', async () => {
      const strict = await open({ mode: 'compliance' });
      for (const source of [small('same'), await randomFile(folder, 100_000)]) {
        const key = `payload/${source.sizeBytes}`;
        const first = await vault.putOnce(key, source, locked(10));
        const raised = await strict.putOnce(key, source, locked(20));
        expect(raised).toMatchObject({ lock: 'compliance', sha256: source.sha256, retainUntil: inDays(20) });
        expect((await head(key, raised.version)).ObjectLockMode).toBe('COMPLIANCE');
        expect((await head(key, first.version)).ObjectLockMode).toBe('GOVERNANCE');
        expect(await strict.putOnce(key, source, locked(20))).toEqual(raised); // no third one
        expect(await Array.fromAsync(strict.guard.overlays(''))).toEqual([]);
      }
    });

    it('as strongly as anybody did: what stands in compliance stays so, also for a station in governance', async () => {
      const strict = await (await open({ mode: 'compliance' })).putOnce(KEY, small('same'), locked(10));
      const longer = await vault.putOnce(KEY, small('same'), locked(20));
      expect(longer).toEqual({ ...strict, retainUntil: inDays(20) });
      expect((await head(KEY)).ObjectLockMode).toBe('COMPLIANCE');
    });

    it('and calls a store unfit that locks in governance what was to be in compliance', async () => {
      await using store = await openLyingStore({
        ask: ({ headers }) => {
          if (headers.has('x-amz-object-lock-mode')) headers.set('x-amz-object-lock-mode', 'GOVERNANCE');
          return undefined;
        },
      });
      const strict = await guarded(openS3Vault(vaultOptions(bucket, { mode: 'compliance' }, store.server)));
      const failure = await expectRejection('vault-unfit', strict.putOnce(KEY, small('x'), locked(1)));
      expect(failure.message).toMatch(/governance mode only/);
    });

    it('what has no end yet for some days ahead, and moves that only when half of them are gone', async () => {
      let ahead = 0;
      const clock: Clock = { ...systemClock, now: () => (systemClock.now() + ahead * DAY_MS) as never };
      const openEnded = await open({ openEndedDays: 30, clock });
      const terms = { locked: true, retainUntil: 'permanent' } as const;
      const first = await openEnded.putOnce(KEY, small('x'), terms);
      expect(daysUntil(first.retainUntil)).toBe(30);
      ahead = 14;
      expect((await openEnded.putOnce(KEY, small('x'), terms)).retainUntil).toBe(first.retainUntil);
      ahead = 16;
      const moved = await openEnded.putOnce(KEY, small('x'), terms);
      expect(daysUntil(moved.retainUntil)).toBe(46);
    });

    it('what should have ended already for a day: the store would refuse a date in the past', async () => {
      const receipt = await vault.putOnce(KEY, small('x'), { locked: true, retainUntil: inDays(-3) });
      expect(daysUntil(receipt.retainUntil)).toBe(1);
    });

    it('can be looked at and lengthened afterwards, and a hold laid on', async () => {
      const { guard } = await open();
      expect(await guard.lockOf(KEY)).toBeUndefined();
      await expectRejection('not-found', guard.extendLock(KEY, locked(5)));
      const receipt = await vault.putOnce(KEY, small('x'), locked(50));
      expect(await guard.lockOf(KEY)).toMatchObject({
        version: receipt.version,
        lock: 'governance',
        retainUntil: receipt.retainUntil,
        legalHold: false,
      });
      expect((await guard.extendLock(KEY, locked(10))).retainUntil).toBe(receipt.retainUntil);
      const now = await guard.extendLock(KEY, locked(70, { legalHold: true }), [receipt]);
      expect(daysUntil(now.retainUntil)).toBe(70);
      expect(now.legalHold).toBe(true);
      expect((await head(KEY)).ObjectLockLegalHoldStatus).toBe('ON');
    });

    it('and without Object Lock on the bucket evidence is refused, not stored without a lock', async () => {
      const plain = await openS3Vault(vaultOptions(await makeBucket(undefined, { lock: false })));
      opened.push(plain);
      const failure = await expectRejection('vault-refused', plain.putOnce(KEY, small('x'), locked(1)));
      expect(failure.message).toMatch(/Object Lock/);
      expect(await plain.stat(KEY)).toBeUndefined();
    });
  });

  describe('is written once', () => {
    it('the store itself refuses a second object under the name', async () => {
      await vault.putOnce(KEY, small('first'), locked(1));
      await expect(
        admin.send(new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: 'second', IfNoneMatch: '*' })),
      ).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    });

    it('of many copies of one station at once, all are told the object, and it stands once or with the same bytes', async () => {
      const source = await randomFile(folder, 300_000);
      const stations = await Promise.all([1, 2, 3, 4].map(() => open()));
      const receipts = await Promise.all(stations.map((each) => each.putOnce('payload/x', source, locked(1))));
      for (const receipt of receipts) {
        expect(receipt.sha256).toBe(source.sha256);
        expect((await vault.digest('payload/x', [receipt]))?.sha256).toBe(source.sha256);
      }
      expect(await Array.fromAsync((await open()).guard.overlays(''))).toEqual([]);
    });

    it.each(['file', 'buffer'])(
      'a bit that flips on the way from a %s is refused by the store, and nothing stands',
      async (kind) => {
        await using proxy = await openProxy();
        const broken = await through(proxy);
        const source = kind === 'file' ? await randomFile(folder, 100_000) : small('evidence');
        proxy.fate = ({ kind }) => (kind === 'put' ? 'flip' : 'pass');
        await expectRejection('vault-mismatch', broken.putOnce(KEY, source, locked(1)));
        expect(await vault.stat(KEY)).toBeUndefined();
        proxy.fate = () => 'pass';
        expect((await broken.putOnce(KEY, source, locked(1))).sha256).toBe(source.sha256);
      },
    );

    it('sends a body plain, with its digest in a signed header, and asks for it to be kept', async () => {
      await using proxy = await openProxy();
      const broken = await through(proxy);
      const source = await randomFile(folder, 100_000);
      await broken.putOnce(KEY, source, locked(1));
      const sent = proxy.passed.find(({ kind }) => kind === 'put')?.headers ?? {};
      const sum = Buffer.from(source.sha256, 'hex').toString('base64');
      expect(sent['x-amz-checksum-sha256']).toBe(sum);
      expect(sent.authorization).toMatch(/SignedHeaders=[^,]*x-amz-checksum-sha256/);
      expect(sent['content-length']).toBe('100000');
      expect(sent).not.toHaveProperty('transfer-encoding');
      expect(sent).not.toHaveProperty('content-encoding');
      expect(sent['if-none-match']).toBe('*');
      expect((await head(KEY)).ChecksumSHA256).toBe(sum);
    });

    it('a put whose answer is lost is success, and stands once', async () => {
      await using proxy = await openProxy();
      const broken = await through(proxy);
      let lose = 1;
      proxy.fate = ({ kind }) => (kind === 'put' && lose-- > 0 ? 'lost' : 'pass');
      const source = await randomFile(folder, 100_000);
      const receipt = await broken.putOnce('payload/x', source, locked(1));
      expect(receipt.version).toBe((await head('payload/x')).VersionId);
      lose = 1;
      expect((await broken.putOnce(KEY, small('x'), locked(1))).version).toBe((await head(KEY)).VersionId);
      expect(await Array.fromAsync(vault.list(''))).toHaveLength(2);
      expect(await Array.fromAsync((await open()).guard.overlays(''))).toEqual([]);
    });

    it('a put that was cut on the way goes again', async () => {
      await using proxy = await openProxy();
      const broken = await through(proxy);
      let cut = 2;
      proxy.fate = ({ kind }) => (kind === 'put' && cut-- > 0 ? 'cut' : 'pass');
      const source = await randomFile(folder, 3_000_000);
      await broken.putOnce('payload/x', source, locked(1));
      expect(proxy.count('put')).toBe(3);
      expect((await buffer(vault.read('payload/x'))).equals(source.held)).toBe(true);
    });

    it('our own file that cannot be read is our disk, not the store', async () => {
      const source = await randomFile(folder, 10);
      await expectRejection('disk-failed', vault.putOnce(KEY, { ...source, file: folder.at('gone') }, locked(1)));
    });
  });

  describe('tells people in the store what they look at', () => {
    it('in metadata, percent-encoded, and in tags, also with Chinese case numbers', async () => {
      const about = { case: '沪某执〔2026〕第 3 号', station: 'station-7', kind: 'footage', note: 'a=b & "c" 😀' };
      await vault.putOnce(KEY, small('x'), { ...locked(1), about });
      const { Metadata } = await head(KEY);
      expect(
        Object.fromEntries(Object.entries(Metadata ?? {}).map(([name, value]) => [name, decodeURIComponent(value)])),
      ).toEqual(about);
      const { TagSet } = await admin.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: KEY }));
      const tags = new Map((TagSet ?? []).map(({ Key, Value }) => [Key, Value]));
      expect(Object.fromEntries(tags)).toEqual({
        case: '沪某执=E3=80=942026=E3=80=95第 3 号',
        station: 'station-7',
        kind: 'footage',
        note: 'a=3Db =26 =22c=22 =F0=9F=98=80',
      });
    });

    it('without ever being the reason that evidence is not stored', async () => {
      const about = { case: '案'.repeat(300), station: 'station-7', long: 'x'.repeat(5000), more: 'y' };
      const receipt = await vault.putOnce(KEY, small('x'), { ...locked(1), about });
      expect(receipt.lock).toBe('governance');
    });
  });

  describe('reads what was stored, whatever was laid over it', () => {
    const original = Buffer.from('the original');

    async function expectOriginal(one: Vault, copies?: Parameters<Vault['stat']>[1]): Promise<void> {
      expect((await buffer(one.read(KEY, undefined, copies))).equals(original)).toBe(true);
      expect(await one.digest(KEY, copies)).toEqual({ sha256: shaOf(original), sizeBytes: original.length });
      expect(await one.stat(KEY, copies)).toEqual({ key: KEY, sizeBytes: original.length, sealed: true });
    }

    it('a delete marker', async () => {
      const receipt = await vault.putOnce(KEY, small(original), locked(1));
      await admin.send(new DeleteObjectCommand({ Bucket: bucket, Key: KEY }));
      await expectOriginal(await open(), [receipt]);
      await expectOriginal(await open());
      expect((await (await open()).readSmall(KEY, 100))?.equals(original)).toBe(true);
      expect(await Array.fromAsync(vault.list(''))).toMatchObject([{ key: KEY, sizeBytes: original.length }]);
      expect(await Array.fromAsync((await open()).guard.overlays('manifests/'))).toMatchObject([
        { key: KEY, kind: 'delete-marker' },
      ]);
      const again = await vault.putOnce(KEY, await originalFile(), locked(1));
      expect(again.version).toBe(receipt.version);
    });

    it('a newer version', async () => {
      const receipt = await vault.putOnce(KEY, small(original), locked(1));
      await admin.send(new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: 'something else' }));
      await admin.send(new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: 'and yet something' }));
      await expectOriginal(await open(), [receipt]);
      const listed = await open();
      expect(await Array.fromAsync(listed.list(''))).toMatchObject([{ key: KEY, sizeBytes: original.length }]);
      await expectOriginal(listed);
      const overlays = await Array.fromAsync(listed.guard.overlays(''));
      expect(overlays).toMatchObject([
        { key: KEY, kind: 'newer-version' },
        { key: KEY, kind: 'newer-version' },
      ]);
      expect(overlays.map(({ version }) => version)).not.toContain(receipt.version);
    });

    it('and the same bytes put again are the original, not a conflict', async () => {
      const receipt = await vault.putOnce(KEY, small(original), locked(1));
      await admin.send(new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: 'something else' }));
      expect(await (await open()).putOnce(KEY, small(original), locked(1))).toEqual(receipt);
      await expectRejection('vault-conflict', vault.putOnce(KEY, small('a third'), locked(1)));
    });

    it('names that hold more versions than a page of the listing, each once and in order', async () => {
      for (const key of ['a/1', 'a/2', 'a/3']) await vault.putOnce(key, small(key), { locked: false });
      const gate = makeGate(16);
      const over = (k: number): Promise<unknown> =>
        admin.send(new PutObjectCommand({ Bucket: bucket, Key: 'a/2', Body: `over ${k}` }));
      await Promise.all(Array.from({ length: 1003 }, (_, k) => gate.run(() => over(k))));
      await using proxy = await openProxy();
      const listing = await through(proxy);
      const listed = await Array.fromAsync(listing.list(''));
      expect(listed.map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
        ['a/1', 3],
        ['a/2', 3],
        ['a/3', 3],
      ]);
      expect(proxy.count('list-versions')).toBe(2);
      expect(await Array.fromAsync(listing.guard.overlays(''))).toHaveLength(1003);
    });

    async function originalFile(): Promise<PutSource> {
      await writeFile(folder.at('original'), original);
      return { file: folder.at('original'), sha256: shaOf(original), sizeBytes: original.length };
    }
  });

  describe('reads on where a connection broke', () => {
    it.each(['half', 'hang-body'] as const)('when the answer ends in the middle (%s)', async (fate) => {
      const source = await randomFile(folder, 3_000_000);
      await vault.putOnce('payload/x', source, locked(1));
      await using proxy = await openProxy();
      const broken = await through(proxy, { idleTimeoutMs: 300 });
      let times = 2;
      proxy.fate = ({ kind }) => (kind === 'get' && times-- > 0 ? fate : 'pass');
      expect((await buffer(broken.read('payload/x'))).equals(source.held)).toBe(true);
      expect(proxy.passed.filter(({ kind }) => kind === 'get').map(({ headers }) => headers.range)).toEqual([
        undefined,
        expect.stringMatching(/^bytes=[1-9]\d*-$/),
        expect.stringMatching(/^bytes=[1-9]\d*-$/),
      ]);
    });
  });

  describe('replaces the checkpoint', () => {
    it('but never the one that a copy of the station has written meanwhile, however often it is tried', async () => {
      await vault.replaceCheckpoint(CHECKPOINT, Buffer.from('1'));
      expect(await vault.holdsCheckpoint?.(CHECKPOINT, Buffer.from('1'))).toBe(true);
      expect(await vault.holdsCheckpoint?.(CHECKPOINT, Buffer.from('2'))).toBe(false);
      const copy = await open();
      expect((await copy.readSmall(CHECKPOINT, 100))?.toString()).toBe('1');
      await copy.replaceCheckpoint(CHECKPOINT, Buffer.from('2 of the copy'));
      for (let k = 0; k < 3; k += 1) {
        await expectRejection('vault-conflict', vault.replaceCheckpoint(CHECKPOINT, Buffer.from('2 of the station')));
        expect((await vault.readSmall(CHECKPOINT, 100))?.toString()).toBe('2 of the copy');
      }
      await copy.replaceCheckpoint(CHECKPOINT, Buffer.from('3 of the copy'));
      expect(await copy.holdsCheckpoint?.(CHECKPOINT, Buffer.from('3 of the copy'))).toBe(true);
      await admin.send(new DeleteObjectCommand({ Bucket: bucket, Key: CHECKPOINT }));
      expect(await copy.holdsCheckpoint?.(CHECKPOINT, Buffer.from('3 of the copy'))).toBe(false); // hidden is missing, as for a reader
    });

    it('nor one that appeared where there was none', async () => {
      const copy = await open();
      expect(await copy.readSmall(CHECKPOINT, 100)).toBeUndefined();
      await vault.replaceCheckpoint(CHECKPOINT, Buffer.from('1'));
      await expectRejection('vault-conflict', copy.replaceCheckpoint(CHECKPOINT, Buffer.from('1, but another')));
    });

    it('and knows its own again when the answer to it was lost', async () => {
      await using proxy = await openProxy();
      const broken = await through(proxy);
      await broken.replaceCheckpoint(CHECKPOINT, Buffer.from('1'));
      let lose = 1;
      proxy.fate = ({ kind }) => (kind === 'put' && lose-- > 0 ? 'lost' : 'pass');
      await broken.replaceCheckpoint(CHECKPOINT, Buffer.from('2'));
      expect((await vault.readSmall(CHECKPOINT, 100))?.toString()).toBe('2');
      let gone = false;
      proxy.fate = ({ kind }) => {
        if (gone) return 'cut-now';
        gone = kind === 'put';
        return gone ? 'lost' : 'pass';
      };
      await expectRejection('vault-unreachable', broken.replaceCheckpoint(CHECKPOINT, Buffer.from('3')));
      proxy.fate = () => 'pass';
      await broken.replaceCheckpoint(CHECKPOINT, Buffer.from('4'));
      expect((await (await open()).readSmall(CHECKPOINT, 100))?.toString()).toBe('4');
    });
  });

  it('takes up credentials that were replaced', async () => {
    let secretAccessKey = 'wrong'.repeat(8);
    const good = vaultOptions(bucket);
    const changing = await open({
      credentials: async () => ({ ...(await good.credentials()), secretAccessKey }),
    });
    const failure = await expectRejection('vault-refused', changing.stat(KEY));
    expect(failure.message).toMatch(/secret key does not fit/);
    secretAccessKey = (await good.credentials()).secretAccessKey;
    expect(await changing.stat(KEY)).toBeUndefined();
  });

  it('without credentials is badly configured at the start, and only refused while they are being replaced', async () => {
    const good = vaultOptions(bucket);
    let there = false;
    const changing = await open({
      credentials: () =>
        there ? good.credentials() : Promise.reject(new Failure('config-invalid', '/etc/s3 cannot be read: ENOENT')),
    });
    await expectRejection('config-invalid', changing.stat(KEY));
    there = true;
    expect(await changing.stat(KEY)).toBeUndefined();
    there = false;
    for (const work of [() => changing.stat(KEY), () => changing.putOnce(KEY, small('x'), locked(1))])
      expect((await expectRejection('vault-refused', work())).message).toBe('/etc/s3 cannot be read: ENOENT');
    there = true;
    expect(await changing.stat(KEY)).toBeUndefined();
  });

  it('of a bucket that is not there says so, and never that evidence is missing', async () => {
    const nowhere = await open({ bucket: 'no-such-bucket-here' });
    for (const work of [
      () => nowhere.stat(KEY),
      () => nowhere.digest(KEY),
      () => nowhere.readSmall(KEY, 10),
      () => Array.fromAsync(nowhere.list('')),
      () => nowhere.putOnce(KEY, small('x'), locked(1)),
    ])
      expect((await expectRejection('vault-refused', work())).message).toMatch(/no such bucket/);
  });

  it('keeps to the bandwidth it is given, over all uploads together', async () => {
    let elapsed = 0;
    const clock: Clock = {
      ...systemClock,
      elapsedMs: () => elapsed,
      wait: (durationMs) => {
        elapsed += durationMs;
        return Promise.resolve();
      },
    };
    const slow = await open({ bytesPerSecond: 1_000_000, clock });
    const sources = await Promise.all([1, 2, 3].map(() => randomFile(folder, 1_000_000)));
    await Promise.all(sources.map((source, k) => slow.putOnce(`payload/${k}`, source, locked(1))));
    expect(elapsed).toBeGreaterThan(2800);
    expect(elapsed).toBeLessThan(3200);
    for (const [k, source] of sources.entries())
      expect((await vault.digest(`payload/${k}`))?.sha256).toBe(source.sha256);
  });
});

function retainUntilOf(there: HeadObjectCommandOutput): string | undefined {
  return there.ObjectLockRetainUntilDate?.toISOString();
}

function daysUntil(instant: string | undefined): number {
  return Math.round((Date.parse(instant ?? '') - Date.now()) / DAY_MS);
}
