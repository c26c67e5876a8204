// A station that clears cameras, in the guest: a card is cleared of what is on record and was read again, and of nothing else, whatever stands
// there under a known name, and also when the power goes while it is cleared.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Card, type CardFile, makeFatCard, makeFootage } from './cards.ts';
import { makeChance } from './chance.ts';
import { saveCold, startCold } from './cold.ts';
import { clockOf, dock, receiptSince, untilSettled } from './docking.ts';
import { numbers } from './extent.ts';
import { FILES } from './machine.ts';
import { copyImage } from './rig.ts';
import { CAMERA, expectTaken, expectVerified, type Station } from './station.ts';
import { readMoments, replayLog } from './write-log.ts';

const run = promisify(execFile);
const CUTS = 4;
const MIB = 1 << 20;
const SECTOR = 512;
const HOME = '/var/lib/docket';
/** Longest that a card is cleared, in milliseconds. */
const LATEST_MS = 20_000;
const chance = makeChance('release');

let folder: string;
const at = (name: string): string => join(folder, name);
/** The station's disk before any camera came. */
const disk = (): string => join(at('cold'), FILES.station);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docket-vm-release-'));
  await saveCold(at('cold'), {}, async ({ vm }) => {
    await vm.sh(`printf '\\n[release]\\nenabled = true\\n' >>${HOME}/docket.toml`);
  });
}, 600_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const footage = makeFootage(CAMERA, 6, MIB / 2);

/** The sector in which a file of the card begins to be what it is, not before its second half. */
async function sectorOf(card: Card, { bytes }: CardFile): Promise<number> {
  const where = (await readFile(card.image)).indexOf(bytes.subarray(bytes.length / 2, bytes.length / 2 + 4 * SECTOR));
  expect(where).toBeGreaterThan(0);
  return where / SECTOR;
}

/** What is on a card, by path: the digest of each file. */
async function contentOf(image: string): Promise<Readonly<Record<string, string>>> {
  const card = `${image}@@1M`;
  const { stdout } = await run('mdir', ['-/', '-a', '-b', '-i', card]);
  const paths = stdout.split('\n').flatMap((line) => (/^::\/.*[^/]$/.test(line) ? [line.slice(3)] : []));
  const found = paths.map(async (path) => {
    const { stdout: bytes } = await run('mtype', ['-i', card, `::/${path}`], {
      encoding: 'buffer',
      maxBuffer: 4 * MIB,
    });
    return [path, createHash('sha256').update(bytes).digest('hex')];
  });
  return Object.fromEntries(await Promise.all(found)) as Readonly<Record<string, string>>; // pairs of path and digest
}

/** Waits until the camera's card was cleared as far as it is to be, and pulls the camera out. */
async function untilReleased({ vm }: Station): Promise<void> {
  const journal = 'journalctl --unit=docketd --output=cat --follow --lines=all';
  await vm.until(`grep --max-count=1 'a camera was released' < <(${journal})`);
  await vm.unplug(CAMERA);
}

/** Each of these bytes is in the vault. */
async function expectKept({ vm }: Station, digests: readonly string[]): Promise<void> {
  for (const digest of digests) await vm.sh(`test -f ${HOME}/vault/payload/sha256/${digest.slice(0, 2)}/${digest}`);
}

it('clears a card of what is on record, and leaves what cannot be read', async () => {
  await using station = await startCold(at('cold'), disk());
  const card = await makeFatCard(at('worn.img'), { serial: CAMERA, files: footage });
  const worn = footage[2] ?? expect.fail('there is no such file');
  const began = await clockOf(station);
  await station.plug(card, { badSector: await sectorOf(card, worn) });
  const { files } = await receiptSince(station, CAMERA, began);
  expect(Object.fromEntries(files.map(({ path, outcome }) => [path.text, outcome]))).toEqual(
    Object.fromEntries(footage.map(({ path }) => [path, path === worn.path ? 'failed' : 'recorded'])),
  );
  await untilReleased(station);
  expect(await contentOf(card.image)).toEqual({ [worn.path]: card.truth[worn.path] });
  await expectVerified(station);
});

it('takes other bytes of a known name, length and time before it clears them', async () => {
  await using station = await startCold(at('cold'), disk());
  const { vm } = station;
  await vm.sh(`sed -i 's/^enabled = true/enabled = false/' ${HOME}/docket.toml; systemctl restart docketd`);
  const first = await makeFatCard(at('first.img'), { serial: CAMERA, files: footage });
  await dock(station, first);
  await vm.unplug(CAMERA);
  expect(await contentOf(first.image)).toEqual(first.truth);
  await vm.sh(`sed -i 's/^enabled = false/enabled = true/' ${HOME}/docket.toml; systemctl restart docketd`);
  const other = makeFootage('another', 6, MIB / 2).map(({ bytes }, n) => ({ path: footage[n]?.path ?? '', bytes }));
  const second = await makeFatCard(at('second.img'), {
    serial: CAMERA,
    files: [...other.slice(0, 2), ...footage.slice(2)],
  });
  const receipt = await dock(station, second);
  expect(receipt.files.map(({ outcome }) => outcome).toSorted()).toEqual([
    ...Array<string>(4).fill('already-recorded'),
    ...Array<string>(2).fill('recorded'),
  ]);
  await untilReleased(station);
  expect(await contentOf(second.image)).toEqual({});
  await expectKept(station, [...Object.values(first.truth), ...Object.values(second.truth)]);
  await expectVerified(station);
});

it.each(numbers(CUTS))('loses nothing when the power goes while a card is cleared, cut %i', async (n) => {
  const card = await makeFatCard(at(`cut-${n}.img`), { serial: CAMERA, files: footage });
  const left = await cutWhileClearing(n, card);
  const found = await contentOf(left.card).catch(() => ({})); // a card that a power cut left in the middle may not be whole
  const cleared = footage.filter(({ path }) => !(path in found));
  console.log(`power cut ${n} left ${footage.length - cleared.length} of ${footage.length} files on the card`);
  await using station = await startCold(at('cold'), left.disk);
  await untilSettled(station);
  await expectKept(station, Object.values(card.truth));
  await expectVerified(station);
  const began = await clockOf(station);
  await station.plug({ ...card, image: left.card });
  const { files } = await receiptSince(station, CAMERA, began);
  for (const { path, outcome, sha256, reason } of files)
    if (outcome === 'already-recorded') expect(sha256).toBe(card.truth[path.text]);
    else expect(reason, `${path.text} is ${outcome}, and why`).toBeTruthy();
  await expectVerified(station);
});

/** Docks a camera and lets the power go once its card was written to so often; station's disk and card as they are then. */
async function cutWhileClearing(n: number, card: Card): Promise<{ readonly disk: string; readonly card: string }> {
  await using station = await startCold(at('cold'), disk(), { logged: true });
  const log = at(`cut-${n}.log`);
  await writeFile(log, '');
  await copyImage(card.image, at(`left-${n}.img`));
  const began = await clockOf(station);
  await station.plug(card, { log });
  expectTaken(await receiptSince(station, CAMERA, began), card);
  const { entries } = readMoments(log);
  const until = entries + 1 + Math.floor(chance() * 3 * footage.length);
  // A card may take fewer writes than that: then the power goes right behind the clearing.
  const latest = performance.now() + LATEST_MS;
  while (readMoments(log).entries < until && performance.now() < latest) await sleep(2);
  const keep = n % 2 === 1 ? () => chance() < 0.5 : undefined;
  await station.vm.powerCut(keep);
  const { size } = await stat(log);
  expect(size).toBeGreaterThan(0);
  replayLog(log, at(`left-${n}.img`), keep);
  await copyImage(join(station.vm.folder, FILES.station), at(`left-${n}.disk`));
  return { disk: at(`left-${n}.disk`), card: at(`left-${n}.img`) };
}
