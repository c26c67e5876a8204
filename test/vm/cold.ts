// A machine that has just been switched on, without the time that takes: saved with docketd stopped and the station's disk not mounted, it is
// given any disk and goes on from there. What its kernel knows of the disk it reads from the disk, as after a boot; docketd sees a boot id
// that it never saw. What only a real boot shows, tests boot for.
import { randomUUID } from 'node:crypto';
import { mkdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { readyDisks, Vm, type VmOptions } from './rig.ts';
import { Station } from './station.ts';

const BOOT_ID = '/run/rig/boot-id';
/** docketd tells boots apart by their id, which a restored machine has from the one that was saved. */
const DROP_IN = `[Service]\\nBindReadOnlyPaths=${BOOT_ID}:/proc/sys/kernel/random/boot_id\\n`;
/** What nobody uses would be saved with the rest; see save-ready.ts. */
const EMPTY_MEMORY =
  "head -c $(awk '/^MemFree/ { print int($2 * 0.9) }' /proc/meminfo)K /dev/zero >/dev/shm/zero; rm /dev/shm/zero";

/** Looks at a station before docketd does. */
type Look = (vm: Vm) => Promise<void>;

/** Saves the machine into `folder`; `prepare` changes the station before docketd is stopped for good. */
export async function saveCold(
  folder: string,
  options: VmOptions = {},
  prepare: (station: Station) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const ready = inject('vm');
  await mkdir(folder);
  await symlink(await realpath(join(ready, 'guest')), join(folder, 'guest'));
  await using station = await Station.open(options);
  await prepare(station);
  const { vm } = station;
  await vm.sh(`set -e; systemctl stop docketd; systemctl stop var-lib-docket.mount
    mkdir -p /run/rig /run/systemd/system/docketd.service.d; : >${BOOT_ID}
    printf '${DROP_IN}' >/run/systemd/system/docketd.service.d/boot-id.conf; systemctl daemon-reload
    sync; echo 3 >/proc/sys/vm/drop_caches; mount -o remount,size=100% /dev/shm; ${EMPTY_MEMORY}`);
  await vm.save(folder);
}

/** The machine of `folder` with this disk, docketd started. Whoever starts it disposes it. `look` sees the disk before docketd does. */
export async function startCold(
  folder: string,
  disk: string,
  options: VmOptions = {},
  look: Look = () => Promise.resolve(),
): Promise<Station> {
  const vm = await Vm.restore({ ...(await readyDisks(folder)), station: disk }, options);
  return await startOn(vm, look);
}

/**
 * The same with a machine that was started by startCold and is not needed any more as it is. Its cameras are pulled out; whatever it has in
 * memory of its station goes. Spares the start of another machine, whose every instruction would be translated anew.
 */
export async function startAgain(vm: Vm, disk: string, look: Look): Promise<Station> {
  try {
    await vm.sh('systemctl kill --signal=KILL docketd; systemctl stop docketd && systemctl stop var-lib-docket.mount');
    await vm.exchangeStation(disk);
  } catch (error) {
    await vm[Symbol.asyncDispose]();
    throw error;
  }
  return await startOn(vm, look);
}

async function startOn(vm: Vm, look: Look): Promise<Station> {
  try {
    await vm.sh(`set -e; echo ${randomUUID()} >${BOOT_ID}; systemctl start var-lib-docket.mount`);
    await look(vm);
    await vm.sh('systemctl start docketd');
    return Station.in(vm);
  } catch (error) {
    await vm[Symbol.asyncDispose]();
    throw error;
  }
}
