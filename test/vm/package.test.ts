// The package on a machine with systemd: upgraded while a camera is copied, purged, and installed again. What it installed goes; evidence,
// key, ledger and configuration never do, and what was begun is ended.
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { makeFatCard, makeFootage } from './cards.ts';
import { dock, untilSettled } from './docking.ts';
import { CAMERA, expectSound, expectTaken, Station } from './station.ts';

const MIB = 1 << 20;
const HOME = '/var/lib/docket';
/** Emulated, dpkg unpacks for the better part of a minute. */
const PATIENT = { patienceMs: 300_000 };

/** Puts the package itself, on a disk of its own, into the guest; the path of its file. */
async function bringPackage({ vm }: Station): Promise<string> {
  const disk = await vm.plugDisk('package', join(inject('vm'), 'package.img'), true);
  return await vm.sh(`mount -o ro ${disk} /mnt/disk && ls /mnt/disk/*.deb`);
}

/** What is the station's, by digest and name; what a running docketd keeps writing is left out. */
function belongings({ vm }: Station): Promise<string> {
  const files = `find ${HOME} -type f ! -path '${HOME}/state/*' ; ls ${HOME}/state/ledger.db`;
  return vm.sh(`{ ${files}; } | sort | xargs -d '\\n' sha256sum; readlink /etc/docket/docket.toml`);
}

it('is upgraded in the middle of a copy, and then takes the rest of the card', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const file = await bringPackage(station);
  const card = await makeFatCard(station.at('card.img'), { serial: CAMERA, files: makeFootage(CAMERA, 3, 8 * MIB) });
  await station.plug(card, { throttle: 2 * MIB });
  await station.untilCopying(MIB);
  await vm.sh(`dpkg -i ${file}`, PATIENT);
  await station.untilRunning();
  const receipts = await station.receipts(2);
  expect(receipts.map(({ ended }) => ended)).toEqual(['interrupted', 'complete']);
  expectTaken(receipts.at(-1), card);
  await untilSettled(station);
  await expectSound(station, [card], 2);
});

it('is purged without evidence, key, ledger or configuration, and goes on when it is installed again', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const file = await bringPackage(station);
  const first = await makeFatCard(station.at('first.img'), { serial: CAMERA, files: makeFootage(CAMERA, 2, MIB) });
  await dock(station, first);
  await vm.sh('systemctl stop docketd');
  const before = await belongings(station);
  expect(await vm.sh('dpkg --purge docket', PATIENT)).toContain('are not removed with the package');
  expect(await belongings(station)).toBe(before);
  // Nothing of it is left that would touch a camera: the one in the dock was unmounted, and nobody mounts the next one.
  expect(await station.mounts()).toBe('');
  expect(await vm.sh('systemctl list-unit-files --no-legend "docket*"; ls /usr/bin | grep docket || true')).toBe('');
  await vm.unplug(CAMERA);
  await vm.sh(`dpkg -i ${file}`, PATIENT);
  await station.untilRunning();
  const second = await makeFatCard(station.at('second.img'), { serial: 'BC02', files: makeFootage('BC02', 2, MIB) });
  await dock(station, second);
  await expectSound(station, [first, second]);
});
