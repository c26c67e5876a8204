// The contract of the Vault port: every implementation runs it unchanged. What a caller may rely on, no more and no less.
// Never looks behind the port: what lies on a disk or in a bucket is tested beside its implementation.
import { AssertionError } from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSha256 } from '../../src/evidence/index.ts';
import type { PutSource, PutTerms, Vault } from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

/** Opens an empty vault, and takes away whatever it stood on when disposed. */
export type OpenVault = () => Promise<{ readonly vault: Vault } & AsyncDisposable>;

const LOCKED: PutTerms = { locked: true, retainUntil: 'permanent' };
const CHECKPOINT = 'ledgers/station-7/checkpoint';

function shaOf(bytes: Uint8Array): ReturnType<typeof parseSha256> {
  return parseSha256(createHash('sha256').update(bytes).digest('hex'));
}

function small(text: string | Buffer): PutSource {
  const bytes = Buffer.from(text);
  return { bytes, sha256: shaOf(bytes), sizeBytes: bytes.length };
}

/** Declares the suite for one implementation. */
export function describeVault(name: string, open: OpenVault): void {
  describe(`${name} vault`, () => {
    let opened: Awaited<ReturnType<OpenVault>>;
    let vault: Vault;
    let folder: TempFolder;
    let files = 0;

    beforeEach(async () => {
      folder = await makeTempFolder();
      opened = await open();
      vault = opened.vault;
    });
    afterEach(async () => {
      await vault.close();
      await opened[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    async function file(bytes: Buffer): Promise<PutSource & { readonly file: string }> {
      files += 1;
      const path = folder.at(`${files}.bytes`);
      await writeFile(path, bytes);
      return { file: path, sha256: shaOf(bytes), sizeBytes: bytes.length };
    }
    const put = (key: string, source: PutSource): ReturnType<Vault['putOnce']> => vault.putOnce(key, source, LOCKED);
    const bytesAt = (key: string): Promise<Buffer> => buffer(vault.read(key));
    const keysUnder = async (prefix: string): Promise<readonly string[]> =>
      (await Array.fromAsync(vault.list(prefix))).map(({ key }) => key);

    describe('put once', () => {
      it.each([0, 1, 65_536, 65_537, 1_048_576, 2 * 1_048_576 + 3])(
        'gives %i bytes back as they were',
        async (size) => {
          const bytes = randomBytes(size);
          for (const [key, source] of [
            ['payload/sha256/aa/file', await file(bytes)],
            ['payload/sha256/bb/bytes', small(bytes)],
          ] as const) {
            const receipt = await put(key, source);
            expect(receipt).toMatchObject({ vault: vault.name, key, sha256: shaOf(bytes), sizeBytes: size });
            expect((await bytesAt(key)).equals(bytes)).toBe(true);
            expect(await vault.digest(key)).toEqual({ sha256: shaOf(bytes), sizeBytes: size });
            expect(await vault.stat(key)).toEqual({ key, sizeBytes: size, sealed: true });
          }
        },
      );

      it('of the same bytes again is success, with the same receipt, from wherever they come', async () => {
        const bytes = randomBytes(100_000);
        const receipt = await put('payload/x', await file(bytes));
        expect(await put('payload/x', await file(bytes))).toEqual(receipt);
        expect(await put('payload/x', small(bytes))).toEqual(receipt);
        expect(await keysUnder('')).toEqual(['payload/x']);
      });

      it('of other bytes is a conflict, and what was there stays', async () => {
        for (const [first, other] of [
          [small('one'), small('two')],
          [await file(randomBytes(100_000)), await file(randomBytes(100_000))],
          [small('long'), small('longer')],
          [small('x'), small('')],
        ] as const) {
          const key = `payload/${first.sha256}`;
          await put(key, first);
          await expectRejection('vault-conflict', put(key, other));
          expect((await vault.digest(key))?.sha256).toBe(first.sha256);
        }
      });

      it('of bytes that are not those announced leaves nothing behind, and the next try works', async () => {
        for (const [k, bytes] of [Buffer.from('abc'), randomBytes(200_000)].entries()) {
          const key = `payload/${k}`;
          for (const source of [small(bytes), await file(bytes)]) {
            await expectRejection('vault-mismatch', put(key, { ...source, sha256: shaOf(Buffer.from('else')) }));
            await expectRejection('vault-mismatch', put(key, { ...source, sizeBytes: bytes.length + 1 }));
            expect(await vault.stat(key)).toBeUndefined();
            expect(await keysUnder('')).not.toContain(key);
          }
          await put(key, await file(bytes));
          expect((await bytesAt(key)).equals(bytes)).toBe(true);
        }
      });

      it('by many at once of the same bytes is success for all', async () => {
        const bytes = randomBytes(300_000);
        const sources = [...(await Promise.all([1, 2, 3, 4].map(() => file(bytes)))), small(bytes), small(bytes)];
        const receipts = await Promise.all(sources.map((source) => put('payload/new/folder/x', source)));
        expect(new Set(receipts.map((each) => JSON.stringify(each))).size).toBe(1);
        expect((await bytesAt('payload/new/folder/x')).equals(bytes)).toBe(true);
      });

      it('by many at once of different bytes is success for one, a conflict for the others', async () => {
        const sources = await Promise.all([1, 2, 3, 4].map(() => file(randomBytes(300_000))));
        const ended = await Promise.allSettled(sources.map((source) => put('payload/new/x', source)));
        const won = sources.filter((_, k) => ended[k]?.status === 'fulfilled');
        expect(won.map(({ sha256 }) => sha256)).toEqual([(await vault.digest('payload/new/x'))?.sha256]);
        for (const each of ended)
          if (each.status === 'rejected') await expectRejection('vault-conflict', Promise.reject(each.reason as Error));
      });

      it('that was cancelled before it began stores nothing', async () => {
        const reason = new Error('the station stops');
        await expect(vault.putOnce('payload/x', small('x'), LOCKED, AbortSignal.abort(reason))).rejects.toBe(reason);
        expect(await keysUnder('')).toEqual([]);
      });

      it('keeps what it was given, whatever the giver does with the buffer afterwards', async () => {
        const bytes = Buffer.from('evidence');
        await put('payload/x', { bytes, sha256: shaOf(bytes), sizeBytes: bytes.length });
        bytes.fill(0);
        expect((await bytesAt('payload/x')).toString()).toBe('evidence');
        (await bytesAt('payload/x')).fill(0);
        (await vault.readSmall('payload/x', 100))?.fill(0);
        expect((await bytesAt('payload/x')).toString()).toBe('evidence');
      });
    });

    describe('reading', () => {
      it('of what is not there says so: not found, or nothing', async () => {
        await put('payload/aa/x', small('x'));
        for (const key of ['payload/aa/y', 'payload/bb/x', 'payload/aa/x/y', 'none']) {
          await expectRejection('not-found', bytesAt(key));
          expect([await vault.stat(key), await vault.digest(key), await vault.readSmall(key, 10)]).toEqual([
            undefined,
            undefined,
            undefined,
          ]);
        }
      });

      it('takes no folder for an object', async () => {
        await put('payload/aa/x', small('x'));
        for (const key of ['payload', 'payload/aa']) {
          await expectRejection('not-found', bytesAt(key));
          expect([await vault.stat(key), await vault.digest(key), await vault.readSmall(key, 10)]).toEqual([
            undefined,
            undefined,
            undefined,
          ]);
        }
      });

      it('of something small has a bound', async () => {
        await put('manifests/x', small('0123456789'));
        expect((await vault.readSmall('manifests/x', 10))?.toString()).toBe('0123456789');
        await expectRejection('too-large', vault.readSmall('manifests/x', 9));
      });

      it('may be left half way, and cancelled', async () => {
        const bytes = randomBytes(5 * 1_048_576);
        await put('payload/x', await file(bytes));
        for await (const chunk of vault.read('payload/x')) {
          expect(Buffer.from(chunk).equals(bytes.subarray(0, chunk.length))).toBe(true);
          break;
        }
        const abort = new AbortController();
        abort.abort(new Error('the viewer left'));
        const ended = await buffer(vault.read('payload/x', abort.signal)).then(
          () => 'read',
          () => 'refused',
        );
        expect(ended).toBe('refused');
        expect((await bytesAt('payload/x')).length).toBe(bytes.length);
      });
    });

    describe('listing', () => {
      it('shows every object under a folder and no other, in key order within each folder', async () => {
        const keys = ['a/2', 'a/10', 'a/b/1', 'a/b/0', 'ab/1', 'b', '\u{1f600}/1', '证/1', 'cases/%E6%B2%AA/s-1.json'];
        for (const key of keys) await put(key, small(key));
        expect([...(await keysUnder(''))].sort()).toEqual([...keys].sort());
        expect([...(await keysUnder('a/'))].sort()).toEqual(['a/10', 'a/2', 'a/b/0', 'a/b/1']);
        expect(await keysUnder('a/b/')).toEqual(['a/b/0', 'a/b/1']);
        expect(await keysUnder('cases/%E6%B2%AA/')).toEqual(['cases/%E6%B2%AA/s-1.json']);
        expect((await keysUnder('a/')).filter((key) => key.split('/').length === 2)).toEqual(['a/10', 'a/2']);
        expect(await keysUnder('none/')).toEqual([]);
        expect(await keysUnder('b/')).toEqual([]);
      });

      it('says size and whether the store lets the bytes be overwritten', async () => {
        await put('a/x', small('12345'));
        await vault.replaceCheckpoint(CHECKPOINT, Buffer.from('123'));
        expect(await Array.fromAsync(vault.list(''))).toEqual([
          { key: 'a/x', sizeBytes: 5, sealed: true },
          { key: CHECKPOINT, sizeBytes: 3, sealed: false },
        ]);
        expect(await vault.stat(CHECKPOINT)).toEqual({ key: CHECKPOINT, sizeBytes: 3, sealed: false });
      });
    });

    describe('the checkpoint', () => {
      it('is the one thing that is replaced, and always whole', async () => {
        expect(await vault.readSmall(CHECKPOINT, 1000)).toBeUndefined();
        for (const text of ['first', 'second, longer', '3']) {
          await vault.replaceCheckpoint(CHECKPOINT, Buffer.from(text));
          expect((await vault.readSmall(CHECKPOINT, 1000))?.toString()).toBe(text);
        }
        await Promise.all(
          ['a', 'b', 'c'].map((text) => vault.replaceCheckpoint(CHECKPOINT, Buffer.from(text.repeat(100_000)))),
        );
        const text = (await vault.readSmall(CHECKPOINT, 100_000))?.toString() ?? '';
        expect(text).toMatch(/^(a+|b+|c+)$/);
        expect(text).toHaveLength(100_000);
        expect(await keysUnder('')).toEqual([CHECKPOINT]);
      });

      it.each([
        'ledgers/station-7/tile/0/000',
        'ledgers/checkpoint',
        'ledgers/a/b/checkpoint',
        'payload/x',
        'checkpoint',
      ])('is not %s: nothing else is ever replaced', async (key) => {
        await expect(vault.replaceCheckpoint(key, Buffer.from('x'))).rejects.toThrow(AssertionError);
        expect(await keysUnder('')).toEqual([]);
      });

      it('is never put once: the next could not be put', async () => {
        await expect(put(CHECKPOINT, small('x'))).rejects.toThrow(AssertionError);
      });
    });

    it.each([
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      'a/./b',
      'a\0b',
      'x'.repeat(256),
      'a/'.repeat(600) + 'a',
    ])('a key is a path downwards: %j is a defect of the caller', async (key) => {
      await expect(put(key, small('x'))).rejects.toThrow(AssertionError);
      await expect(bytesAt(key)).rejects.toThrow(AssertionError);
      await expect((async () => vault.stat(key))()).rejects.toThrow(AssertionError);
      await expect((async () => vault.digest(key))()).rejects.toThrow(AssertionError);
      await expect((async () => vault.readSmall(key, 1))()).rejects.toThrow(AssertionError);
      expect(await keysUnder('')).toEqual([]);
    });

    it('a source that is gone before it is stored is no success', async () => {
      const source = await file(Buffer.from('x'));
      await expect(put('payload/x', { ...source, file: folder.at('gone.bytes') })).rejects.toThrow();
      await appendFile(folder.at('later.bytes'), 'x');
      expect(await vault.stat('payload/x')).toBeUndefined();
      await put('payload/x', { ...source, file: folder.at('later.bytes') });
    });
  });
}
