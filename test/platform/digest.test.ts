// The hashing threads say what sha256sum and openssl say, of the very file that has the name; they end when told to.
import { randomBytes } from 'node:crypto';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { openDigestPool } from '../../src/platform/index.ts';
import { run } from '../child.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';

const MIB = 1_048_576;
/** Around the read buffer of a hashing thread. */
const SIZES = [0, 1, 55, 56, 64, MIB - 1, MIB, MIB + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB + 7];

it('says of every size what sha256sum and openssl say', async () => {
  await using folder = await makeTempFolder();
  await using pool = openDigestPool(2);
  const paths = SIZES.map((size) => folder.at(`${size}.mp4`));
  for (const [k, path] of paths.entries()) await writeFile(path, randomBytes(SIZES[k] ?? 0));
  const ours = await Promise.all(paths.map((path) => pool.digest(path, { sm3: true })));
  const sums = await run('sha256sum', paths);
  expect(ours.map((each, k) => `${each.sha256}  ${paths[k]}\n`).join('')).toBe(sums.stdout);
  const sm3 = await run('openssl', ['dgst', '-sm3', '-r', ...paths]);
  expect(ours.map((each, k) => `${each.sm3} *${paths[k]}\n`).join('')).toBe(sm3.stdout);
  expect(ours.map((each) => each.sizeBytes)).toEqual(SIZES);
  const plain = await pool.digest(folder.at('1.mp4'));
  expect('sm3' in plain).toBe(false);
});

it.each([tmpdir(), '/dev/shm'])('says the same of what it reads from the disk, in %s', async (base) => {
  await using folder = await makeTempFolder(base);
  await using pool = openDigestPool(1);
  for (const size of [...SIZES, 4096, MIB + 4096, 2 * MIB - 4096]) {
    const path = folder.at(`${size}.mp4`);
    await writeFile(path, randomBytes(size));
    expect(await pool.digest(path, { fromDisk: true })).toEqual(await pool.digest(path));
  }
});

it('refuses what is not a file of that name, with the errno', async () => {
  await using folder = await makeTempFolder();
  await using pool = openDigestPool(1);
  await writeFile(folder.at('file'), 'x');
  await symlink('file', folder.at('link'));
  await mkdir(folder.at('folder'));
  await run('mkfifo', [folder.at('pipe')]);
  await expect(pool.digest(folder.at('link'))).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(pool.digest(folder.at('none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(pool.digest(folder.at('file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(pool.digest(folder.at('folder'))).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(pool.digest(folder.at('pipe'))).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(pool.digest('/dev/zero')).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(pool.digest(folder.at('file')), 'and goes on').resolves.toMatchObject({ sizeBytes: 1 });
});

describe('threads', () => {
  it('work side by side: a small file does not wait for a large one', async () => {
    await using folder = await makeTempFolder();
    await writeFile(folder.at('small'), 'x');
    await writeFile(folder.at('large'), '');
    await truncate(folder.at('large'), 256 * MIB);
    const orderWith = async (size: number): Promise<readonly string[]> => {
      await using pool = openDigestPool(size);
      await Promise.all([pool.digest(folder.at('small')), pool.digest(folder.at('small'))]); // started
      const ended: string[] = [];
      await Promise.all(['large', 'small'].map((name) => pool.digest(folder.at(name)).then(() => ended.push(name))));
      return ended;
    };
    expect(await orderWith(2)).toEqual(['small', 'large']);
    expect(await orderWith(1)).toEqual(['large', 'small']);
  });

  it('end when closed: what waits and what comes later is cancelled, nothing is left hanging', async () => {
    await using folder = await makeTempFolder();
    await writeFile(folder.at('large'), '');
    await truncate(folder.at('large'), 64 * MIB);
    const pool = openDigestPool(1);
    await pool.digest(folder.at('large'));
    const waiting = Array.from({ length: 5 }, () => expectRejection('cancelled', pool.digest(folder.at('large'))));
    await pool.close();
    await Promise.all(waiting);
    await expectRejection('cancelled', pool.digest(folder.at('large')));
    await pool.close();
  });
});
