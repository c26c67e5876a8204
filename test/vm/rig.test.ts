// The machine itself: what it is believed for in all other tests. A power cut that loses nothing, or a worn card that reads well, would
// prove nothing.
import { expect, inject, it } from 'vitest';
import { startServer } from '../s3/server.ts';
import { makeFatCard, makeFootage } from './cards.ts';
import { readyDisks, Vm } from './rig.ts';
import { CAMERA, Station } from './station.ts';

/** A file of zeros that is on the disk, then one X written over its beginning, which reaches the disk and is not flushed. */
const UNFLUSHED = `set -e; cd /var/lib/docket; systemctl stop docketd
  head -c 65536 /dev/zero >probe; sync; sleep 1
  head -c 65536 /dev/zero | tr '\\0' X | dd of=probe bs=64k iflag=fullblock oflag=direct conv=notrunc 2>/dev/null`;

it.each([
  ['is lost with a logged disk', true, '0'],
  ['is kept without one', false, 'X'],
])('a write that was not flushed %s', async (_, logged, first) => {
  await using vm = await Vm.restore(await readyDisks(inject('vm')), { logged });
  await vm.sh(UNFLUSHED);
  const { lost } = await vm.powerCut();
  expect(lost > 0).toBe(logged);
  await vm.powerOn();
  await vm.until('mountpoint -q /var/lib/docket');
  expect(await vm.sh("head -c 1 /var/lib/docket/probe | tr '\\0' 0")).toBe(first);
  await vm.until('systemctl is-active --quiet docketd');
});

it('reaches a store on this machine where it may, and nothing where it may not', async () => {
  await using server = await startServer();
  const ask = `curl -sS --max-time 30 http://10.0.2.2:${server.port}/`;
  {
    await using vm = await Vm.restore(await readyDisks(inject('vm')), { network: true });
    expect(await vm.sh(ask)).toContain('<ListAllMyBucketsResult');
  }
  await using alone = await Vm.restore(await readyDisks(inject('vm')));
  expect((await alone.run(ask)).status).not.toBe(0);
});

it('has the right time after a restore', async () => {
  await using vm = await Vm.restore(await readyDisks(inject('vm')));
  const before = Date.now();
  const seen = Number(await vm.sh('date +%s%3N'));
  // Between the moment before the question and the one after the answer, give or take what setting it takes.
  expect(seen).toBeGreaterThan(before - 5000);
  expect(seen).toBeLessThan(Date.now() + 5000);
});

it('has cards with sectors that cannot be read', async () => {
  await using station = await Station.open();
  const card = await makeFatCard(station.at('card.img'), { serial: 'WORN', files: makeFootage(CAMERA, 1, 1 << 20) });
  const sector = 8000;
  await station.plug(card, { badSector: sector });
  await station.vm.until('test -b /dev/sda1');
  const read = (at: number): string => `dd if=/dev/sda of=/dev/null bs=512 skip=${at} count=1 iflag=direct`;
  expect((await station.vm.run(read(sector))).err).toContain('Input/output error');
  expect((await station.vm.run(read(sector + 64))).status).toBe(0);
});

it('has devices of any vendor, with several cards, and keyboards', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const [one, two] = await Promise.all(
    ['ONE', 'TWO'].map((label) =>
      makeFatCard(station.at(`${label}.img`), { serial: label, files: makeFootage(label, 1, 1 << 20), label }),
    ),
  );
  const disks = [await vm.plugDisk('disk1', one?.image ?? ''), await vm.plugDisk('disk2', two?.image ?? '')];
  await vm.sh(`rig-gadget add cam 2dfe 0a21 SN-1 Acme 'Body Cam 9' ${disks.join(' ')}`);
  await vm.until('test -b /dev/disk/by-label/ONE && test -b /dev/disk/by-label/TWO');
  expect(await vm.sh('lsusb -d 2dfe:0a21')).toContain('Acme Body Cam 9');
  await vm.sh('rig-gadget del cam');
  await vm.sh("rig-gadget keyboard evil 2dfe 0a22 SN-2 Acme 'Body Cam 10'");
  await vm.until("grep -q 'Acme Body Cam 10' /proc/bus/input/devices");
  await vm.sh('rig-gadget type evil && rig-gadget del evil');
});
