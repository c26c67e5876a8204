// Files that a program shows (MTP): opened and read by a process of their own, so that nothing docketd starts makes the program fetch them again,
// and nothing of docketd waits for one that hangs. A plain folder stands for the mount.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  clearFile,
  DEFAULT_CARD_LIMITS,
  type FolderCard,
  type OpenCardOptions,
  openCard,
  TAKE_EVERYTHING,
} from '../../src/camera/index.ts';
import { Failure, isFailure } from '../../src/evidence/index.ts';
import { fileAt, listAll, listed, put, readAll, temporaryPlace } from './places.ts';

const MIB = 1_048_576;

const APART: Partial<OpenCardOptions> = { apart: true };

function open(root: string, options = APART): Promise<FolderCard> {
  const identity = { way: 'folder', folder: root } as const;
  return openCard({ root, identity, profile: TAKE_EVERYTHING, limits: DEFAULT_CARD_LIMITS, ...options });
}

/** The processes that have a file open, or anything below a folder. */
function holders(path: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => linksOf(`/proc/${pid}/fd`).some((held) => `${held}/`.startsWith(`${path}/`))).map(Number);
}

function linksOf(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return readlinkSync(join(folder, name));
      } catch {
        return []; // closed by now
      }
    });
  } catch {
    return []; // that process ended
  }
}

/** The one process, another than this, that has a file open. */
function readerOf(path: string): number {
  const [pid = expect.fail('nobody reads it'), ...more] = holders(path);
  expect([pid, more]).toEqual([expect.not.toSatisfy((each) => each === process.pid), []]);
  return pid;
}

/** The children of this process that read a card. */
function readers(): number[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  const children = text === '' ? [] : text.split(' ').map(Number);
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('card-reader'));
}

/** A folder that the machine calls a mount by which a program shows a camera, and the camera's entry in sysfs. */
function shown(): {
  readonly root: string;
  readonly entry: string;
  readonly mountinfo: string;
  readonly options: Partial<OpenCardOptions>;
} {
  const place = temporaryPlace();
  const root = join(place, 'card');
  mkdirSync(root);
  const dev = BigInt(statSync(root).dev);
  const number = `${((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n)}:${(dev & 0xffn) | ((dev >> 12n) & 0xffffff00n)}`;
  const entry = join(place, 'sys/dev/char/189:16');
  mkdirSync(entry, { recursive: true });
  const line = `40 21 ${number} / ${root} ro - fuse.jmtpfs /dev/bus/usb/001/017 ro,user_id=998,group_id=0\n`;
  put(place, 'proc/self/mountinfo', line);
  const options = { sysRoot: join(place, 'sys'), procRoot: join(place, 'proc') };
  return { root, entry, mountinfo: join(place, 'proc/self/mountinfo'), options };
}

const isCode = (code: Parameters<typeof isFailure>[1]) => (error: unknown) => isFailure(error, code);

describe('a card that a program shows', () => {
  test('is read by one process of its own; this one has no descriptor of its files', async () => {
    const { root, options } = shown();
    put(root, 'DCIM/a.mp4', 'footage');
    put(root, 'DCIM/b.mp4', 'more of it');
    const card = await open(root, options);
    const [a, b] = [await fileAt(card, 'DCIM/a.mp4'), await fileAt(card, 'DCIM/b.mp4')];
    expect(readers()).toEqual([]); // listing needs none
    {
      await using source = await card.open(a);
      await source.read(Buffer.alloc(4), 0, 4, 0);
      const reader = readerOf(join(root, 'DCIM/a.mp4'));
      await using _other = await card.open(b);
      expect(readerOf(join(root, 'DCIM/b.mp4'))).toBe(reader);
      expect(linksOf('/proc/self/fd').filter((path) => path.startsWith(root))).toEqual([root]);
      expect(
        linksOf(`/proc/${reader}/fd`)
          .filter((path) => path.startsWith(root))
          .toSorted(),
      ).toEqual([join(root, 'DCIM/a.mp4'), join(root, 'DCIM/b.mp4')]);
    }
    expect(holders(root)).toEqual([process.pid]);
    await card.close();
    expect([holders(root), readers()]).toEqual([[], []]);
  });

  test('is read here as before where no program shows it', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    await using card = await open(root, {});
    await using _source = await card.open(await fileAt(card, 'a.mp4'));
    expect([holders(join(root, 'a.mp4')), readers()]).toEqual([[process.pid], []]);
  });

  test('is gone with its device, or with its mount, without the program being asked', async () => {
    const { root, entry, mountinfo, options } = shown();
    await using card = await open(root, options);
    renameSync(root, `${root}-that-does-not-answer`);
    expect(await card.isPresent()).toBe(true);
    renameSync(entry, `${entry}-pulled`);
    expect(await card.isPresent()).toBe(false);
    renameSync(`${entry}-pulled`, entry);
    expect(await card.isPresent()).toBe(true);
    writeFileSync(mountinfo, '');
    expect(await card.isPresent()).toBe(false);
  });

  test('is never cleared', async () => {
    const { root, options } = shown();
    put(root, 'a.mp4', 'footage');
    await using card = await open(root, options);
    const file = await fileAt(card, 'a.mp4');
    await expect(clearFile(card, file, file)).rejects.toSatisfy(isCode('source-unreadable'));
    expect((await readAll(card, file)).toString()).toBe('footage');
  });
});

describe('a file that is read apart', () => {
  test('has the same bytes, whether they fit one message or not, wherever in the buffer they are wanted', async () => {
    const root = temporaryPlace();
    const bytes = randomBytes(9 * MIB + 13);
    put(root, 'long.mp4', bytes);
    put(root, 'empty.mp4');
    await using card = await open(root);
    const long = await fileAt(card, 'long.mp4');
    for (const step of [6 * MIB, MIB + 1]) expect((await readAll(card, long, step)).equals(bytes)).toBe(true);
    expect(await readAll(card, await fileAt(card, 'empty.mp4'))).toHaveLength(0);
    await using source = await card.open(long);
    const buffer = Buffer.alloc(10, 0x2e);
    expect(await source.read(buffer, 3, 4, 9 * MIB + 11)).toBe(2);
    expect(buffer.equals(Buffer.concat([Buffer.from('...'), bytes.subarray(-2), Buffer.from('.....')]))).toBe(true);
  });

  test('is seen to change while it is open', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'foot');
    await using card = await open(root);
    const file = await fileAt(card, 'a.mp4');
    await using source = await card.open(file);
    expect(await source.stat()).toEqual({ sizeBytes: 4, modifiedAtMs: file.modifiedAtMs });
    writeFileSync(join(root, 'a.mp4'), 'footage');
    expect((await source.stat()).sizeBytes).toBe(7);
  });

  test('is a regular file with no link on the way, also if it was none when it was listed', async () => {
    const root = temporaryPlace();
    const outside = temporaryPlace();
    put(outside, 'a.mp4', 'secret of the station');
    for (const path of ['DCIM/a.mp4', 'link.mp4', 'pipe.mp4', 'full.mp4']) put(root, path, 'footage');
    await using card = await open(root);
    const files = await listAll(card);
    for (const path of ['DCIM', 'link.mp4', 'pipe.mp4', 'full.mp4'])
      renameSync(join(root, path), join(root, `old-${path}`));
    symlinkSync(outside, join(root, 'DCIM'));
    symlinkSync('old-link.mp4', join(root, 'link.mp4'));
    execFileSync('mkfifo', [join(root, 'pipe.mp4')]);
    if (process.getuid?.() === 0) execFileSync('mknod', [join(root, 'full.mp4'), 'c', '1', '7']);
    else symlinkSync('/dev/full', join(root, 'full.mp4'));
    expect(files).toHaveLength(4);
    for (const file of files) await expect(card.open(file)).rejects.toSatisfy(isCode('name-refused'));
    await expect(card.open(listed(`../${outside.split('/').at(-1)}/a.mp4`))).rejects.toSatisfy(isCode('name-refused'));
    await expect(card.open(listed('none.mp4'))).rejects.toSatisfy(isCode('source-changed'));
  });

  test('is not opened on another card that stands in its place', async () => {
    const root = temporaryPlace();
    put(root, 'card/a.mp4', 'footage');
    await using card = await open(join(root, 'card'));
    const file = await fileAt(card, 'a.mp4');
    renameSync(join(root, 'card'), join(root, 'old'));
    put(root, 'card/a.mp4', 'of another camera');
    await expect(card.open(file)).rejects.toSatisfy(isCode('camera-gone'));
  });

  test('fails when its reader dies, and is read by another at the next opening', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    await using card = await open(root);
    const file = await fileAt(card, 'a.mp4');
    await using source = await card.open(file);
    const pid = readerOf(join(root, 'a.mp4'));
    process.kill(pid, 'SIGSTOP');
    const reading = source.read(Buffer.alloc(7), 0, 7, 0);
    process.kill(pid, 'SIGKILL');
    await expect(reading).rejects.toSatisfy(isCode('source-unreadable'));
    await expect(source.stat()).rejects.toSatisfy(isCode('source-unreadable'));
    expect((await readAll(card, file)).toString()).toBe('footage');
  });

  test('is not broken by the signal that ends a service: the station cancels it', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    await using card = await open(root);
    await using source = await card.open(await fileAt(card, 'a.mp4'));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.kill(readerOf(join(root, 'a.mp4')), signal);
      expect(await source.read(Buffer.alloc(7), 0, 7, 0)).toBe(7);
    }
  });

  test.each([
    ['cancelled', undefined],
    ['limit-exceeded', 'limit-exceeded'],
  ] as const)('whose read hangs is given up when the copy is aborted: %s', async (code, reason) => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    const stop = new AbortController();
    await using card = await open(root);
    const file = await fileAt(card, 'a.mp4');
    {
      await using source = await card.open(file, stop.signal);
      process.kill(readerOf(join(root, 'a.mp4')), 'SIGSTOP');
      const reading = source.read(Buffer.alloc(7), 0, 7, 0);
      stop.abort(reason === undefined ? undefined : new Failure(reason, 'it took too long'));
      await expect(reading).rejects.toSatisfy(isCode(code));
    }
    await expect(card.open(file, stop.signal)).rejects.toSatisfy(isCode(code));
    expect((await readAll(card, file)).toString()).toBe('footage');
  });

  test('does not keep its card from being closed when it hangs', async () => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    const card = await open(root);
    const file = await fileAt(card, 'a.mp4');
    const source = await card.open(file);
    process.kill(readerOf(join(root, 'a.mp4')), 'SIGSTOP');
    const reading = source.read(Buffer.alloc(7), 0, 7, 0).catch((error: unknown) => error);
    await card.close();
    expect(await reading).toSatisfy(isCode('source-unreadable'));
    await source.close();
    expect(holders(root)).toEqual([]);
    await expect(card.open(file)).rejects.toSatisfy(isCode('source-unreadable'));
  });

  test.each([
    ['what is no answer', '"footage"'],
    ['an answer to what was not asked', '{ id: 7, value: 1 }'],
    ['no file', '{ id, value: "footage" }'],
    ['what is no error', '{ id, errno: "it hurts" }'],
    ['more bytes than were asked for', '{ id, value: ask === "open" ? 1 : new Uint8Array(8) }'],
  ])('fails where its reader says %s', async (_what, answer) => {
    const root = temporaryPlace();
    put(root, 'a.mp4', 'footage');
    put(root, 'liar.mjs', `process.on('message', ({ id, ask }) => process.send(${answer}));`);
    await using card = await open(root, { apart: true, readerScript: pathToFileURL(join(root, 'liar.mjs')) });
    const buffer = Buffer.alloc(16, 0x2e);
    const reading = card.open(listed('a.mp4')).then((source) => source.read(buffer, 0, 7, 0));
    await expect(reading).rejects.toMatchObject({ code: 'source-unreadable', facts: { errno: 'EPROTO' } });
    expect(buffer.equals(Buffer.alloc(16, 0x2e))).toBe(true);
  });
});
