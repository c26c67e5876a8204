// What goes wrong in a year at a docking station, in the guest: worn and slow cards, a full disk, a clock that is wrong, two
// cameras that call themselves the same, a card full of names. Each is told or taken, nothing is lost, and the service lives.
import { readFile } from 'node:fs/promises';
import { expect, inject, it } from 'vitest';
import type { Receipt } from '../../src/evidence/index.ts';
import { type Card, type CardFile, expectUntouched, makeExt4Card, makeFatCard, makeFootage } from './cards.ts';
import { clockOf, dock, receiptSince, untilSettled } from './docking.ts';
import { numbers } from './extent.ts';
import { readyDisks, Vm } from './rig.ts';
import { CAMERA, expectSound, expectTaken, expectVerified, Station } from './station.ts';

const MIB = 1 << 20;
const SECTOR = 512;
const HOME = '/var/lib/docket';
/** As many as a receipt can name and still come through the guest's agent, which gives no more than 16 MiB at once. */
const NAMES = 20_000;

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
])('leaves footage on the camera while the disk %s, and takes it once there is room', async (_, leftMib) => {
  await using station = await Station.open();
  const { vm } = station;
  const card = await footageCard(station, CAMERA);
  const free = Number(await vm.sh(`df --output=avail --block-size=1M ${HOME} | tail -n 1`));
  await vm.sh(`fallocate -l ${free - leftMib}M ${HOME}/filler`);
  if (leftMib === 0) await vm.run(`cat /dev/zero >${HOME}/filler2`);
  await station.plug(card);
  await expect
    .poll(async () => (await station.status()).problems.map(({ what }) => what).join('\n'), { timeout: 120_000 })
    .toMatch(/room|full|space/);
  await vm.unplug(CAMERA);
  await vm.sh(`rm -f ${HOME}/filler ${HOME}/filler2; systemctl is-active docketd || systemctl start docketd`);
  await station.untilRunning();
  await dock(station, card);
  await untilSettled(station);
  await expectSound(station, [card]);
});

it.each(['2000-01-01T00:00:00', '2099-12-31T23:00:00'])(
  'loses nothing with a clock of %s, and once it is right',
  async (clock) => {
    await using vm = await Vm.boot({ ...(await readyDisks(inject('vm'))) }, { clock });
    const station = Station.in(vm);
    await station.untilRunning();
    const year = new Date(await clockOf(station)).getFullYear();
    expect(year === 2099 || year < 2026).toBe(true);
    const before = await footageCard(station, CAMERA);
    const wrong = await dock(station, before);
    expect(new Date(wrong.startedAt).getFullYear()).toBe(year);
    await expectSound(station, [before]);
    await vm.sh(`date --set=@${Math.floor(Date.now() / 1000)}`);
    const after = await footageCard(station, 'BC02');
    expect(new Date((await dock(station, after)).startedAt).getFullYear()).toBe(new Date().getFullYear());
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

it('takes the footage of a card with thousands of names, and lists each of them', async () => {
  await using station = await Station.open();
  const footage = makeFootage(CAMERA, 1, MIB);
  const empty = Buffer.alloc(0);
  // The waste bin of a desktop computer: every profile leaves that on the card, and says so of each file.
  const names = numbers(NAMES - 1).map((n) => ({ path: `.Trashes/${n % 100}/${n}.mp4`, bytes: empty }));
  const files = [...footage, ...names];
  const card = await makeExt4Card(station.at('names.img'), { serial: CAMERA, files, sizeMib: 1024 });
  const began = await clockOf(station);
  await station.plug(card);
  const receipt = await receiptSince(station, CAMERA, began);
  expect(receipt.files).toHaveLength(NAMES);
  expect(receipt.files.filter(({ outcome }) => outcome === 'recorded')).toHaveLength(1);
  expect(receipt.files.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(NAMES - 1);
  await expectVerified(station);
  await expectUntouched(card);
  await expectAlive(station);
});
