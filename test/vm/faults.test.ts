// What goes wrong in a year at a docking station, in the guest: worn and slow cards, a full disk, a clock that is wrong, two
// cameras that call themselves the same, a card full of names. Each is told or taken, nothing is lost, and the service lives.
import { readFile } from 'node:fs/promises';
import { expect, inject, it } from 'vitest';
import type { Receipt } from '../../src/evidence/index.ts';
import { type Card, type CardFile, expectUntouched, makeCrowdedCard, makeFatCard, makeFootage } from './cards.ts';
import { clockOf, dock, receiptSince, untilSettled } from './docking.ts';
import { numbers } from './extent.ts';
import { readyDisks, Vm } from './rig.ts';
import { CAMERA, expectSound, expectTaken, expectVerified, Station } from './station.ts';

const MIB = 1 << 20;
const SECTOR = 512;
const HOME = '/var/lib/docket';
/** Names on a card that is full of them, and how many of them a station takes that was told to. */
const NAMES = 1_000_000;
const LIMIT = 200;

const footageCard = (station: Station, serial: string, count = 3, sizeBytes = MIB): Promise<Card> =>
  makeFatCard(station.at(`${serial}.img`), { serial, files: makeFootage(serial, count, sizeBytes) });

/** docketd was not started a second time. */
async function expectAlive({ vm }: Station): Promise<void> {
  expect(await vm.sh('systemctl show --property=ActiveState,NRestarts docketd')).toBe(
    'NRestarts=0\nActiveState=active',
  );
}

/** The middle of a file, where it lies on its card. */
async function sectorOf(card: Card, { bytes }: CardFile): Promise<number> {
  const where = (await readFile(card.image)).indexOf(bytes.subarray(bytes.length / 2, bytes.length / 2 + 4 * SECTOR));
  expect(where).toBeGreaterThan(0);
  return where / SECTOR;
}

const outcomesOf = ({ files }: Receipt): Readonly<Record<string, string>> =>
  Object.fromEntries(files.map(({ path, outcome }) => [path.text, outcome]));

it('takes what can be read of a worn card, and says what cannot', async () => {
  await using station = await Station.open();
  const files = makeFootage(CAMERA, 4, MIB);
  const worn = files[1] ?? expect.fail('there is no such file');
  const card = await makeFatCard(station.at('worn.img'), { serial: CAMERA, files });
  const began = await clockOf(station);
  await station.plug(card, { badSector: await sectorOf(card, worn) });
  const receipt = await receiptSince(station, CAMERA, began);
  expect(outcomesOf(receipt)).toEqual(
    Object.fromEntries(files.map(({ path }) => [path, path === worn.path ? 'failed' : 'recorded'])),
  );
  const { problems } = await station.status();
  expect(problems.map(({ what }) => what).join('\n')).toContain(worn.path);
  await expectSound(station, [card]);
  await expectAlive(station);
});

it('tells of a worn card whose folder cannot be read that there may be more on it', async () => {
  await using station = await Station.open();
  const card = await footageCard(station, CAMERA);
  // Where the folder with all of it is named: FAT passes over what it cannot read there, and shows an empty card without an error.
  const named = (await readFile(card.image)).indexOf(Buffer.from('VIDEO      \u0010', 'latin1'));
  expect(named).toBeGreaterThan(0);
  const began = await clockOf(station);
  await station.plug(card, { badSector: Math.floor(named / SECTOR) });
  const { files } = await receiptSince(station, CAMERA, began);
  expect(files.map(({ path, outcome, reason }) => `${path.text} ${outcome}: ${reason}`)).toEqual([
    expect.stringMatching(/^\. refused: .*there may be more on it/),
  ]);
  await station.untilTold('not on record');
  await expectSound(station, [card]);
  await expectAlive(station);
});

it('takes a slow card whole', async () => {
  await using station = await Station.open();
  const card = await footageCard(station, CAMERA, 2, 2 * MIB);
  const began = await clockOf(station);
  await station.plug(card, { throttle: MIB / 2 });
  expectTaken(await receiptSince(station, CAMERA, began), card);
  await expectSound(station, [card]);
  await expectAlive(station);
});

it.each([
  ['has less room than must stay free', 200],
  ['is full to the last byte', 0],
])(
  'leaves footage on the camera while the disk %s, is killed then, and takes it once there is room',
  async (_, leftMib) => {
    await using station = await Station.open();
    const { vm } = station;
    const card = await footageCard(station, CAMERA);
    const free = Number(await vm.sh(`df --output=avail --block-size=1M ${HOME} | tail -n 1`));
    // The last blocks are found by writing: some are taken by what is reserved for the rest.
    await vm.sh(`fallocate -l ${free - Math.max(leftMib, 64)}M ${HOME}/filler`);
    if (leftMib === 0) await vm.run(`cat /dev/zero >${HOME}/filler2`);
    await station.plug(card);
    await station.untilTold(/room|full|space/);
    await vm.unplug(CAMERA);
    // What is started while there is no room may fail, and is there by itself once there is.
    await vm.sh('systemctl kill --signal=KILL docketd');
    await vm.until('test $(systemctl show --property=NRestarts --value docketd) -ge 1');
    await vm.sh(`rm -f ${HOME}/filler ${HOME}/filler2`);
    await station.untilRunning();
    await dock(station, card);
    await untilSettled(station);
    await expectSound(station, [card]);
  },
);

const DAY_MS = 86_400_000;
const daysBetween = (one: number, other: number): number => Math.abs(one - other) / DAY_MS;

// systemd itself sets a clock that is before its own build, or fifteen years after it, to that; what is between, it believes.
it.each(['2000-01-01T00:00:00', '2036-06-01T23:00:00'])(
  'loses nothing with a clock of %s, and once it is right',
  async (clock) => {
    await using vm = await Vm.boot({ ...(await readyDisks(inject('vm'))) }, { clock });
    const station = Station.in(vm);
    await station.untilRunning();
    const wrong = await clockOf(station);
    expect(daysBetween(wrong, Date.now())).toBeGreaterThan(30);
    const before = await footageCard(station, CAMERA);
    expect(daysBetween(Date.parse((await dock(station, before)).startedAt), wrong)).toBeLessThan(1);
    await expectSound(station, [before]);
    await vm.sh(`date --set=@${Math.floor(Date.now() / 1000)}`);
    const after = await footageCard(station, 'BC02');
    expect(daysBetween(Date.parse((await dock(station, after)).startedAt), Date.now())).toBeLessThan(1);
    await vm.sh('systemctl restart docketd');
    await expectSound(station, [before, after]);
  },
);

it('takes two cameras that call themselves the same', async () => {
  await using station = await Station.open();
  const cards = await Promise.all(
    numbers(2).map((n) => {
      const files = makeFootage(`${CAMERA} ${n}`, 2, MIB).map(({ path, bytes }) => ({
        path: path.replace(`${CAMERA} ${n}`, CAMERA),
        bytes,
      }));
      return makeFatCard(station.at(`twin-${n}.img`), { serial: CAMERA, files });
    }),
  );
  for (const [n, card] of cards.entries()) await station.plug(card, { id: `twin-${n}` });
  const receipts = await station.receipts(2);
  const taken = receipts.flatMap(({ files }) => files.map(({ sha256 }) => sha256));
  expect(new Set(taken)).toEqual(new Set(cards.flatMap(({ truth }) => Object.values(truth))));
  await untilSettled(station);
  await expectVerified(station);
  for (const card of cards) await expectUntouched(card);
  await expectAlive(station);
});

it('takes as many files of a card with a million names as it may, and tells that there are more', async () => {
  await using station = await Station.open();
  const { vm } = station;
  // Nothing is looked into: a look at each of them would take an emulated machine a quarter of an hour.
  const settings = `\\n[limits]\\nfiles_per_camera = ${LIMIT}\\n[media]\\nexamine = false\\n`;
  await vm.sh(`printf '${settings}' >>${HOME}/docket.toml; systemctl restart docketd`);
  const card = await makeCrowdedCard(station.at('names.img'), CAMERA, NAMES);
  const began = await clockOf(station);
  await station.plug(card);
  const receipt = await receiptSince(station, CAMERA, began);
  expect(receipt.files.filter(({ outcome }) => outcome === 'recorded')).toHaveLength(LIMIT);
  const untaken = receipt.files.filter(({ outcome }) => outcome !== 'recorded');
  expect(untaken.every(({ reason }) => reason !== undefined)).toBe(true);
  expect(untaken.find(({ path }) => path.text === '.')?.reason).toContain(`more than ${LIMIT} files on one card`);
  await untilSettled(station);
  await expectVerified(station);
  await expectUntouched(card);
  await expectAlive(station);
});
