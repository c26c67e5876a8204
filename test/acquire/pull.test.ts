// Pulling a file: what is called whole is what the camera has, byte for byte and fsynced; what broke off is continued and never mixed;
// and nothing is begun that cannot be ended.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rereadFile } from '../../src/acquire/index.ts';
import {
  DEFAULT_CARD_LIMITS,
  type FolderCard,
  openCard,
  openSimulatedCard,
  TAKE_EVERYTHING,
} from '../../src/camera/index.ts';
import { Failure, type SourceFile } from '../../src/evidence/index.ts';
import { runCode, sourceUrl } from '../child.ts';
import { CAMERA } from '../evidence/samples.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';
import { type BufferCard, leaveAt, makeBufferCard } from './buffer-card.ts';
import { type Docked, NOW, openStation, type Station } from './docking.ts';

const MIB = 1_048_576;
const FILE = 'DCIM/执法_0001.mp4';
const noBytes = (): void => undefined;
const never = new AbortController().signal;

function digestOf(bytes: Buffer, algorithm: 'sha256' | 'sm3' = 'sha256'): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

async function expectWhole(docked: Docked, path: string, bytes: Buffer): Promise<void> {
  const n = docked.numberOf(path);
  expect((await readFile(docked.folder.bytesPath(n))).equals(bytes)).toBe(true);
  await expect(stat(docked.folder.partPath(n))).rejects.toMatchObject({ code: 'ENOENT' });
}

async function expectNothingWhole(station: Station): Promise<void> {
  const names = await readdir(station.spool.path, { recursive: true });
  expect(names.filter((name) => name.endsWith('.bytes'))).toEqual([]);
}

function partsIn(station: Station): Promise<readonly string[]> {
  return readdir(station.folder.at('spool', 'parts'));
}

async function partBytes(station: Station): Promise<Buffer | undefined> {
  const name = (await partsIn(station)).find((each) => /^[0-9a-f]+\.part$/.test(each));
  return name === undefined ? undefined : await readFile(station.folder.at('spool', 'parts', name));
}

describe('a file that is pulled', () => {
  it.each([0, 1, 65_537, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB + 7])(
    'of %i bytes is what the camera has',
    async (size) => {
      await using station = await openStation();
      const bytes = randomBytes(size);
      const docked = await station.dock(makeBufferCard({ [FILE]: bytes }));
      let counted = 0;
      const item = await docked.pull(FILE, { sm3: true, onBytes: (more) => void (counted += more) });
      await expectWhole(docked, FILE, bytes);
      expect(item.payload).toEqual({ sha256: digestOf(bytes), sm3: digestOf(bytes, 'sm3'), sizeBytes: size });
      expect(item).toMatchObject({
        stage: 'spooled',
        item: `${docked.listing.acquisition}-000001`,
        spoolPath: docked.folder.bytesPath(1),
      });
      expect([item.startedAtMs, item.finishedAtMs, counted]).toEqual([NOW, NOW, size]);
      expect('continuedAtBytes' in item).toBe(false);
    },
  );

  it('is read once, and only when it is its turn', async () => {
    await using station = await openStation();
    const card = makeBufferCard({ a: randomBytes(10), b: randomBytes(20) });
    const docked = await station.dock(card);
    expect(card.reads).toEqual([]);
    await docked.pull('b');
    expect(card.reads).toEqual([0, 20]);
    expect(await station.spool.stageOf(docked.folder, docked.numberOf('a'))).toBe('none');
    expect(await station.spool.stageOf(docked.folder, docked.numberOf('b'))).toBe('bytes');
  });

  it('says size and time of the file that was read, should it have changed since it was listed', async () => {
    await using station = await openStation();
    const card = makeBufferCard({ [FILE]: randomBytes(100) });
    const docked = await station.dock(card);
    const ended = randomBytes(250);
    card.files.set(FILE, { bytes: ended, modifiedAtMs: 77_000 });
    const item = await docked.pull(FILE);
    await expectWhole(docked, FILE, ended);
    expect(item.source).toMatchObject({ sizeBytes: 250, modifiedAtMs: 77_000, path: { text: FILE } });
  });

  it('is durable before it is called whole: bytes, then name, then folder', async () => {
    await using folder = await makeTempFolder();
    const root = folder.at('spool');
    const trace = folder.at('trace');
    const pull = `import { pullFile, listCard, openSpool } from ${JSON.stringify(sourceUrl('src/acquire/index.ts'))};
      import { openSimulatedCard } from ${JSON.stringify(sourceUrl('src/camera/index.ts'))};
      const card = openSimulatedCard({ files: [{ path: 'a.mp4', content: Buffer.alloc(5_000_000, 'x') }] });
      const spool = await openSpool(${JSON.stringify(root)}, { maxBytes: 1e9, reserveBytes: 0 });
      const docking = { acquisition: '20261121-064854-00000001', camera: card.identity, cameraOffsetMs: 'unknown', actor: { kind: 'station', name: 's' } };
      const listing = await listCard(docking, card.list(), { startedAtMs: 0, boot: 'b' });
      const at = await spool.begin(listing);
      const ports = { spool, clock: { now: () => 0 }, sm3: false, maxFileBytes: 1e9 };
      const pulled = await pullFile(ports, card, listing, at, 1, () => undefined, new AbortController().signal).then(() => 'whole', (error) => error.code);
      console.log(pulled);`;
    const strace = ['strace', '-f', '-y', '-o', trace, '-e', 'trace=fsync,rename'];
    const part = `${root}/20261121-064854-00000001/000001.part`;
    expect(await runCode(pull, [...strace, '--'])).toMatchObject({ status: 0, stderr: '', stdout: 'whole\n' });
    const calls = (await readFile(trace, 'utf8'))
      .split('\n')
      .flatMap((line) => /(fsync|rename)\(.*\/([^/]+?)[">]\) += 0/.exec(line)?.slice(1).join(' ') ?? []);
    expect(calls.slice(-3)).toEqual(['fsync 000001.part', 'rename 000001.bytes', 'fsync 20261121-064854-00000001']);

    await mkdir(folder.at('again'));
    await rename(root, folder.at('again', 'spool'));
    const failing = await runCode(pull, [...strace, '-P', part, '-e', 'inject=fsync:error=EIO', '--']);
    expect(failing).toMatchObject({ status: 0, stderr: '', stdout: 'disk-failed\n' });
    expect((await readdir(`${root}/20261121-064854-00000001`)).sort()).toEqual(['000001.part', 'listing.json']);
  });
});

describe('a source that changes while it is read is never called whole', () => {
  const change: Readonly<Record<string, (file: { bytes: Buffer; modifiedAtMs: number }) => void>> = {
    'it grew': (file) => void (file.bytes = Buffer.concat([file.bytes, Buffer.from('more')])),
    'it shrank': (file) => void (file.bytes = file.bytes.subarray(0, 6_000_000)),
    'it was emptied': (file) => void (file.bytes = Buffer.alloc(0)),
    'it was written to': (file) => void (file.modifiedAtMs += 1),
  };
  it.each(Object.keys(change))('%s', async (what) => {
    await using station = await openStation();
    const card = makeBufferCard({ [FILE]: randomBytes(9 * MIB) });
    const docked = await station.dock(card);
    card.beforeRead = (_path, position) => {
      const file = card.files.get(FILE);
      if (position === 4 * MIB && file !== undefined) change[what]?.(file);
    };
    await expectRejection('source-changed', docked.pull(FILE));
    await expectNothingWhole(station);
    expect(await partsIn(station)).toEqual([]); // such a part is not to be continued
    card.beforeRead = noBytes;
    await docked.pull(FILE);
    await expectWhole(docked, FILE, card.files.get(FILE)?.bytes ?? Buffer.alloc(0));
  });

  it('nor one that grows with every look at it', async () => {
    await using station = await openStation();
    await using card = openSimulatedCard({
      files: [{ path: 'a.mp4', content: { sizeBytes: 5 * MIB, seed: 1 } }],
      faults: [{ kind: 'grows', path: 'a.mp4', byBytes: 1000 }],
    });
    const docked = await station.dock(card);
    await expectRejection('source-changed', docked.pull('a.mp4'));
    await expectNothingWhole(station);
  });
});

describe('a camera that leaves', () => {
  it.each([1, 65_536, 1_000_000, 4 * MIB, 4 * MIB + 1, 9 * MIB - 1, 9 * MIB])(
    'at byte %i loses nothing: the next docking goes on from there',
    async (atByte) => {
      await using station = await openStation();
      const bytes = randomBytes(9 * MIB);
      const first = makeBufferCard({ [FILE]: bytes });
      leaveAt(first, atByte);
      const left = await station.dock(first);
      await expectRejection('camera-gone', left.pull(FILE));
      await expectNothingWhole(station);
      expect((await partBytes(station))?.equals(bytes.subarray(0, atByte))).toBe(true);
      expect(await station.spool.stageOf(left.folder, 1)).toBe('none');

      const card = makeBufferCard({ [FILE]: bytes });
      const docked = await station.dock(card);
      let counted = 0;
      const item = await docked.pull(FILE, { sm3: true, onBytes: (more) => void (counted += more) });
      await expectWhole(docked, FILE, bytes);
      expect(item.payload).toEqual({ sha256: digestOf(bytes), sm3: digestOf(bytes, 'sm3'), sizeBytes: bytes.length });
      expect([item.continuedAtBytes, counted]).toEqual([atByte, bytes.length]);
      expect(await partsIn(station)).toEqual([]);
    },
  );

  it('before the first byte leaves nothing behind', async () => {
    await using station = await openStation();
    const card = makeBufferCard({ [FILE]: randomBytes(100) });
    leaveAt(card, 0);
    const docked = await station.dock(card);
    await expectRejection('camera-gone', docked.pull(FILE));
    expect([await partsIn(station), await readdir(docked.folder.path)]).toEqual([[], ['listing.json']]);
  });

  it('again and again, is continued each time until the file is whole', async () => {
    await using station = await openStation();
    const bytes = randomBytes(6 * MIB + 3);
    for (let atByte = MIB; atByte < bytes.length; atByte += MIB) {
      const card = makeBufferCard({ [FILE]: bytes });
      leaveAt(card, atByte);
      await expectRejection('camera-gone', (await station.dock(card)).pull(FILE));
    }
    const docked = await station.dock(makeBufferCard({ [FILE]: bytes }));
    expect((await docked.pull(FILE)).continuedAtBytes).toBe(6 * MIB);
    await expectWhole(docked, FILE, bytes);
  });

  it('while its part is compared keeps the part', async () => {
    await using station = await openStation();
    const bytes = randomBytes(5 * MIB);
    await breakOff(station, makeBufferCard({ [FILE]: bytes }), 3 * MIB);
    await breakOff(station, makeBufferCard({ [FILE]: bytes }), MIB);
    expect((await partBytes(station))?.length).toBe(3 * MIB);
    const docked = await station.dock(makeBufferCard({ [FILE]: bytes }));
    expect((await docked.pull(FILE)).continuedAtBytes).toBe(3 * MIB);
    await expectWhole(docked, FILE, bytes);
  });
});

async function breakOff(station: Station, card: BufferCard, atByte: number): Promise<void> {
  leaveAt(card, atByte);
  await expectRejection('camera-gone', (await station.dock(card)).pull(FILE));
}

/** A folder with that file, which a process of its own reads. */
async function openApart(station: Station, bytes: Buffer): Promise<FolderCard> {
  const root = station.folder.at('card');
  await mkdir(dirname(station.folder.at('card', FILE)), { recursive: true });
  await writeFile(station.folder.at('card', FILE), bytes);
  return openCard({ root, identity: CAMERA, profile: TAKE_EVERYTHING, limits: DEFAULT_CARD_LIMITS, apart: true });
}

describe('a file that another process reads', () => {
  it('is what the camera has, and is read again as such', async () => {
    await using station = await openStation();
    const bytes = randomBytes(9 * MIB + 7);
    await using card = await openApart(station, bytes);
    const docked = await station.dock(card);
    expect((await docked.pull(FILE)).payload).toEqual({ sha256: digestOf(bytes), sizeBytes: bytes.length });
    await expectWhole(docked, FILE, bytes);
    const file = docked.listing.files[0] ?? expect.fail('the file is listed');
    expect(await rereadFile(card, file, noBytes, never)).toMatchObject({ sha256: digestOf(bytes) });
  });

  it('is continued after a read that hung was cancelled', async () => {
    await using station = await openStation();
    const bytes = randomBytes(9 * MIB + 7);
    await using card = await openApart(station, bytes);
    const docked = await station.dock(card);
    const abort = new AbortController();
    const hang = async (): Promise<void> => {
      const children = (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim().split(' ');
      for (const pid of children) process.kill(Number(pid), 'SIGSTOP');
      abort.abort();
    };
    let hung: Promise<void> | undefined;
    const onBytes = (more: number): void => void (more > 0 && (hung ??= hang()));
    await expectRejection('cancelled', docked.pull(FILE, { signal: abort.signal, onBytes }));
    await hung;
    const again = await station.dock(card);
    expect((await again.pull(FILE)).continuedAtBytes).toBeGreaterThanOrEqual(4 * MIB);
    await expectWhole(again, FILE, bytes);
  });
});

describe('a file that broke off', () => {
  it.each([
    ['the station stops', new Failure('cancelled', 'docket is stopping')],
    ['somebody aborts without a reason', undefined],
  ])('because %s is continued', async (_, reason) => {
    await using station = await openStation();
    const bytes = randomBytes(9 * MIB);
    const docked = await station.dock(makeBufferCard({ [FILE]: bytes }));
    const abort = new AbortController();
    const pulling = docked.pull(FILE, {
      signal: abort.signal,
      onBytes: (more) => void (more > 0 && abort.abort(reason)),
    });
    await expectRejection('cancelled', pulling);
    expect((await partBytes(station))?.equals(bytes.subarray(0, 4 * MIB))).toBe(true);
    const again = await station.dock(makeBufferCard({ [FILE]: bytes }));
    expect((await again.pull(FILE)).continuedAtBytes).toBe(4 * MIB);
    await expectWhole(again, FILE, bytes);
  });

  it('because one place could not be read is continued at once from there', async () => {
    await using station = await openStation();
    const bytes = randomBytes(6 * MIB);
    const card = makeBufferCard({ [FILE]: bytes });
    const docked = await station.dock(card);
    card.beforeRead = (_path, position) => {
      if (position >= 5_000_000) throw new Failure('source-unreadable', 'EIO');
      return 5_000_000 - position;
    };
    await expectRejection('source-unreadable', docked.pull(FILE));
    card.beforeRead = noBytes;
    expect((await docked.pull(FILE)).continuedAtBytes).toBe(5_000_000);
    await expectWhole(docked, FILE, bytes);
  });

  it.each([
    ['first', 0],
    ['last', 3 * MIB - 1],
  ])('is started again when the camera now shows another %s byte, and what was copied is set aside', async (_, at) => {
    await using station = await openStation();
    const before = randomBytes(5 * MIB);
    await breakOff(station, makeBufferCard({ [FILE]: before }), 3 * MIB);
    const now = Buffer.from(before);
    now[at] = (now[at] ?? 0) ^ 0xff;
    const docked = await station.dock(makeBufferCard({ [FILE]: now }));
    const item = await docked.pull(FILE);
    expect([item.continuedAtBytes, item.payload.sha256]).toEqual([undefined, digestOf(now)]);
    await expectWhole(docked, FILE, now);
    const [aside = '', ...more] = await partsIn(station);
    expect([more, aside.startsWith('1-aside-')]).toEqual([[], true]);
    expect((await readFile(station.folder.at('spool', 'parts', aside))).equals(before.subarray(0, 3 * MIB))).toBe(true);
  });

  it('and then changes while the rest is read is not whole, and what was copied before is set aside', async () => {
    await using station = await openStation();
    const bytes = randomBytes(9 * MIB);
    await breakOff(station, makeBufferCard({ [FILE]: bytes }), 3 * MIB);
    const card = makeBufferCard({ [FILE]: bytes });
    const docked = await station.dock(card);
    card.beforeRead = (_path, position) => {
      if (position > 5 * MIB) card.files.set(FILE, { bytes: randomBytes(9 * MIB), modifiedAtMs: 5000 });
    };
    await expectRejection('source-changed', docked.pull(FILE));
    await expectNothingWhole(station);
    const [aside = '', ...more] = await partsIn(station);
    expect([more, aside.startsWith('1-aside-')]).toEqual([[], true]);
    const kept = await readFile(station.folder.at('spool', 'parts', aside));
    expect(kept.subarray(0, 3 * MIB).equals(bytes.subarray(0, 3 * MIB))).toBe(true);
  });

  const damages: Readonly<Record<string, (part: string, note: string) => Promise<void>>> = {
    'a flipped byte': async (part) => {
      const bytes = await readFile(part);
      bytes[1_500_000] = (bytes[1_500_000] ?? 0) ^ 1;
      await writeFile(part, bytes);
    },
    'a missing end': (part) => truncate(part, 1_000_000),
    'zeros at the end': (part) => truncate(part, 3_500_000),
    'another note': async (_part, note) =>
      writeFile(
        note,
        (await readFile(note, 'utf8')).replace(/"sha256":"(.)/, (_, first) => `"sha256":"${first === '0' ? '1' : '0'}`),
      ),
    'a note that cannot be read': (_part, note) => writeFile(note, '{"v":1,'),
    'a note of another version': async (_part, note) =>
      writeFile(note, (await readFile(note, 'utf8')).replace('"v":1', '"v":2')),
  };
  it.each(Object.keys(damages))('and whose part has %s is started again, and the part is set aside', async (what) => {
    await using station = await openStation();
    const bytes = randomBytes(5 * MIB);
    await breakOff(station, makeBufferCard({ [FILE]: bytes }), 3 * MIB);
    const names = await partsIn(station);
    const [note = '', part = ''] = [
      names.find((name) => name.endsWith('.json')),
      names.find((name) => name.endsWith('.part')),
    ];
    await damages[what]?.(station.folder.at('spool', 'parts', part), station.folder.at('spool', 'parts', note));
    const docked = await station.dock(makeBufferCard({ [FILE]: bytes }));
    expect((await docked.pull(FILE)).continuedAtBytes).toBeUndefined();
    await expectWhole(docked, FILE, bytes);
    expect(await partsIn(station)).toEqual([`1-aside-${part}`]);
  });

  it.each<[string, (file: BufferCard) => BufferCard]>([
    [
      'from another camera',
      (card) =>
        makeBufferCard({ [FILE]: card.files.get(FILE)?.bytes ?? Buffer.alloc(0) }, { ...CAMERA, serial: 'DSJ-0002' }),
    ],
    [
      'with another name',
      (card) => makeBufferCard({ 'DCIM/other.mp4': card.files.get(FILE)?.bytes ?? Buffer.alloc(0) }),
    ],
    [
      'of another size',
      (card) =>
        makeBufferCard({ [FILE]: Buffer.concat([card.files.get(FILE)?.bytes ?? Buffer.alloc(0), Buffer.alloc(1)]) }),
    ],
  ])('is not continued by a file %s', async (_, other) => {
    await using station = await openStation();
    const card = makeBufferCard({ [FILE]: randomBytes(3 * MIB) });
    await breakOff(station, card, 2 * MIB);
    const another = other(card);
    const docked = await station.dock(another);
    const path = [...another.files.keys()][0] ?? '';
    expect((await docked.pull(path)).continuedAtBytes).toBeUndefined();
    await expectWhole(docked, path, another.files.get(path)?.bytes ?? Buffer.alloc(0));
    expect((await partBytes(station))?.length).toBe(2 * MIB); // still waits for its own
  });
});

describe('before a byte is read', () => {
  it.each([
    ['room', 'spool-full', {}, { maxBytes: MIB, reserveBytes: 0 }],
    [
      'room that may be used',
      'spool-full',
      {},
      { maxBytes: Number.MAX_SAFE_INTEGER, reserveBytes: Number.MAX_SAFE_INTEGER },
    ],
    ['a limit for one file', 'limit-exceeded', { maxFileBytes: MIB }, undefined],
  ] as const)('%s is demanded', async (_, code, options, limits) => {
    await using station = await openStation(limits);
    const card = makeBufferCard({ [FILE]: randomBytes(MIB + 1) });
    const docked = await station.dock(card);
    const failure = await expectRejection(code, docked.pull(FILE, options));
    expect(failure.message).toContain(String(MIB + 1));
    expect(card.reads).toEqual([]);
    expect(await readdir(docked.folder.path)).toEqual(['listing.json']);
  });

  it('room for the rest is enough where a part is kept', async () => {
    await using station = await openStation({ maxBytes: 4 * MIB, reserveBytes: 0 });
    const bytes = randomBytes(3 * MIB);
    await breakOff(station, makeBufferCard({ [FILE]: bytes }), 2 * MIB);
    const docked = await station.dock(makeBufferCard({ [FILE]: bytes }));
    expect((await docked.pull(FILE)).continuedAtBytes).toBe(2 * MIB);
    await expectWhole(docked, FILE, bytes);
  });
});

it('a disk that fills up half way is told as full, nothing is whole, and it goes on when there is room', async () => {
  await using folder = await makeTempFolder();
  const code = `import { pullFile, listCard, openSpool } from ${JSON.stringify(sourceUrl('src/acquire/index.ts'))};
    import { openSimulatedCard } from ${JSON.stringify(sourceUrl('src/camera/index.ts'))};
    import { readdir, rm, writeFile } from 'node:fs/promises';
    const disk = ${JSON.stringify(folder.path)};
    const card = openSimulatedCard({ files: [{ path: 'a.mp4', content: Buffer.alloc(6 << 20, 'x') }] });
    const spool = await openSpool(disk + '/spool', { maxBytes: 1e9, reserveBytes: 0 });
    const docking = { acquisition: '20261121-064854-00000001', camera: card.identity, cameraOffsetMs: 'unknown', actor: { kind: 'station', name: 's' } };
    const listing = await listCard(docking, card.list(), { startedAtMs: 0, boot: 'b' });
    const at = await spool.begin(listing);
    const ports = { spool, clock: { now: () => 0 }, sm3: false, maxFileBytes: 1e9 };
    const { writeFileSync } = await import('node:fs');
    const pull = (onBytes) => pullFile(ports, card, listing, at, 1, onBytes, new AbortController().signal).then(() => 'whole', (error) => error.code);
    let filled = false;
    const first = await pull((bytes) => {
      if (bytes === 0 || filled) return;
      filled = true;
      try { writeFileSync(disk + '/filler', Buffer.alloc(5 << 20)); } catch {}
    });
    const left = await readdir(at.path);
    await rm(disk + '/filler');
    console.log(JSON.stringify([first, left.sort(), await pull(() => undefined), (await readdir(at.path)).sort()]));`;
  const mount = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=8m none "$0" && exec "$@"', folder.path];
  const ended = await runCode(code, mount);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(ended.stdout)).toEqual(['spool-full', ['listing.json'], 'whole', ['000001.bytes', 'listing.json']]);
});

describe('reading again', () => {
  async function first(card: BufferCard): Promise<SourceFile> {
    for await (const file of card.list()) return file;
    throw new Error('the card is empty');
  }

  it('gives the digest of what the camera has now, and writes nothing', async () => {
    const bytes = randomBytes(9 * MIB);
    const card = makeBufferCard({ [FILE]: bytes });
    let counted = 0;
    expect(await rereadFile(card, await first(card), (more) => void (counted += more), never)).toEqual({
      sha256: digestOf(bytes),
      sizeBytes: bytes.length,
    });
    expect(counted).toBe(bytes.length);
  });

  it('tells a file of the same name, size and time with one other byte', async () => {
    const bytes = randomBytes(5 * MIB);
    const card = makeBufferCard({ [FILE]: bytes });
    const file = await first(card);
    const before = await rereadFile(card, file, noBytes, never);
    bytes[3_000_000] = (bytes[3_000_000] ?? 0) ^ 1;
    expect((await rereadFile(card, file, noBytes, never)).sha256).not.toBe(before.sha256);
  });

  it('of a file that changes meanwhile gives none', async () => {
    const card = makeBufferCard({ [FILE]: randomBytes(5 * MIB) });
    const file = await first(card);
    card.beforeRead = (_path, position) => {
      const held = card.files.get(FILE);
      if (position > 0 && held !== undefined) held.modifiedAtMs += 1;
    };
    await expectRejection('source-changed', rereadFile(card, file, noBytes, never));
    leaveAt(card, MIB);
    await expectRejection('camera-gone', rereadFile(card, file, noBytes, never));
  });
});
