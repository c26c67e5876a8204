// A real folder as a card, at its worst: links, pipes, devices, swapped folders, unreadable places, a card that leaves.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Card, DEFAULT_CARD_LIMITS, openCard, TAKE_EVERYTHING } from '../../src/camera/index.ts';
import { isFailure } from '../../src/evidence/index.ts';
import { fileAt, listAll, listed, put, readAll, temporaryPlace } from './places.ts';

const isRoot = process.getuid?.() === 0;

function open(root: string, sysRoot?: string): Promise<Card> {
  return openCard({
    root,
    identity: { way: 'folder', folder: root },
    profile: TAKE_EVERYTHING,
    limits: DEFAULT_CARD_LIMITS,
    sysRoot,
  });
}

/** Of the file system that a path is on, as the kernel writes it down. */
function deviceNumber(path: string): string {
  const dev = BigInt(statSync(path).dev);
  return `${((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n)}:${(dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)}`;
}

describe('a folder as a card', () => {
  test('lists links, pipes and sockets as refused, without opening or following one', async () => {
    const root = temporaryPlace();
    put(root, 'real.mp4', 'bytes');
    symlinkSync('/etc/passwd', join(root, 'link.mp4'));
    symlinkSync('.', join(root, 'loop'));
    symlinkSync('nowhere', join(root, 'broken'));
    execFileSync('mkfifo', [join(root, 'pipe.mp4')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    await using card = await open(root);
    const files = await listAll(card);
    await new Promise((resolve) => server.close(resolve));
    expect(files.map(({ path, type, verdict }) => [path.text, type, verdict.take])).toEqual([
      ['broken', 'symlink', false],
      ['link.mp4', 'symlink', false],
      ['loop', 'symlink', false],
      ['pipe.mp4', 'fifo', false],
      ['real.mp4', 'file', true],
      ['socket', 'socket', false],
    ]);
    for (const { path } of files.filter(({ verdict }) => !verdict.take && verdict.outcome === 'refused'))
      await expect(card.open(listed(path.text))).rejects.toSatisfy(
        (error) => isFailure(error, 'name-refused') || isFailure(error, 'source-changed'),
      );
  });

  test.runIf(isRoot)('lists device nodes as refused and never opens one', async () => {
    const root = temporaryPlace();
    execFileSync('mknod', [join(root, 'full.mp4'), 'c', '1', '7']);
    execFileSync('mknod', [join(root, 'disk'), 'b', '7', '200']);
    await using card = await open(root);
    expect((await listAll(card)).map(({ type }) => type)).toEqual(['device', 'device']);
    await expect(card.open(listed('full.mp4'))).rejects.toSatisfy((error) => isFailure(error, 'name-refused'));
  });

  test('does not follow a folder that was swapped for a link after the listing', async () => {
    const outside = temporaryPlace();
    put(outside, 'a.mp4', 'secret of the station');
    const root = temporaryPlace();
    put(root, 'DCIM/a.mp4', 'footage');
    await using card = await open(root);
    const file = await fileAt(card, 'DCIM/a.mp4');
    renameSync(join(root, 'DCIM'), join(root, 'old'));
    symlinkSync(outside, join(root, 'DCIM'));
    await expect(card.open(file)).rejects.toSatisfy((error) => isFailure(error, 'name-refused'));
  });

  test('does not open a pipe that took the place of a file', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    await using card = await open(root);
    const file = await fileAt(card, 'a.mp4');
    rmSync(join(root, 'a.mp4'));
    execFileSync('mkfifo', [join(root, 'a.mp4')]);
    await expect(card.open(file)).rejects.toSatisfy((error) => isFailure(error, 'name-refused'));
  });

  test('reports a place that gives an I/O error as unreadable while the card is there, and reads the rest', async () => {
    await using card = await open(`/proc/${process.pid}/`);
    await using source = await card.open(listed('mem')); // the first page of a process is never mapped: EIO
    await expect(source.read(Buffer.alloc(16), 0, 16, 0)).rejects.toSatisfy((error) =>
      isFailure(error, 'source-unreadable'),
    );
    expect((await readAll(card, listed('comm'))).length).toBeGreaterThan(0);
  });

  test('goes on behind a folder that may not be read, which is no problem where it is the file system\u2019s own', async () => {
    const root = temporaryPlace();
    const closed = ['a', 'c/lost+found', 'lost+found'].map((name) => join(root, name));
    for (const each of closed) put(each, 'inner.mp4');
    put(root, 'b.mp4');
    for (const each of closed) chmodSync(each, 0);
    const list = [process.execPath, '--input-type=module', '-e', LISTER, root];
    const [program = '', ...rest] = isRoot
      ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...list]
      : list;
    if (isRoot) chmodSync(root, 0o755);
    const seen: unknown = JSON.parse(execFileSync(program, rest, { encoding: 'utf8', cwd: '/' }));
    for (const each of closed) chmodSync(each, 0o755);
    expect(seen).toEqual([
      ['a', 'unreadable', 'cannot be read (EACCES)'],
      ['b.mp4', 'file', ''],
      ['c/lost+found', 'unreadable', 'cannot be read (EACCES)'],
      ['lost+found', 'unreadable', expect.stringMatching(/^kept by the file system/)],
    ]);
  });

  test('holds no folder open once its listing was cancelled and it is closed, so that it can be unmounted', async () => {
    const root = temporaryPlace();
    put(root, 'DCIM/a.mp4', 'footage');
    {
      await using card = await open(root);
      const all = Array.fromAsync(card.list(AbortSignal.abort()));
      await expect(all).rejects.toSatisfy((error) => isFailure(error, 'cancelled'));
    }
    const held = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return readlinkSync(join('/proc/self/fd', fd));
      } catch {
        return []; // the one that lists them is closed by now
      }
    });
    expect(held.filter((path) => path.startsWith(root))).toEqual([]);
  });

  test('says camera-gone for everything once its root has left', async () => {
    const root = temporaryPlace();
    put(root, 'card/a.mp4', 'footage');
    put(root, 'card/b.mp4', 'footage');
    await using card = await open(join(root, 'card'));
    const file = await fileAt(card, 'a.mp4');
    renameSync(join(root, 'card'), join(root, 'elsewhere'));
    rmSync(join(root, 'elsewhere'), { recursive: true });
    expect(await card.isPresent()).toBe(false);
    await expect(card.open(file)).rejects.toSatisfy((error) => isFailure(error, 'camera-gone'));
    await expect(open(join(root, 'card'))).rejects.toSatisfy((error) => isFailure(error, 'camera-gone'));
  });

  test('says that the camera left when another card stands in its place', async () => {
    const root = temporaryPlace();
    put(root, 'card/a.mp4', 'footage');
    await using card = await open(join(root, 'card'));
    const file = await fileAt(card, 'a.mp4');
    renameSync(join(root, 'card'), join(root, 'old'));
    rmSync(join(root, 'old', 'a.mp4'));
    put(root, 'card/a.mp4', 'of another camera');
    await expect(card.open(file)).rejects.toSatisfy((error) => isFailure(error, 'camera-gone'));
  });

  test('takes the device as gone when sysfs no longer knows it, whatever the caches answer', async () => {
    const root = temporaryPlace();
    put(root, 'card/a.mp4', 'footage');
    const number = deviceNumber(join(root, 'card'));
    mkdirSync(join(root, 'sys/dev/block', number), { recursive: true });
    await using card = await open(join(root, 'card'), join(root, 'sys'));
    expect(await card.isPresent()).toBe(true);
    rmSync(join(root, 'sys/dev/block', number), { recursive: true });
    expect(await card.isPresent()).toBe(false);
  });

  test('says that it left when its disk did while it was listed, and does not mind a request that failed once', async () => {
    const root = temporaryPlace();
    put(root, 'card/a.mp4', 'footage');
    // A partition and its disk, as sysfs has them: what is said is said of the disk.
    const [disk, block] = [join(root, 'sys/block/sdb'), join(root, 'sys/dev/block')];
    for (const each of [join(disk, 'sdb1'), block]) mkdirSync(each, { recursive: true });
    symlinkSync(join(disk, 'sdb1'), join(block, deviceNumber(join(root, 'card'))));
    const say = (state: string, failed: number): void => {
      put(disk, 'device/state', `${state}\n`);
      put(disk, 'device/ioerr_cnt', `0x${failed}\n`);
    };
    const list = async (meanwhile: () => void): Promise<string[]> => {
      say('running', 2);
      await using card = await open(join(root, 'card'), join(root, 'sys'));
      const paths: string[] = [];
      for await (const { path } of card.list()) {
        paths.push(path.text);
        meanwhile();
      }
      return paths;
    };
    expect(await list(() => undefined)).toEqual(['a.mp4']);
    expect(await list(() => say('running', 3))).toEqual(['a.mp4']);
    for (const leave of [() => say('cancel', 2), () => rmSync(join(disk, 'sdb1'), { recursive: true })])
      await expect(list(leave)).rejects.toSatisfy((error) => isFailure(error, 'camera-gone'));
  });

  test('leaves the access time of what it reads as it was', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    const before = new Date('2020-01-01T00:00:00Z');
    utimesSync(join(root, 'a.mp4'), before, before);
    await using card = await open(root);
    await readAll(card, await fileAt(card, 'a.mp4'));
    expect(statSync(join(root, 'a.mp4')).atime).toEqual(before);
  });

  test('sees that an open file grows', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'foot');
    await using card = await open(root);
    await using source = await card.open(await fileAt(card, 'a.mp4'));
    writeFileSync(join(root, 'a.mp4'), 'footage');
    expect((await source.stat()).sizeBytes).toBe(7);
  });

  test('leaves no file open behind', async () => {
    const root = temporaryPlace();
    for (const path of ['a/b/c.mp4', 'a/d.mp4', 'e.mp4']) put(root, path, path);
    const held = (): string[] => openPaths().filter((path) => path.startsWith(root));
    const card = await open(root);
    for (const file of await listAll(card)) await readAll(card, file);
    for await (const file of card.list()) if (file.path.text === 'a/b/c.mp4') break;
    await card.open(listed('a/none')).catch(() => undefined);
    expect(held()).toEqual([root]);
    await card.close();
    expect(held()).toEqual([]);
  });
});

function openPaths(): string[] {
  return execFileSync('sh', ['-c', `readlink /proc/${process.pid}/fd/* || true`], { encoding: 'utf8' }).split('\n');
}

const LISTER = `
import { DEFAULT_CARD_LIMITS, openCard, TAKE_EVERYTHING } from ${JSON.stringify(join(import.meta.dirname, '../../src/camera/index.ts'))};
const card = await openCard({ root: process.argv[1], identity: { way: 'folder' }, profile: TAKE_EVERYTHING, limits: DEFAULT_CARD_LIMITS });
const seen = [];
for await (const file of card.list()) seen.push([file.path.text, file.type, file.verdict.take ? '' : file.verdict.reason]);
console.log(JSON.stringify(seen));
`;
