// A camera is docked at a machine where the package was installed: plugged into USB, mounted by the system, taken, on record.
import { expect, it } from 'vitest';
import { makeFatCard, makeFootage } from '../cards.ts';
import { CAMERA, expectSound, expectTaken, Station } from '../station.ts';

it('takes a camera with FAT32 from the plug to the record, and writes nothing to it', async () => {
  await using station = await Station.open();
  const card = await makeFatCard(station.at('card.img'), { serial: CAMERA, files: makeFootage(CAMERA, 3, 4 << 20) });
  await station.plug(card);
  await station.vm.until('findmnt --noheadings --types vfat | grep /run/docket/cameras/');
  for (const line of (await station.mounts()).split('\n'))
    expect(line.split(' ').at(-1)?.split(',')).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']));
  const [receipt] = await station.receipts(1);
  expectTaken(receipt, card);
  expect(receipt?.camera).toMatchObject({ way: 'usb', serial: CAMERA, officer: { name: '张伟' } });
  await station.vm.unplug(CAMERA);
  await expectSound(station, [card]);
  expect(await station.docket('verify'), 'the command says so in the guest, too').toMatchObject({
    ok: true,
    findings: [],
  });
});
