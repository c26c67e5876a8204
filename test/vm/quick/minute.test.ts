// The officer's minute, and what is seen of it: how long from the plug until the officer may leave, and the screen on the monitor of the station.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { makeFatCard, makeFootage } from '../cards.ts';
import { clockOf, dock } from '../docking.ts';
import type { Vm } from '../rig.ts';
import { CAMERA, expectSound, Station } from '../station.ts';

const MIB = 1 << 20;
/** The line of the log that says so: when, and after how long. */
const leaveSchema = z.looseObject({ time: z.number(), ms: z.number() });

/** As the README tells a Chinese station: the console has no Chinese glyphs, so the large words are drawn of half blocks. */
async function speakChinese(vm: Vm): Promise<void> {
  const folder = '/run/systemd/system/docket-screen.service.d';
  const dropIn = '[Service]\\nExecStart=\\nExecStart=/usr/bin/docket screen --language zh\\n';
  await vm.sh(`mkdir -p ${folder} && printf '${dropIn}' >${folder}/zh.conf && systemctl daemon-reload`);
  await vm.sh('systemctl restart docket-screen');
  // The console's letters as they are meant, four bytes each; the upper half block.
  await vm.until("LC_ALL=C grep -aqP '\\x80\\x25\\x00\\x00' /dev/vcsu1");
}

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
  const picture = process.env['DOCKET_VM_SCREEN'];
  if (picture !== undefined) await vm.screenshot(picture);
  await speakChinese(vm);
  if (picture !== undefined) await vm.screenshot(`${picture}.zh.png`);
  expect(await vm.sh('systemctl show --property=ActiveState,NRestarts docket-screen')).toBe(
    'NRestarts=0\nActiveState=active',
  );
  expect(await vm.sh('journalctl --unit=docket-screen --priority=warning --output=cat --no-pager')).toBe('');
  await expectSound(station, [card]);
});
