// What lies on hostile cards: names of any bytes, links, pipes, sockets and devices, folders too deep, files of nothing but holes.
// Whatever it is, it has a line on the receipt; only regular files are ever opened; nothing outside the card is.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { payloadKey, type Receipt } from '../../src/evidence/index.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from './places.ts';
import { copyStation, dock, entriesOf, makeStation, outcomesOf, placesIn } from './stations.ts';
import { nodeArguments, run } from './syscalls.ts';
import { expectClean } from './whole.ts';

const GIB = 1024 ** 3;

let place: string;
let template: string;
let config: string;
let camera: string;

beforeAll(async () => {
  place = temporaryPlace('fast');
  template = await makeStation(join(place, 'template'));
});

beforeEach(() => {
  const name = randomBytes(4).toString('hex');
  config = copyStation(template, join(place, name));
  camera = join(place, `${name}-camera`);
  mkdirSync(camera);
});

/** Writes a file whose name is bytes. */
function putRaw(name: Buffer, bytes: Buffer): void {
  writeFileSync(Buffer.concat([Buffer.from(`${camera}/`), name]), bytes);
}

function lineOf(receipt: Receipt, part: string): Receipt['files'][number] {
  const found = receipt.files.find((file) => file.path.text.includes(part));
  if (found === undefined) throw new Error(`${part} has no line on the receipt`);
  return found;
}

/** Names under which cameras, or people who wish us ill, have put files. */
const NAMES: Readonly<Record<string, Buffer>> = {
  'a new line': Buffer.from('a\nb.mp4'),
  'a carriage return and an escape sequence': Buffer.from('\r\u001b[2Jgone.mp4'),
  'dots that look like the way up': Buffer.from('..mp4'),
  'three dots': Buffer.from('...'),
  'a leading dash': Buffer.from('-rf .mp4'),
  'a backslash and quotes': Buffer.from('a\\"b\'.mp4'),
  'GBK bytes': Buffer.from([0xd6, 0xb4, 0xb7, 0xa8, 0x2e, 0x6d, 0x70, 0x34]),
  'bytes of no encoding': Buffer.from([0xff, 0xfe, 0x80, 0x2e, 0x6d, 0x70, 0x34]),
  '255 bytes': Buffer.concat([Buffer.alloc(251, 'x'), Buffer.from('.mp4')]),
  'Chinese of 255 bytes': Buffer.concat([Buffer.from('执'.repeat(83)), Buffer.from('ab.mp4')]),
  'text that turns its direction': Buffer.from('\u202egpj.4pm'),
  'composed and decomposed letters': Buffer.from('e\u0301.mp4'),
  'a name docket uses itself': Buffer.from('.docket-tmp-0000-x'),
  'a percent sign': Buffer.from('%2e%2e%2f.mp4'),
};

describe('names', () => {
  it.each(Object.entries(NAMES))('%s: on record once, found again, and its bytes come back', async (_, name) => {
    const bytes = bytesOf(name.length, 2000);
    putRaw(name, bytes);
    const { receipt, final } = await dock(config, { path: camera, case: '2026-LX-0003' });
    expect(final).toBe(true);
    expect(receipt.files.map(({ outcome, sha256 }) => [outcome, sha256])).toEqual([['recorded', sha256Of(bytes)]]);
    const again = await dock(config, { path: camera, case: '2026-LX-0003' });
    expect(again.receipt.files.map(({ outcome }) => outcome)).toEqual(['already-recorded']);
    expect(await entriesOf(config, 'item.recorded')).toHaveLength(1);
    await expectClean(config);
  });

  it('two that differ in bytes that no text can show are two items', async () => {
    putRaw(Buffer.from([0xff, 0x2e, 0x6d, 0x70, 0x34]), bytesOf(1, 100));
    putRaw(Buffer.from([0xfe, 0x2e, 0x6d, 0x70, 0x34]), bytesOf(1, 100));
    await dock(config, { path: camera });
    const again = await dock(config, { path: camera });
    expect(again.receipt.files.map(({ outcome }) => outcome)).toEqual(['already-recorded', 'already-recorded']);
    const items = await entriesOf(config, 'item.recorded');
    expect(new Set(items.map(({ path }) => path.bytes ?? path.text)).size).toBe(2);
    await expectClean(config);
  });

  it('of the command line show no control characters', async () => {
    putRaw(Buffer.from('\u001b]0;owned\u0007\r\u001b[2Jgone.mp4'), bytesOf(1, 100));
    const { stdout, stderr, code } = await run(process.execPath, nodeArguments(['dock', camera, '--config', config]));
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe('entries that are no regular files', () => {
  it('are never opened, stand on the receipt with a reason, and cost the regular ones nothing', async () => {
    layOut(camera, { 'real.mp4': bytesOf(1, 3000) });
    layOut(place, { 'secret.txt': 'not of this camera' });
    symlinkSync(join(place, 'secret.txt'), join(camera, 'link.mp4'));
    symlinkSync('/', join(camera, 'folder-link'));
    symlinkSync('loop', join(camera, 'loop'));
    symlinkSync('/nowhere', join(camera, 'broken.mp4'));
    execFileSync('mkfifo', [join(camera, 'pipe.mp4')]);
    execFileSync('mknod', [join(camera, 'device.mp4'), 'c', '1', '5']); // /dev/zero: reading it would never end
    const server = createServer().listen(join(camera, 'socket.mp4'));
    try {
      const { receipt, final } = await dock(config, { path: camera });
      expect(final).toBe(true);
      expect(outcomesOf(receipt)['real.mp4']).toBe('recorded');
      for (const name of ['link.mp4', 'folder-link', 'loop', 'broken.mp4', 'pipe.mp4', 'device.mp4', 'socket.mp4']) {
        const line = lineOf(receipt, name);
        expect([name, line.outcome], name).toEqual([name, 'refused']);
        expect(line.reason?.length ?? 0, name).toBeGreaterThan(5);
      }
      expect(await entriesOf(config, 'item.recorded')).toHaveLength(1);
    } finally {
      server.close();
    }
    await expectClean(config);
  });

  it('put in the place of a listed file are not opened either', async () => {
    layOut(camera, { 'a.mp4': bytesOf(1, 3000), 'inner/b.mp4': bytesOf(2, 3000) });
    const { openCard, TAKE_EVERYTHING } = await import('../../src/camera/index.ts');
    await using card = await openCard({
      root: camera,
      identity: { way: 'folder', folder: camera },
      profile: TAKE_EVERYTHING,
      limits: { maxFiles: 100, maxDepth: 8, maxPathBytes: 4096 },
    });
    const files = await Array.fromAsync(card.list());
    layOut(place, { 'outside/b.mp4': 'not of this camera' });
    rmSync(join(camera, 'a.mp4'));
    execFileSync('mkfifo', [join(camera, 'a.mp4')]);
    rmSync(join(camera, 'inner'), { recursive: true });
    symlinkSync(join(place, 'outside'), join(camera, 'inner'));
    for (const file of files) await expect(card.open(file)).rejects.toMatchObject({ name: 'Failure' });
  });
});

describe('odd files', () => {
  it('empty, cut off and without an index are evidence like any other', async () => {
    layOut(camera, {
      'empty.mp4': '',
      'one.mp4': 'x',
      'cut.mp4': bytesOf(3, 100_000).subarray(0, 65_537),
      'no-moov.mp4': Buffer.concat([Buffer.from('\0\0\0\u0018ftypisom\0\0\0\0isomiso2'), bytesOf(4, 5000)]),
    });
    const { receipt } = await dock(config, { path: camera });
    expect(new Set(Object.values(outcomesOf(receipt)))).toEqual(new Set(['recorded']));
    await expectClean(config);
  });

  it('deeper than the limit are named, not lost from sight', async () => {
    const deep = join(camera, ...Array.from({ length: 40 }, (_, k) => `d${k}`));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, 'deep.mp4'), 'x');
    layOut(camera, { 'a.mp4': bytesOf(1, 100) });
    const { receipt } = await dock(config, { path: camera });
    expect(outcomesOf(receipt)['a.mp4']).toBe('recorded');
    const refused = receipt.files.filter(({ outcome }) => outcome === 'refused');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatch(/folders/);
    await expectClean(config);
  });

  it('thousands of small ones are all on record, in bounded time, and all known the second time', {
    timeout: 300_000,
  }, async () => {
    const count = process.env['DOCKET_FAULTS'] === 'all' ? 10_000 : 2500;
    for (let k = 0; k < count; k += 1) {
      if (k % 1000 === 0) mkdirSync(join(camera, `d${k / 1000}`));
      writeFileSync(join(camera, `d${Math.floor(k / 1000)}`, `${k}.jpg`), `photo ${k}`);
    }
    const { receipt, final } = await dock(config, { path: camera });
    expect(final).toBe(true);
    expect(receipt.files.filter(({ outcome }) => outcome === 'recorded')).toHaveLength(count);
    await expectClean(config);
  });

  it('5 GiB of holes are taken in bounded memory (on the real disk)', { timeout: 600_000 }, async () => {
    const disk = temporaryPlace('disk');
    const real = copyStation(template, join(disk, 'station'));
    const card = join(disk, 'camera');
    mkdirSync(card);
    writeFileSync(join(card, 'big.mp4'), '');
    truncateSync(join(card, 'big.mp4'), 5 * GIB + 1);
    const docket = ['dock', card, '--json', '--config', real];
    const ended = await run(process.execPath, nodeArguments(docket, ['./memory-preload.ts']), { limitMs: 500_000 });
    expect(ended.code).toBe(0);
    expect(Number(/maxRSS (\d+) KiB/.exec(ended.stderr)?.[1]), 'KiB of memory at most').toBeLessThan(400 * 1024);
    const { vault } = await placesIn(real);
    const [item] = await entriesOf(real, 'item.recorded');
    if (item === undefined) throw new Error('nothing is on record');
    expect(statSync(join(vault, payloadKey(item.payload.sha256))).size).toBe(5 * GIB + 1);
    rmSync(disk, { recursive: true });
  });
});
