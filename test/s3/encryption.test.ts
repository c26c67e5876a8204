// Encryption in the store: with a key that only the station has, or one that the store's key service keeps. The vault is the same to its users.
// The store of the tests knows one key of a key service, testkey-1.
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openS3Vault, type S3Encryption, type S3VaultOptions, type Vault } from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { adminClient, makeBucket, vaultOptions } from './buckets.ts';
import { openLyingStore } from './lying-store.ts';
import { openProxy } from './proxy.ts';
import { MIB, randomFile, small } from './sources.ts';

const LOCKED = { locked: true, retainUntil: 'permanent' } as const;
const CUSTOMER: S3Encryption = { kind: 'customer', key: randomBytes(32) };
const KMS: S3Encryption = { kind: 'kms', keyId: 'testkey-1' };

describe('a vault with encryption', () => {
  let admin: S3Client;
  let bucket: string;
  let folder: TempFolder;
  const opened: AsyncDisposable[] = [];

  async function open(encryption: S3Encryption, over: Partial<S3VaultOptions> = {}): Promise<Vault> {
    const vault = await openS3Vault(vaultOptions(bucket, { encryption, ...over }));
    opened.push(vault);
    return vault;
  }

  beforeAll(() => {
    admin = adminClient();
  });
  afterAll(() => admin.destroy());
  beforeEach(async () => {
    bucket = await makeBucket();
    folder = await makeTempFolder();
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it.each([
    ['by the station', CUSTOMER],
    ['by a key service', KMS],
  ])('%s gives everything back, and proves every byte, at once and in parts', async (_by, encryption) => {
    const vault = await open(encryption);
    for (const size of [0, 100_000, 13 * MIB]) {
      const key = `payload/${size}`;
      const source = await randomFile(folder, size);
      const receipt = await vault.putOnce(key, source, LOCKED);
      expect(receipt).toMatchObject({ sha256: source.sha256, sizeBytes: size, lock: 'governance' });
      const again = await open(encryption);
      expect(await again.stat(key, [receipt])).toEqual({ key, sizeBytes: size, sealed: true });
      expect(await again.digest(key, [receipt])).toEqual({ sha256: source.sha256, sizeBytes: size });
      expect((await buffer(again.read(key))).equals(source.held)).toBe(true);
      expect(await again.putOnce(key, source, LOCKED)).toEqual(receipt);
      await expectRejection('vault-conflict', again.putOnce(key, small('else'), LOCKED));
      expect(await again.guard?.lockOf(key, [receipt])).toMatchObject({ lock: 'governance' });
    }
    const checkpoint = 'ledgers/station-7/checkpoint';
    for (const text of ['1', '2', '3']) {
      await vault.replaceCheckpoint(checkpoint, Buffer.from(text));
      expect((await vault.readSmall(checkpoint, 10))?.toString()).toBe(text);
    }
  });

  it('by the station cannot be read without its key, by whatever right', async () => {
    await (await open(CUSTOMER)).putOnce('payload/x', small('secret'), LOCKED);
    await expect(admin.send(new GetObjectCommand({ Bucket: bucket, Key: 'payload/x' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 400 },
    });
    for (const wrong of [{ kind: 'none' }, { kind: 'customer', key: randomBytes(32) }] as const)
      await expectRejection('vault-refused', (await open(wrong)).digest('payload/x'));
  });

  it('by a key service names the key in the store', async () => {
    await (await open(KMS)).putOnce('payload/x', small('secret'), LOCKED);
    expect(await admin.send(new HeadObjectCommand({ Bucket: bucket, Key: 'payload/x' }))).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'testkey-1',
    });
  });

  it('by a key that the service does not know stores nothing', async () => {
    const vault = await open({ kind: 'kms', keyId: 'no-such-key' });
    await expectRejection('vault-refused', vault.putOnce('payload/x', small('secret'), LOCKED));
    expect(await vault.stat('payload/x')).toBeUndefined();
  });

  it.each([
    ['by the station', CUSTOMER],
    ['by a key service', KMS],
  ])('%s is not believed of a store that says nothing of it: it keeps evidence in clear', async (_by, encryption) => {
    await using store = await openLyingStore({
      ask: ({ headers }) => {
        for (const name of headers.keys()) if (name.startsWith('x-amz-server-side-encryption')) headers.delete(name);
        return undefined;
      },
    });
    const vault = await open(encryption, { endpoint: store.server.endpoint });
    for (const size of [1000, 13 * MIB]) {
      const source = await randomFile(folder, size);
      for (let k = 0; k < 2; k += 1) {
        const failure = await expectRejection('vault-unfit', vault.putOnce(`payload/${size}`, source, LOCKED));
        expect(failure.message).toMatch(/in clear, though encryption was asked for/);
      }
    }
  });

  it.each([
    ['by the station', CUSTOMER],
    ['by a key service', KMS],
  ])('%s is of the version on record, also where the same bytes stood in clear before', async (_by, encryption) => {
    const source = await randomFile(folder, 1000);
    const first = await (await open({ kind: 'none' })).putOnce('payload/x', source, LOCKED);
    const vault = await open(encryption);
    const receipt = await vault.putOnce('payload/x', source, LOCKED);
    expect(receipt.version).not.toBe(first.version);
    expect(await vault.putOnce('payload/x', source, LOCKED)).toEqual(receipt);
    expect((await vault.digest('payload/x', [receipt]))?.sha256).toBe(source.sha256);
    expect(await Array.fromAsync(vault.guard?.overlays('') ?? [])).toEqual([]);
  });

  it.each([
    ['by the station', CUSTOMER],
    ['by a key service', KMS],
  ])('%s gives no byte to an upload in parts that somebody began without it', async (_by, encryption) => {
    const source = await randomFile(folder, 13 * MIB);
    const at = { Bucket: bucket, Key: 'payload/x' };
    const { UploadId } = await admin.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' }));
    const vault = await open(encryption);
    const receipt = await vault.putOnce(at.Key, source, LOCKED);
    const { Parts = [] } = await admin.send(new ListPartsCommand({ ...at, UploadId }));
    expect(Parts.map(({ Size }) => Size)).toEqual([1]); // the byte it was tried with
    expect((await vault.digest(at.Key, [receipt]))?.sha256).toBe(source.sha256);
    const told = await vault.guard?.lockOf(at.Key, [receipt]);
    expect(told).toMatchObject({ composite: receipt.composite, lock: 'governance' });
  });

  it('by the station goes on with an upload in parts after a crash', async () => {
    const source = await randomFile(folder, 13 * MIB);
    const crash = new AbortController();
    await using proxy = await openProxy();
    proxy.fate = ({ part }) => {
      if (part === 2) crash.abort(new Error('the power failed'));
      return part === 2 ? 'cut' : 'pass';
    };
    const { endpoint } = proxy.server;
    const stopped = (await open(CUSTOMER, { endpoint })).putOnce('payload/x', source, LOCKED, crash.signal);
    await expect(stopped).rejects.toThrow('the power failed');
    proxy.fate = () => 'pass';
    proxy.passed.length = 0;
    const receipt = await (await open(CUSTOMER, { endpoint })).putOnce('payload/x', source, LOCKED);
    expect(proxy.passed.filter(({ kind }) => kind === 'part').map(({ part }) => part)).toEqual([3, 2, 3]); // the first one is the byte it is tried with
    expect((await (await open(CUSTOMER)).digest('payload/x', [receipt]))?.sha256).toBe(source.sha256);
  });
});
