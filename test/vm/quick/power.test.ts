// The power goes while a camera is taken, and the disk loses what was not flushed. One docking is written down write by write; from that the
// disk is made as it would be at many moments of it, and each time a machine is started on what is left, goes on by itself, and all is sound.
// After some of them the camera is docked again, and everything on it is on record.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Card, makeFatCard, makeFootage } from '../cards.ts';
import { makeChance } from '../chance.ts';
import { saveCold, startAgain, startCold } from '../cold.ts';
import { begunIn, dock, untilAnswered } from '../docking.ts';
import { asMany, numbers } from '../extent.ts';
import { FILES } from '../machine.ts';
import { copyImage, readyDisks, Vm } from '../rig.ts';
import { CAMERA, expectSound, Station } from '../station.ts';
import { type Keep, readMoments, replayLog } from '../write-log.ts';

/** Of 50; the others have a store. */
const MOMENTS = asMany(3, 35);
/** One in so many is started by a real boot; the others from a machine that has just been switched on. */
const BOOT_EVERY = asMany(3, 12);
/** After one in so many the camera is docked again: what the power cut left is answered for without it. */
const DOCKED_EVERY = asMany(2, 3);
const MIB = 1 << 20;
const BLOCK = 4096;
const HOME = '/var/lib/docket';

/** A moment of the docking at which the power goes. */
interface Moment {
  /** Entries of the log that had happened. */
  readonly until: number;
  readonly keep: Keep;
}

let folder: string;
let card: Card;
let moments: readonly Moment[];
/** What was on the disk where a file was overwritten without a flush, as the power cut left it. */
let control: { readonly dropped: string; readonly kept: string };
/** A machine that met its moment, for the next one. */
let idle: Vm | undefined;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docket-vm-power-'));
  card = await makeFatCard(at('card.img'), { serial: CAMERA, files: makeFootage(CAMERA, 5, MIB) });
  await saveCold(at('cold'));
  moments = pickMoments(await recordDocking());
}, 600_000);

afterAll(async () => {
  await idle?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Writes a docking down in `log`, which begins with `before`; the number of the entry at which the camera was plugged in. */
async function recordDocking(): Promise<number> {
  await using station = await Station.open({ logged: true });
  const { vm } = station;
  const file = `${HOME}/control`;
  await vm.sh(`head -c ${BLOCK} /dev/zero | tr '\\0' o >${file}; sync`);
  const block = Number(await vm.sh(`filefrag -e ${file} | awk '$1 == "0:" { print $4 + 0 }'`));
  const log = join(vm.folder, FILES.log);
  const plugged = readMoments(log).entries;
  await dock(station, card);
  await vm.sh(
    `head -c ${BLOCK} /dev/zero | tr '\\0' n | dd of=${file} bs=${BLOCK} oflag=direct conv=notrunc status=none`,
  );
  await vm.powerCut();
  await copyImage(log, at('log'));
  await copyImage(join(vm.folder, FILES.before), at('before'));
  control = { dropped: await controlOf(block, () => false), kept: await controlOf(block, () => true) };
  return plugged;
}

/** The first letter of the control file after the last moment of the log. */
async function controlOf(block: number, keep: Keep): Promise<string> {
  const disk = await leaveDisk('control', { until: Infinity, keep });
  await using image = await open(disk);
  return (await image.read(Buffer.alloc(1), 0, 1, block * BLOCK)).buffer.toString();
}

/** The disk as the power cut leaves it. */
async function leaveDisk(name: string, { until, keep }: Moment): Promise<string> {
  await copyImage(at('before'), at(name));
  replayLog(at('log'), at(name), keep, until);
  return at(name);
}

/** Spread over the docking, by what was written and, since the steps that count are short and full of them, by flushes. */
function pickMoments(plugged: number): Moment[] {
  const chance = makeChance('power');
  const { entries, flushes } = readMoments(at('log'));
  const during = flushes.filter((each) => each > plugged);
  return numbers(MOMENTS).map((n) => {
    const share = (n + chance()) / MOMENTS;
    const written = plugged + 1 + Math.floor(share * (entries - plugged));
    const until = n % 3 === 2 ? written : (during[Math.floor(share * during.length)] ?? written);
    const seed = makeChance(`kept ${n}`);
    return { until, keep: n % 2 === 1 ? () => seed() < 0.5 : () => false };
  });
}

/** A machine that has just been switched on with this disk; `begun` is given what the power cut left unfinished. */
async function start(n: number, disk: string, begun: string[]): Promise<Station> {
  const look = async (vm: Vm): Promise<void> => {
    begun.push(...(await begunIn(vm)));
    const left = await vm.sh(`cd ${HOME}; for each in part bytes json; do
      echo "$each $(find state/spool -name "*.$each" | wc -l)"; done; echo "stored $(find vault/payload -type f | wc -l), receipts $(find vault/receipts -type f | wc -l)"`);
    console.log(`power cut ${n} left: ${left.replaceAll('\n', ', ')}, begun ${begun.length}`);
  };
  const vm = idle;
  idle = undefined;
  return vm === undefined ? startCold(at('cold'), disk, {}, look) : startAgain(vm, disk, look);
}

it('takes away what was not flushed, and only that', () => {
  expect(control).toEqual({ dropped: 'o', kept: 'n' });
});

it.each(numbers(MOMENTS))('leaves a station that goes on by itself and loses nothing, moment %i', async (n) => {
  const moment = moments[n] ?? expect.fail('there is no such moment');
  const disk = await leaveDisk(`left-${n}`, moment);
  const begun: string[] = [];
  await using machine = new AsyncDisposableStack();
  const boots = n % BOOT_EVERY === 0;
  const station = machine.use(boots ? await boot(disk) : await start(n, disk, begun));
  await rm(disk);
  // Before any camera comes, what was begun is answered for and all is sound; where the machine boots, the camera is in its dock already.
  await untilAnswered(station, begun);
  if (!boots) await expectSound(station, [card], begun.length);
  if (boots || n % DOCKED_EVERY === 0) {
    await dock(station, card);
    await expectSound(station, [card]);
    await station.vm.unplug(CAMERA);
    await station.untilUnmounted();
  }
  if (boots) return;
  idle = station.vm;
  machine.move();
});

async function boot(disk: string): Promise<Station> {
  return Station.in(await Vm.boot({ ...(await readyDisks(inject('vm'))), station: disk }));
}
