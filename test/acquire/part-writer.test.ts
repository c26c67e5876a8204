// The writer of a part: what it calls durable, what an early sync that failed does to it, and what goes straight to the disk.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EARLY_SYNC_BYTES, openPartWriter, PartWriter, type WritableFile } from '../../src/acquire/part-writer.ts';
import { allocateDirect } from '../../src/platform/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';

/** A file whose early syncs end when the test says so, and whose fsync at the end always succeeds, as the kernel's does after it has told. */
class SlowFile implements WritableFile {
  readonly calls: string[] = [];
  readonly #early: Promise<void>;

  constructor(early: Promise<void>) {
    this.#early = early;
  }

  write(_buffer: Uint8Array, _offset: number, length: number): Promise<{ bytesWritten: number }> {
    this.calls.push('write');
    return Promise.resolve({ bytesWritten: length });
  }

  datasync(): Promise<void> {
    this.calls.push('datasync');
    return this.#early.then(() => void this.calls.push('datasync ended'));
  }

  sync(): Promise<void> {
    this.calls.push('sync');
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.calls.push('close');
    return Promise.resolve();
  }
}

const BLOCKS = allocateDirect(65_536);
const CHUNK = Buffer.alloc(EARLY_SYNC_BYTES);
const noDirect = (): Promise<never> => Promise.reject(new Error('not offered here'));
const diskError = (): Error => Object.assign(new Error('i/o error'), { code: 'EIO' });

describe('writing a part', () => {
  it('bytes that an early sync lost are never called durable, whatever the fsync at the end says', async () => {
    const early = Promise.withResolvers<void>();
    const file = new SlowFile(early.promise);
    const writer = new PartWriter(file, 'part', noDirect);
    await writer.write(CHUNK, 0);
    const synced = writer.sync();
    early.reject(diskError());
    await expectRejection('disk-failed', synced);
    await writer.close();
  });

  it('nothing more is written once an early sync has failed', async () => {
    const file = new SlowFile(Promise.reject(diskError()));
    await using writer = new PartWriter(file, 'part', noDirect);
    await writer.write(CHUNK, 0);
    await new Promise(setImmediate);
    await expectRejection('disk-failed', writer.write(CHUNK, CHUNK.length));
    expect(file.calls).toEqual(['write', 'datasync']);
  });

  it('writing goes on beside an early sync; the fsync at the end and the closing wait for it', async () => {
    const early = Promise.withResolvers<void>();
    const file = new SlowFile(early.promise);
    const writer = new PartWriter(file, 'part', noDirect);
    await writer.write(CHUNK, 0);
    await writer.write(CHUNK, CHUNK.length);
    const synced = writer.sync().then(() => writer.close());
    await new Promise(setImmediate);
    expect(file.calls).toEqual(['write', 'datasync', 'write']);
    early.resolve();
    await synced;
    expect(file.calls).toEqual(['write', 'datasync', 'write', 'datasync ended', 'sync', 'close']);
  });

  it('a part is written where it says, over several early syncs', async () => {
    await using folder = await makeTempFolder();
    const path = folder.at('part');
    const chunk = Buffer.alloc(EARLY_SYNC_BYTES / 2 + 1, 7);
    {
      await using writer = await openPartWriter(path, 0);
      for (let n = 0; n < 4; n += 1) await writer.write(chunk, n * chunk.length);
      await writer.sync();
    }
    expect((await readFile(path)).equals(Buffer.alloc(4 * chunk.length, 7))).toBe(true);
  });

  it('whole blocks go straight to the disk, and from the first chunk that is none on the ordinary way', async () => {
    await using folder = await makeTempFolder();
    const path = folder.at('part');
    const bytes = randomBytes(3 * BLOCKS.length + 5000);
    const pieces = [BLOCKS.length, BLOCKS.length, 5000, BLOCKS.length];
    {
      await using writer = await openPartWriter(path, 0);
      let position = 0;
      for (const length of pieces) {
        BLOCKS.set(bytes.subarray(position, position + length));
        await writer.write(BLOCKS.subarray(0, length), position);
        position += length;
      }
      await writer.sync();
    }
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('once open for direct I/O, the kernel is asked before the caller goes on to hash', async () => {
    const direct = new SlowFile(Promise.resolve());
    await using writer = new PartWriter(new SlowFile(Promise.resolve()), 'part', () => Promise.resolve(direct));
    await writer.write(BLOCKS, 0);
    const writing = writer.write(BLOCKS, BLOCKS.length);
    expect(direct.calls).toEqual(['write', 'write']); // nothing was awaited in between
    await writing;
  });

  it('what direct I/O refuses is written on the ordinary way', async () => {
    const refused = Object.assign(new Error('not aligned'), { code: 'EINVAL' });
    const direct = new SlowFile(Promise.resolve());
    direct.write = () => Promise.reject(refused);
    const file = new SlowFile(Promise.resolve());
    const writer = new PartWriter(file, 'part', () => Promise.resolve(direct));
    await writer.write(BLOCKS, 0);
    await writer.write(BLOCKS, BLOCKS.length);
    await writer.sync();
    await writer.close();
    expect(file.calls).toEqual(['write', 'write', 'sync', 'close']);
    expect(direct.calls).toEqual(['close']);
  });

  it('a disk that fails beneath direct I/O fails the copy', async () => {
    const direct = new SlowFile(Promise.resolve());
    direct.write = () => Promise.reject(diskError());
    const file = new SlowFile(Promise.resolve());
    await using writer = new PartWriter(file, 'part', () => Promise.resolve(direct));
    await expectRejection('disk-failed', writer.write(BLOCKS, 0));
    expect(file.calls).toEqual([]);
  });
});
