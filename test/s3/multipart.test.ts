// Uploads in parts on a real store: what stands is one locked object with every byte, whatever broke on the way.
// Counts what passes through a proxy, so that "continued" means that nothing was sent twice.
import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepUploadsFew } from '../../src/daemon/stale-uploads.ts';
import { formatInstant } from '../../src/evidence/index.ts';
import { openS3Vault, type PutTerms, type S3VaultOptions, type Vault } from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { adminClient, makeBucket, vaultOptions } from './buckets.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { hurried, MIB, randomFile, shaOf } from './sources.ts';
import { grantStation } from './station-key.ts';

const KEY = 'payload/sha256/aa/x';
const DAY_MS = 86_400_000;
/** Four parts of 5 MiB and one of 1 MiB. */
const SIZE = 21 * MIB;
const UNTIL = formatInstant(Math.ceil((Date.now() + 100 * 86_400_000) / 1000) * 1000);
const LOCKED: PutTerms = { locked: true, retainUntil: UNTIL };

describe('an upload in parts', () => {
  let admin: S3Client;
  let bucket: string;
  let folder: TempFolder;
  let proxy: Proxy;
  const opened: AsyncDisposable[] = [];

  async function open(over: Partial<S3VaultOptions> = {}): Promise<Vault> {
    const vault = await openS3Vault(vaultOptions(bucket, { clock: hurried, ...over }, proxy.server));
    opened.push(vault);
    return vault;
  }
  const head = (version?: string): Promise<HeadObjectCommandOutput> =>
    admin.send(new HeadObjectCommand({ Bucket: bucket, Key: KEY, VersionId: version, ChecksumMode: 'ENABLED' }));
  const openUploads = async (): Promise<number> =>
    ((await admin.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []).length;
  const partsSent = (): (number | undefined)[] =>
    proxy.passed.filter(({ kind }) => kind === 'part').map(({ part }) => part);
  const partsInOrder = (): (number | undefined)[] => partsSent().toSorted((a, b) => (a ?? 0) - (b ?? 0));

  beforeAll(() => {
    admin = adminClient();
  });
  afterAll(() => admin.destroy());
  beforeEach(async () => {
    bucket = await makeBucket();
    folder = await makeTempFolder();
    proxy = await openProxy();
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('stands as one locked object that nobody deletes, with every byte and the digest of its parts', async () => {
    const source = await randomFile(folder, SIZE);
    const vault = await open({ mode: 'compliance' });
    const receipt = await vault.putOnce(KEY, source, { ...LOCKED, legalHold: true, about: { case: '沪-3' } });
    const there = await head();
    expect(partsSent()).toEqual([1, 2, 3, 4, 5]);
    expect(there.ChecksumSHA256).toMatch(/-5$/);
    expect(there).toMatchObject({ ObjectLockMode: 'COMPLIANCE', ObjectLockLegalHoldStatus: 'ON', ContentLength: SIZE });
    expect(there.ObjectLockRetainUntilDate?.toISOString()).toBe(UNTIL);
    expect(there.Metadata).toEqual({ case: encodeURIComponent('沪-3') });
    expect(receipt).toEqual({
      vault: 's3',
      key: KEY,
      version: there.VersionId,
      sha256: source.sha256,
      sizeBytes: SIZE,
      composite: there.ChecksumSHA256,
      lock: 'compliance',
      retainUntil: UNTIL,
      legalHold: true,
    });
    await expect(
      admin.send(
        new DeleteObjectCommand({
          Bucket: bucket,
          Key: KEY,
          VersionId: receipt.version,
          BypassGovernanceRetention: true,
        }),
      ),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    expect((await buffer(vault.read(KEY))).equals(source.held)).toBe(true);
  });

  it('of what stands already sends nothing, and compares without fetching it back', async () => {
    const source = await randomFile(folder, SIZE);
    const vault = await open();
    const receipt = await vault.putOnce(KEY, source, LOCKED);
    proxy.passed.length = 0;
    expect(await vault.putOnce(KEY, source, LOCKED)).toEqual(receipt);
    expect([proxy.count('part'), proxy.count('get')]).toEqual([0, 0]);
    const other = { ...(await randomFile(folder, SIZE)) };
    await expectRejection('vault-conflict', vault.putOnce(KEY, other, LOCKED));
  });

  it('that stands in parts of another size, or in one piece, is the same object all the same', async () => {
    const source = await randomFile(folder, SIZE);
    const receipt = await (await open({ partBytes: 8 * MIB })).putOnce(KEY, source, LOCKED);
    expect(await (await open()).putOnce(KEY, source, LOCKED)).toEqual(receipt);
    expect(await (await open({ multipartFromBytes: 100 * MIB })).putOnce(KEY, source, LOCKED)).toEqual(receipt);
    await (await open({ multipartFromBytes: 100 * MIB })).putOnce('payload/whole', source, LOCKED);
    expect((await (await open()).putOnce('payload/whole', source, LOCKED)).sha256).toBe(source.sha256);
  });

  it('goes on after a crash with the parts that lack, and locks as long as is asked now', async () => {
    const source = await randomFile(folder, SIZE);
    const crash = new AbortController();
    proxy.fate = ({ part }) => {
      if (part === 3) crash.abort(new Error('the power failed'));
      return part === 3 ? 'cut' : 'pass';
    };
    const short = { locked: true, retainUntil: formatInstant(Date.now() + 86_400_000) };
    await expect((await open()).putOnce(KEY, source, short, crash.signal)).rejects.toThrow('the power failed');
    expect(await openUploads()).toBe(1);
    proxy.fate = () => 'pass';
    proxy.passed.length = 0;
    const receipt = await (await open()).putOnce(KEY, source, LOCKED);
    expect(partsSent()).toEqual([3, 4, 5]);
    expect([proxy.count('begin-upload'), proxy.count('complete-upload')]).toEqual([0, 1]);
    expect(receipt.retainUntil).toBe(UNTIL);
    expect((await head()).ObjectLockRetainUntilDate?.toISOString()).toBe(UNTIL);
    expect((await (await open()).digest(KEY))?.sha256).toBe(source.sha256);
    expect(await openUploads()).toBe(0);
  });

  it('that somebody began in governance while ours was broken off ends in compliance all the same, in the version on its receipt', async () => {
    const source = await randomFile(folder, SIZE);
    const crash = new AbortController();
    proxy.fate = ({ part }) => {
      if (part === 3) crash.abort(new Error('the power failed'));
      return part === 3 ? 'cut' : 'pass';
    };
    const stopped = (await open({ mode: 'compliance' })).putOnce(KEY, source, LOCKED, crash.signal);
    await expect(stopped).rejects.toThrow('the power failed');
    proxy.fate = () => 'pass';
    await admin.send(
      new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: KEY,
        ChecksumAlgorithm: 'SHA256',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: new Date(UNTIL),
      }),
    );
    let completed = 0;
    proxy.fate = ({ kind }) => (kind === 'complete-upload' && (completed += 1) === 2 ? 'lost' : 'pass');
    const vault = await open({ mode: 'compliance' });
    const receipt = await vault.putOnce(KEY, source, LOCKED);
    expect(receipt).toMatchObject({ lock: 'compliance', sha256: source.sha256, retainUntil: UNTIL });
    expect((await head(receipt.version)).ObjectLockMode).toBe('COMPLIANCE');
    expect((await vault.digest(KEY, [receipt]))?.sha256).toBe(source.sha256);
    expect(await Array.fromAsync(vault.guard?.overlays('') ?? [])).toEqual([]);
  });

  it('takes up no part that holds something else', async () => {
    const source = await randomFile(folder, SIZE);
    const crash = new AbortController();
    proxy.fate = ({ part }) => {
      if (part === 4) crash.abort(new Error('the power failed'));
      return part === 4 ? 'cut' : 'pass';
    };
    await expect((await open()).putOnce(KEY, source, LOCKED, crash.signal)).rejects.toThrow('the power failed');
    proxy.fate = () => 'pass';
    proxy.passed.length = 0;
    const changed = Buffer.from(source.held);
    changed[6 * MIB] = (changed[6 * MIB] ?? 0) ^ 1;
    await writeFile(source.file, changed);
    const receipt = await (await open()).putOnce(KEY, { ...source, sha256: shaOf(changed) }, LOCKED);
    expect(partsSent()).toEqual([2, 4, 5]);
    expect((await (await open()).digest(KEY))?.sha256).toBe(receipt.sha256);
  });

  it('of a file that is not the one announced is given up whole: nothing stands, nothing waits', async () => {
    const source = await randomFile(folder, SIZE);
    const changed = Buffer.from(source.held);
    changed[20 * MIB] = (changed[20 * MIB] ?? 0) ^ 1;
    await writeFile(source.file, changed);
    const vault = await open();
    await expectRejection('vault-mismatch', vault.putOnce(KEY, source, LOCKED));
    expect(proxy.count('complete-upload')).toBe(0);
    expect(await openUploads()).toBe(0);
    expect(await vault.stat(KEY)).toBeUndefined();
  });

  it('refuses a part in which a bit flipped on the way, and the next try continues', async () => {
    const source = await randomFile(folder, SIZE);
    const vault = await open();
    proxy.fate = ({ part }) => (part === 2 ? 'flip' : 'pass');
    await expectRejection('vault-mismatch', vault.putOnce(KEY, source, LOCKED));
    expect(await vault.stat(KEY)).toBeUndefined();
    proxy.fate = () => 'pass';
    proxy.passed.length = 0;
    await vault.putOnce(KEY, source, LOCKED);
    expect(partsSent()).toEqual([2, 3, 4, 5]);
    expect((await vault.digest(KEY))?.sha256).toBe(source.sha256);
  });

  it.each(['begin-upload', 'part', 'complete-upload'] as const)(
    'is success and stands once when the answer to a %s is lost',
    async (lost) => {
      const source = await randomFile(folder, SIZE);
      const vault = await open();
      let times = 1;
      proxy.fate = ({ kind }) => (kind === lost && times-- > 0 ? 'lost' : 'pass');
      const receipt = await vault.putOnce(KEY, source, LOCKED);
      expect(times).toBeLessThanOrEqual(0);
      expect(receipt.version).toBe((await head()).VersionId);
      expect(await Array.fromAsync(vault.guard?.overlays('') ?? [])).toEqual([]);
      expect((await vault.digest(KEY, [receipt]))?.sha256).toBe(source.sha256);
    },
  );

  it.each(['part', 'complete-upload'] as const)('goes on by itself when a %s is cut on the way', async (cut) => {
    const source = await randomFile(folder, SIZE);
    const vault = await open();
    let times = 2;
    proxy.fate = ({ kind }) => (kind === cut && times-- > 0 ? 'cut' : 'pass');
    await vault.putOnce(KEY, source, LOCKED);
    expect(partsSent()).toHaveLength(cut === 'part' ? 7 : 5);
    expect((await vault.digest(KEY))?.sha256).toBe(source.sha256);
  });

  it('has three parts on their way at once and no more, and stands whole', async () => {
    const source = await randomFile(folder, SIZE);
    const vault = await open({ partLanes: 3, idleTimeoutMs: 1000 });
    proxy.fate = ({ kind }) => (kind === 'part' ? 'hang' : 'pass');
    await expectRejection('vault-unreachable', vault.putOnce(KEY, source, LOCKED));
    expect(partsInOrder()).toEqual([1, 2, 3]);
    proxy.fate = () => 'pass';
    proxy.passed.length = 0;
    const receipt = await vault.putOnce(KEY, source, LOCKED);
    expect(partsInOrder()).toEqual([1, 2, 3, 4, 5]);
    expect((await head()).ChecksumSHA256).toMatch(/-5$/);
    expect((await buffer(vault.read(KEY, undefined, [receipt]))).equals(source.held)).toBe(true);
  });

  it('ends the parts beside one that is refused, and the next try continues', async () => {
    const source = await randomFile(folder, SIZE);
    const vault = await open({ partLanes: 3, idleTimeoutMs: 600_000 }); // longer than the test: what hangs must be ended
    proxy.fate = ({ part }) => (part === 2 ? 'flip' : part === 1 || part === 3 ? 'hang' : 'pass');
    await expectRejection('vault-mismatch', vault.putOnce(KEY, source, LOCKED));
    expect(partsInOrder()).toEqual([1, 2, 3]); // the other two were given up, not waited for
    expect(await vault.stat(KEY)).toBeUndefined();
    proxy.fate = () => 'pass';
    expect((await vault.putOnce(KEY, source, LOCKED)).sha256).toBe(source.sha256);
    expect(proxy.count('begin-upload')).toBe(1);
    expect((await vault.digest(KEY))?.sha256).toBe(source.sha256);
    expect(await openUploads()).toBe(0);
  });

  it('by two stations at once of the same bytes is success for both', async () => {
    const source = await randomFile(folder, SIZE);
    const [one, two] = await Promise.all([open(), open({ partBytes: 6 * MIB })]);
    // Each may take the other's upload away from it; then it is tried again, as every station does.
    const put = (vault: Vault): ReturnType<Vault['putOnce']> =>
      vault.putOnce(KEY, source, LOCKED).catch(() => vault.putOnce(KEY, source, LOCKED));
    const receipts = await Promise.all([put(one), put(two)]);
    for (const receipt of receipts) {
      expect(receipt.sha256).toBe(source.sha256);
      expect((await one.digest(KEY, [receipt]))?.sha256).toBe(source.sha256);
    }
  });

  it('that nobody ended is given up when it is old, and only then; those of others under another prefix are left', async () => {
    const begin = (Key: string): Promise<unknown> =>
      admin.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    await begin('ours/payload/某');
    await begin('ours/payload/2');
    await begin('others/payload/1');
    const { guard } = await open({ prefix: 'ours/' });
    expect(await guard?.abortStaleUploads(60_000)).toBe(0);
    expect(await openUploads()).toBe(3);
    const later = { ...hurried, now: () => (hurried.now() + 120_000) as ReturnType<typeof hurried.now> };
    const { guard: laterGuard } = await open({ prefix: 'ours/', clock: later });
    expect(await laterGuard?.abortStaleUploads(60_000)).toBe(2);
    expect(await openUploads()).toBe(1);
  });

  it('that nobody ended is looked for every day, also after a day on which the store was away, until the station stops', async () => {
    const begin = (Key: string): Promise<unknown> =>
      admin.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    const rests: number[] = [];
    const left: number[] = [];
    const stop = new AbortController();
    const clock = {
      ...hurried,
      now: () => (hurried.now() + 8 * DAY_MS) as ReturnType<typeof hurried.now>,
      wait: async (restMs: number) => {
        if (restMs < 10_000) return; // between two tries of one request
        rests.push(restMs);
        left.push(await openUploads());
        proxy.fate = () => (rests.length === 2 ? 'cut-now' : 'pass');
        if (rests.length < 3) await begin(`payload/${rests.length}`);
        if (rests.length === 4) stop.abort();
      },
    };
    await keepUploadsFew({ vault: await open({ clock }), clock }, stop.signal);
    expect(rests).toEqual([600_000, DAY_MS, DAY_MS, DAY_MS]);
    expect(left).toEqual([0, 0, 1, 0]);
  });

  it('that somebody began where this station may not write is left alone, and hinders no other', async () => {
    const keys = await grantStation(bucket);
    for (const Key of ['ledgers/hongkou-1/x', 'payload/x', 'receipts/hongkou-1/x'])
      await admin.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
    const later = { ...hurried, now: () => (hurried.now() + 120_000) as ReturnType<typeof hurried.now> };
    const { guard } = await open({ clock: later, credentials: () => Promise.resolve(keys) });
    expect(await guard?.abortStaleUploads(60_000)).toBe(1);
    expect(await openUploads()).toBe(2);
  });

  it('is cancelled between two parts, and nothing stands', async () => {
    const source = await randomFile(folder, SIZE);
    const stop = new AbortController();
    const vault = await open();
    proxy.fate = ({ part }) => {
      if (part === 2) stop.abort(new Error('the station stops'));
      return 'pass';
    };
    await expect(vault.putOnce(KEY, source, LOCKED, stop.signal)).rejects.toThrow('the station stops');
    expect(await vault.stat(KEY)).toBeUndefined();
  });
});
