// The officer's minute, and what is seen of it: how long from the plug until the officer may leave, and the screen on the monitor of the station.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { makeFatCard, makeFootage } from '../cards.ts';
import { clockOf, dock } from '../docking.ts';
import { CAMERA, expectSound, Station } from '../station.ts';

const MIB = 1 << 20;
/** The line of the log that says so: when, and after how long. */
const leaveSchema = z.looseObject({ time: z.number(), ms: z.number() });

it('lets the officer go, and shows on the monitor when the camera may be taken', async () => {
  await using station = await Station.open();
  const { vm } = station;
  await vm.sh('modprobe bochs && udevadm settle && systemctl start docket-screen');
  const card = await makeFatCard(station.at('card.img'), { serial: CAMERA, files: makeFootage(CAMERA, 3, 2 * MIB) });
  const plugged = await clockOf(station);
  await dock(station, card);
  const { time, ms } = leaveSchema.parse(
    JSON.parse((await station.journal()).split('\n').find((line) => line.includes('the officer may leave')) ?? '{}'),
  );
  console.log(`the officer may leave ${time - plugged} ms after the plug, ${ms} ms after docketd saw the camera`);
  // Linux's console holds its letters as bytes; what is asked for is ASCII.
  await vm.until('grep -aq "TAKE YOUR CAMERA" /dev/vcs1');
  const columns = await vm.sh("stty size </dev/tty1 | cut -d ' ' -f 2");
  const seen = await vm.sh(`fold -w ${columns} /dev/vcs1`);
  console.log(seen.replaceAll(/ +$/gm, '').replaceAll(/\n{2,}/g, '\n'));
  expect(seen).toContain(CAMERA);
  expect(await vm.sh('docket screen --once --language both')).toContain('可以取走');
  if (process.env['DOCKET_VM_SCREEN'] !== undefined) await vm.screenshot(process.env['DOCKET_VM_SCREEN']);
  expect(await vm.sh('systemctl show --property=ActiveState,NRestarts docket-screen')).toBe(
    'NRestarts=0\nActiveState=active',
  );
  expect(await vm.sh('journalctl --unit=docket-screen --priority=warning --output=cat --no-pager')).toBe('');
  await expectSound(station, [card]);
});
