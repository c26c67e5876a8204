// Makes the state every test goes on from: a guest is started, the package is installed as an administrator would, a station is made, its
// cameras are registered, docketd runs; then memory and disks are saved into a folder. Run by ready.sh, never by a test.
//   save-ready.ts FOLDER     with guest, package.img and empty.img in it; leaves state, system.qcow2 and station.img
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Vm } from './rig.ts';

/** Cameras of the station beside the first, and whose they are. */
const OTHER_CAMERAS = {
  BC02: '李娜',
  BC03: '王芳',
  BC04: '刘洋',
  BC05: '陈静',
  BC06: '杨帆',
  BC07: '赵磊',
  BC08: '黄敏',
};

/** What `docket camera add` asks docketd; asked directly, since the start of a command takes seconds here. */
function addCamera(serial: string, officer: string): string {
  const question = JSON.stringify({ serial, officer, unit: '执法一队', actor: 'root' });
  return `curl -sS --unix-socket /var/lib/docket/state/docketd.sock -d '${question}' http://docket/v1/addCamera | grep '"result"'`;
}

/** What a guest that has seen cameras before has loaded. */
const MODULES =
  'usb-storage uas sd_mod vfat exfat fuse nls_cp437 nls_ascii nls_utf8 dummy_hcd libcomposite usb_f_mass_storage';
/** Memory that nobody uses holds what was there before, and would be saved with it; what is empty costs nothing. */
const EMPTY_MEMORY =
  "mount -o remount,size=100% /dev/shm; head -c $(awk '/^MemFree/ { print int($2 * 0.9) }' /proc/meminfo)K /dev/zero >/dev/shm/zero; rm /dev/shm/zero";

const say = (what: string): boolean =>
  process.stderr.write(`ready: [${Math.round(performance.now() / 1000)} s] ${what}\n`);

async function main(folder: string): Promise<void> {
  const guest = await realpath(join(folder, 'guest'));
  const [system, station] = [join(guest, 'system.img'), join(folder, 'empty.img')];
  await using vm = await Vm.boot({ guest, system, systemFormat: 'raw', station });
  say('the guest has started');
  const disk = await vm.plugDisk('package', join(folder, 'package.img'), true);
  await vm.sh(`mount -o ro ${disk} /mnt/disk && dpkg -i /mnt/disk/*.deb && umount /mnt/disk`);
  await vm.unplug('package');
  say('the package is installed');
  await vm.sh('runuser -u docket -- docket init /var/lib/docket');
  await vm.sh(`modprobe -a ${MODULES} && udevadm settle`);
  await vm.sh('systemctl start docketd');
  say('docketd runs');
  await vm.sh('docket camera add BC01 --officer 张伟 --unit 执法一队');
  for (const [serial, officer] of Object.entries(OTHER_CAMERAS)) await vm.sh(addCamera(serial, officer));
  // What is compiled at the first use of a command is compiled now.
  await vm.sh('docket verify');
  say('the station is as every test finds it');
  await vm.sh('systemctl is-system-running --wait && sync && fstrim / && echo 3 >/proc/sys/vm/drop_caches && sync');
  await vm.sh(EMPTY_MEMORY);
  await vm.save(folder);
}

await main(process.argv[2] ?? '');
