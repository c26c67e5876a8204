// Cards of cameras as images, made without mounting anything here: what is on them is known byte by byte, and so is the whole image.
// Footage is noise that is always the same for a camera, so nothing in it can be taken for anything else's.
import { execFile } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Vm } from './rig.ts';

const run = promisify(execFile);

/** A file on a card. */
export interface CardFile {
  /** From the root of the card, `VIDEO/BC_BC01_013579_20260114_090000.mp4`. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** A card as it was made. */
export interface Card {
  /** Raw image with one partition. */
  readonly image: string;
  /** Serial of the camera it is meant for. */
  readonly serial: string;
  /** SHA-256 of each file by its path. */
  readonly truth: Readonly<Record<string, string>>;
  /** SHA-256 of the image before it was ever plugged. */
  readonly sha256: string;
}

/** What a card is to be. */
export interface CardOrder {
  readonly serial: string;
  readonly files: readonly CardFile[];
  /** Label of the volume; BODYCAM if absent. */
  readonly label?: string | undefined;
  /** Room on the card; as much as the files need, and some more, if absent. */
  readonly sizeMib?: number | undefined;
}

/** The partition begins here, as on cards from a shop. */
const PARTITION_BYTES = 1 << 20;
/** mkfs.vfat makes no FAT32 of less, and the rest is sparse. */
const LEAST_MIB = 128;
const RECORDED_AT = Date.parse('2026-01-14T09:00:00+08:00');

/** Footage of a shift: `count` files of `sizeBytes`, one a minute, named as the profile prefix-camera-officer reads them. */
export function makeFootage(serial: string, count: number, sizeBytes: number): CardFile[] {
  return Array.from({ length: count }, (_, n) => ({
    path: `VIDEO/BC_${serial}_013579_20260114_09${String(n).padStart(2, '0')}00.mp4`,
    bytes: noise(`${serial} ${n}`, sizeBytes),
  }));
}

/** Bytes without a pattern, always the same for a seed. */
function noise(seed: string, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/** A card with FAT32. */
export async function makeFatCard(image: string, order: CardOrder): Promise<Card> {
  const sizeMib = await makeDisk(image, order, 'c');
  const blocks = String((sizeMib << 10) - PARTITION_BYTES / 1024);
  await run('mkfs.vfat', ['-F', '32', '-n', order.label ?? 'BODYCAM', '--offset', '2048', image, blocks]);
  await withFolder(image, order.files, async (folder, names) => {
    const paths = names.map((name) => join(folder, name));
    await run('mcopy', ['-s', '-m', '-i', `${image}@@1M`, ...paths, '::/'], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
  });
  return describeCard(image, order);
}

/** A card with ext4. */
export async function makeExt4Card(image: string, order: CardOrder): Promise<Card> {
  const sizeMib = await makeDisk(image, order, '83');
  await withFolder(image, order.files, (folder) => fillExt4(image, folder, sizeMib, order.label));
  return describeCard(image, order);
}

/** Names in a folder: a program that fills ext4 looks through all of a folder's names for each new one. */
const NAMES_PER_FOLDER = 500;
/** Names of one file: ext4 counts no more than 65,000. */
const LINKS = 60_000;
const CROWDED_MIB = 512;

/** A card with ext4 and no end of names, each of a file of a few bytes; many share one. What is on it is not told file by file. */
export async function makeCrowdedCard(image: string, serial: string, names: number): Promise<Card> {
  const order = { serial, files: [], sizeMib: CROWDED_MIB };
  await makeDisk(image, order, '83');
  const folder = `${image}.files`;
  for (let n = 0, first = '', within = ''; n < names; n += 1) {
    if (n % NAMES_PER_FOLDER === 0) {
      within = join(folder, 'DCIM', String(n / NAMES_PER_FOLDER));
      mkdirSync(within, { recursive: true });
    }
    const path = join(within, `${n}.mp4`);
    if (n % LINKS !== 0) linkSync(first, path);
    else {
      writeFileSync(path, String(n));
      first = path;
    }
  }
  await fillExt4(image, folder, CROWDED_MIB);
  await rm(folder, { recursive: true });
  return describeCard(image, order);
}

async function fillExt4(image: string, folder: string, sizeMib: number, label = 'BODYCAM'): Promise<void> {
  const place = ['-E', `offset=${PARTITION_BYTES},assume_storage_prezeroed=1`];
  await run('mke2fs', ['-q', '-t', 'ext4', '-L', label, ...place, '-d', folder, image, `${sizeMib - 1}M`]);
}

/** A card with exFAT, filled in a guest: nothing else here writes that without mounting it. */
export async function makeExfatCard(vm: Vm, image: string, order: CardOrder): Promise<Card> {
  const sizeMib = await makeDisk(image, order, '7');
  const source = `${image}.source`;
  await truncate(await made(source), sizeMib << 20);
  await withFolder(image, order.files, async (folder) => {
    await run('mke2fs', ['-q', '-t', 'ext4', '-E', 'assume_storage_prezeroed=1', '-d', folder, source]);
  });
  const from = await vm.plugDisk('source', source, true);
  const to = await vm.plugDisk('card', image);
  const at = '/mnt/card';
  await vm.sh(`set -e; mkfs.exfat -L ${order.label ?? 'BODYCAM'} ${to}1 >/dev/null; mkdir -p ${at}; mount -o ro ${from} /mnt/disk
    mount -t exfat ${to}1 ${at}; cp -r --preserve=timestamps /mnt/disk/. ${at}; rm -rf ${at}/lost+found; umount ${at} /mnt/disk`);
  await vm.unplug('source');
  await vm.unplug('card');
  await rm(source);
  return describeCard(image, order);
}

/** The card is as it was made, to the last byte: nobody wrote to it. */
export async function expectUntouched({ image, serial, sha256 }: Card): Promise<void> {
  expect(await digestFile(image), `the card of ${serial} was written to`).toBe(sha256);
}

async function describeCard(image: string, { serial, files }: CardOrder): Promise<Card> {
  const truth = files.map(({ path, bytes }) => [path, createHash('sha256').update(bytes).digest('hex')]);
  return { image, serial, truth: Object.fromEntries(truth) as Card['truth'], sha256: await digestFile(image) };
}

/** An empty image with one partition of a type; its size in MiB. */
async function makeDisk(image: string, { files, sizeMib }: CardOrder, type: string): Promise<number> {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const size = sizeMib ?? Math.max(LEAST_MIB, Math.ceil((bytes * 1.1) / 2 ** 20) + 32);
  await truncate(await made(image), size * 2 ** 20);
  const partition = run('sfdisk', ['-q', image]);
  partition.child.stdin?.end(`2048,,${type}\n`);
  await partition;
  return size;
}

/** An empty file. */
async function made(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
  return path;
}

/** The files as a folder, for as long as `use` runs; `names` is what lies in it. */
async function withFolder(
  image: string,
  files: readonly CardFile[],
  use: (folder: string, names: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = `${image}.files`;
  for (const [n, { path, bytes }] of files.entries()) {
    const at = join(folder, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, bytes);
    const seconds = RECORDED_AT / 1000 + n * 60;
    await utimes(at, seconds, seconds);
  }
  await use(folder, [...new Set(files.map(({ path }) => path.split('/')[0] ?? path))]);
  await rm(folder, { recursive: true });
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
