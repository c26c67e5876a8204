// A machine on which the script that mounts for docketd runs, in a folder: sysfs, udev's data and the list are files, mount and umount only
// write down what they are asked and keep the private mountinfo.
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { parseRefusal } from '../../src/camera/refusal.ts';
import { ROOT } from '../architecture/rooms.ts';
import { type Ended, run } from '../child.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const SCRIPT = join(ROOT, 'systemd/camera-mount');
export const USB = 'sys/devices/pci0000:00/usb1/1-2';
export const DISK = `${USB}/1-2:1.0/host6/block/sdb`;

const PROGRAMS = {
  // Says no where the test wants it; else the mount is there from now on.
  mount: `printf 'mount %s\\n' "$*" >>"$DOCKET_ROOT/said"
if [ -e "$DOCKET_ROOT/broken" ]; then echo 'mount: wrong fs type, bad superblock'; echo 'dmesg may have more'; exit 32; fi
if [ -e "$DOCKET_ROOT/protected" ]; then case $* in *'--options rw,'*) echo 'mount: write-protected'; exit 32 ;; esac; fi
for place; do :; done
echo "31 21 8:17 / $place ro - vfat /dev/sdb1 ro" >>"$DOCKET_ROOT/proc/self/mountinfo"
[ ! -e "$DOCKET_ROOT/swapped" ] || echo 8 >"$DOCKET_ROOT/${DISK}/diskseq"`,
  umount: `printf 'umount %s\\n' "$*" >>"$DOCKET_ROOT/said"
for place; do :; done
awk -v place="$place" '$5 == place && !gone { gone = 1; next } { print }' "$DOCKET_ROOT/proc/self/mountinfo" >"$DOCKET_ROOT/left"
mv "$DOCKET_ROOT/left" "$DOCKET_ROOT/proc/self/mountinfo"`,
  systemctl: `printf 'systemctl %s\\n' "$*" >>"$DOCKET_ROOT/said"`,
  blockdev: `printf 'blockdev %s\\n' "$*" >>"$DOCKET_ROOT/said"`,
};

let machine: TempFolder;
export const at = (path: string): string => machine.at(path);

export async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
}

export async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await symlink(target, at(path));
}

/** Each test of the file has a machine with one card of one partition, in a camera of serial BC01, which is admitted. */
export function useCameraMachine(): void {
  beforeEach(makeMachine);
  afterEach(() => machine[Symbol.asyncDispose]());
}

async function makeMachine(): Promise<void> {
  machine = await makeTempFolder();
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await put(`programs/${name}`, `#!/bin/sh\nset -eu\n${text}\n`);
    await chmod(at(`programs/${name}`), 0o755);
  }
  const facts = {
    idVendor: '4255',
    idProduct: '1000',
    serial: 'BC01',
    product: 'Body Camera',
    busnum: '1',
    devnum: '17',
    bNumInterfaces: ' 1',
  };
  for (const [name, text] of Object.entries(facts)) await put(`${USB}/${name}`, `${text}\n`);
  await face(0, '08');
  await put(`${DISK}/diskseq`, '7\n');
  await put(`${DISK}/dev`, '8:16\n');
  await put(`${DISK}/size`, '2048\n');
  await put(`${DISK}/sdb1/dev`, '8:17\n');
  await put(`${DISK}/sdb1/size`, '2000\n');
  await put(`${DISK}/sdb1/partition`, '1\n');
  await link('sys/class/block/sdb1', at(`${DISK}/sdb1`));
  await link('sys/class/block/sdb', at(DISK));
  await put('run/udev/data/b8:17', 'E:ID_FS_TYPE=vfat\nE:ID_FS_UUID=1234-ABCD\nE:ID_FS_LABEL_ENC=BODY\\x20CAM\n');
  await put('proc/self/mountinfo', '21 1 0:20 / / rw - ext4 /dev/sda1 rw\n');
  await put('dev/sdb', '');
  await mkdir(at('run/docket/cameras'), { recursive: true });
  await mkdir(at('run/docket/refused'), { recursive: true });
  await admit('unknown refuse', 'serial BC01');
}

/** An interface of the device, of this class. */
export function face(number: number, usbClass: string): Promise<void> {
  return put(`${USB}/1-2:1.${number}/bInterfaceClass`, `${usbClass}\n`);
}

export function admit(...lines: readonly string[]): Promise<void> {
  return put('run/docket/admission/list', ['docket admission 1', ...lines, ''].join('\n'));
}

export function script(...args: readonly string[]): Promise<Ended> {
  return runScript([], args);
}

export function runScript(environment: readonly string[], args: readonly string[]): Promise<Ended> {
  const path = `PATH=${at('programs')}:/usr/sbin:/usr/bin:/sbin:/bin`;
  return run('env', ['-i', path, `DOCKET_ROOT=${machine.path}`, ...environment, 'sh', SCRIPT, ...args]);
}

export async function said(): Promise<readonly string[]> {
  const text = await readFile(at('said'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

export async function note(name = 'sdb1'): Promise<ReturnType<typeof parseRefusal> | undefined> {
  const text = await readFile(at(`run/docket/refused/${name}`), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseRefusal(text, name);
}

export const mounted = (options: string, type: string): string =>
  `mount --internal-only --types ${type} --options ${options} -- ${at('dev/sdb1')} ${at('run/docket/cameras/sdb1')}`;

/** As systemd runs it when a unit is done. */
export function over(result: string): Promise<Ended> {
  return runScript([`SERVICE_RESULT=${result}`], ['over', 'sdb1']);
}
