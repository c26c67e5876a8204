// The simulated camera does what cards and cables do, where and as often as it is told.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Fault, openSimulatedCard, type SimulatedFile } from '../../src/camera/index.ts';
import { isFailure } from '../../src/evidence/index.ts';
import { ManualClock } from './manual-clock.ts';
import { fileAt, listAll, listed, readAll } from './places.ts';

const FILES: readonly SimulatedFile[] = [
  { path: 'a.mp4', content: { sizeBytes: 10_000, seed: 1 } },
  { path: 'b.mp4', content: { sizeBytes: 100, seed: 2 } },
];

function card(...faults: Fault[]): ReturnType<typeof openSimulatedCard> {
  return openSimulatedCard({ files: FILES, faults });
}

describe('a simulated camera', () => {
  test('fails to read at one byte once, then reads it', async () => {
    await using camera = card({ kind: 'read-error', path: 'a.mp4', atByte: 4500, times: 1 });
    await using source = await camera.open(listed('a.mp4'));
    const buffer = Buffer.alloc(10_000);
    expect(await source.read(buffer, 0, 10_000, 0)).toBe(4500);
    await expect(source.read(buffer, 0, 10_000, 4500)).rejects.toSatisfy((error) =>
      isFailure(error, 'source-unreadable'),
    );
    expect(await source.read(buffer, 0, 10_000, 4500)).toBe(5500);
  });

  test('fails to read there always, and reads the other files', async () => {
    await using camera = card({ kind: 'read-error', path: 'a.mp4', atByte: 0, times: 'always' });
    for (const _ of [1, 2, 3])
      await expect(readAll(camera, listed('a.mp4'))).rejects.toSatisfy((error) =>
        isFailure(error, 'source-unreadable'),
      );
    expect(await readAll(camera, listed('b.mp4'))).toHaveLength(100);
  });

  test('leaves at a byte, and everything fails from then on', async () => {
    await using camera = card({ kind: 'gone', path: 'a.mp4', atByte: 5000 });
    await using other = await camera.open(listed('b.mp4'));
    await expect(readAll(camera, listed('a.mp4'))).rejects.toSatisfy((error) => isFailure(error, 'camera-gone'));
    for (const late of [
      other.read(Buffer.alloc(1), 0, 1, 0),
      other.stat(),
      camera.open(listed('b.mp4')),
      listAll(camera),
    ])
      await expect(late).rejects.toSatisfy((error) => isFailure(error, 'camera-gone'));
    expect(await camera.isPresent()).toBe(false);
  });

  test('leaves while it is listed', async () => {
    await using camera = card({ kind: 'gone-while-listing', afterFiles: 1 });
    await expect(listAll(camera)).rejects.toSatisfy((error) => isFailure(error, 'camera-gone'));
  });

  test('grows while it is read: size and time are not what they were', async () => {
    await using camera = card({ kind: 'grows', path: 'b.mp4', byBytes: 50 });
    await using source = await camera.open(listed('b.mp4'));
    const before = await source.stat();
    expect(await source.read(Buffer.alloc(1000), 0, 1000, 0)).toBe(150);
    const after = await source.stat();
    expect([before.sizeBytes, after.sizeBytes, after.modifiedAtMs > before.modifiedAtMs]).toEqual([100, 150, true]);
  });

  test('gives other bytes at the second reading, with the same size and time', async () => {
    await using camera = card({ kind: 'changes', path: 'a.mp4', atByte: 7000 });
    const [first, second] = [await readAll(camera, listed('a.mp4')), await readAll(camera, listed('a.mp4'))];
    expect(first.length).toBe(second.length);
    expect([...first.keys()].filter((k) => first[k] !== second[k])).toEqual([7000]);
  });

  test('does not open a file, or lists one that is not there', async () => {
    await using camera = card({ kind: 'open-error', path: 'a.mp4', times: 1 }, { kind: 'vanishes', path: 'b.mp4' });
    await expect(camera.open(listed('a.mp4'))).rejects.toSatisfy((error) => isFailure(error, 'source-unreadable'));
    expect(await readAll(camera, listed('a.mp4'))).toHaveLength(10_000);
    await expect(camera.open(await fileAt(camera, 'b.mp4'))).rejects.toSatisfy((error) =>
      isFailure(error, 'source-changed'),
    );
  });

  test('reads as slowly as the clock says', async () => {
    const clock = new ManualClock();
    await using camera = openSimulatedCard({ files: FILES, faults: [{ kind: 'slow', readMs: 1000 }], clock });
    await using source = await camera.open(listed('b.mp4'));
    const reading = source.read(Buffer.alloc(10), 0, 10, 0);
    await clock.waiting(1);
    clock.advance(1000);
    expect(await reading).toBe(10);
  });

  test('holds a file of a terabyte in no memory, the same bytes at the same place however they are read', async () => {
    await using camera = openSimulatedCard({
      files: [
        { path: 'huge', content: { sizeBytes: 2 ** 40, seed: 3 } },
        { path: 'sparse', content: { sizeBytes: 2 ** 40, seed: 'zeros' } },
      ],
    });
    await using source = await camera.open(listed('huge'));
    const whole = Buffer.alloc(4096);
    const at = 2 ** 39 + 1;
    await source.read(whole, 0, 4096, at);
    const parts = Buffer.alloc(4096);
    for (let k = 0; k < 4096; k += 13) await source.read(parts, k, Math.min(13, 4096 - k), at + k);
    expect(parts.equals(whole)).toBe(true);
    expect(new Set(whole).size).toBeGreaterThan(200);
    expect(await source.read(whole, 0, 4096, 2 ** 40 - 1)).toBe(1);
    await using sparse = await camera.open(listed('sparse'));
    await sparse.read(whole, 0, 4096, at);
    expect(whole.every((byte) => byte === 0)).toBe(true);
  });

  test('makes the same bytes in every version: tests elsewhere compare digests', async () => {
    await using camera = openSimulatedCard({ files: FILES });
    expect(
      createHash('sha256')
        .update(await readAll(camera, listed('a.mp4')))
        .digest('hex'),
    ).toBe('eb03ff869845d0679a5984c7abebc6d77317fcb01e014ebc0c36fde984507d4c');
  });

  test('lists as many names as a receipt holds, one at a time', async () => {
    const files = function* (): Generator<SimulatedFile> {
      for (let k = 0; k < 150_000; k += 1) yield { path: `DCIM/${String(k % 10)}/${String(k)}.mp4` };
    };
    await using camera = openSimulatedCard({
      files: files(),
      limits: { maxFiles: 1_000_000, maxPathBytes: 4096, maxDepth: 32 },
    });
    let count = 0;
    for await (const file of camera.list()) count += file.verdict.take ? 1 : 0;
    expect(count).toBe(150_000);
  });
});
