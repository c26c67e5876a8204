// The script that mounts for docketd, on a machine that is a folder: sysfs, udev's data and the list are files, mount and umount only
// write down what they are asked and keep the private mountinfo.
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanFact } from '../../src/camera/identity.ts';
import { parseRefusal } from '../../src/camera/refusal.ts';
import { ROOT } from '../architecture/rooms.ts';
import { type Ended, run } from '../child.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const SCRIPT = join(ROOT, 'systemd/camera-mount');
const USB = 'sys/devices/pci0000:00/usb1/1-2';
const DISK = `${USB}/1-2:1.0/host6/block/sdb`;

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
const at = (path: string): string => machine.at(path);

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await symlink(target, at(path));
}

/** A machine with one card of one partition, in a camera of serial BC01. */
beforeEach(async () => {
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
});

afterEach(async () => {
  await machine[Symbol.asyncDispose]();
});

/** An interface of the device, of this class. */
function face(number: number, usbClass: string): Promise<void> {
  return put(`${USB}/1-2:1.${number}/bInterfaceClass`, `${usbClass}\n`);
}

function admit(...lines: readonly string[]): Promise<void> {
  return put('run/docket/admission/list', ['docket admission 1', ...lines, ''].join('\n'));
}

function script(...args: readonly string[]): Promise<Ended> {
  return runScript([], args);
}

function runScript(environment: readonly string[], args: readonly string[]): Promise<Ended> {
  const path = `PATH=${at('programs')}:/usr/sbin:/usr/bin:/sbin:/bin`;
  return run('env', ['-i', path, `DOCKET_ROOT=${machine.path}`, ...environment, 'sh', SCRIPT, ...args]);
}

async function said(): Promise<readonly string[]> {
  const text = await readFile(at('said'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

async function note(name = 'sdb1'): Promise<ReturnType<typeof parseRefusal> | undefined> {
  const text = await readFile(at(`run/docket/refused/${name}`), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseRefusal(text, name);
}

const mounted = (options: string, type: string): string =>
  `mount --internal-only --types ${type} --options ${options} -- ${at('dev/sdb1')} ${at('run/docket/cameras/sdb1')}`;

/** As systemd runs it when a unit is done. */
function over(result: string): Promise<Ended> {
  return runScript([`SERVICE_RESULT=${result}`], ['over', 'sdb1']);
}

describe('the card of an admitted camera', () => {
  it.each([
    ['vfat', 'ro,nosuid,nodev,noexec'],
    ['exfat', 'ro,nosuid,nodev,noexec'],
    ['ext4', 'ro,nosuid,nodev,noexec,noload'],
    ['xfs', 'ro,nosuid,nodev,noexec,norecovery,nouuid'],
    ['f2fs', 'ro,nosuid,nodev,noexec,norecovery'],
  ])('with %s is mounted with %s, after the kernel was told to refuse writes', async (type, options) => {
    await put('run/udev/data/b8:17', `E:ID_FS_TYPE=${type}\n`);
    expect(await script('mount', 'sdb1')).toMatchObject({
      status: 0,
      stderr: `docket: sdb1: mounted to be read (${type})\n`,
    });
    expect(await said()).toEqual([`blockdev --setro ${at('dev/sdb1')}`, mounted(options, type)]);
    expect(await note()).toBeUndefined();
  });

  it.each([
    ['vfat', 'rw,nosuid,nodev,noexec,noatime,uid=docket,gid=docket,flush'],
    ['exfat', 'rw,nosuid,nodev,noexec,noatime,uid=docket,gid=docket'],
  ])('with %s is mounted with %s where the station clears cameras', async (type, options) => {
    await admit('unknown refuse', 'clear registered', 'serial BC01');
    await put('run/udev/data/b8:17', `E:ID_FS_TYPE=${type}\n`);
    expect(await script('mount', 'sdb1')).toMatchObject({
      status: 0,
      stderr: `docket: sdb1: mounted to be read and cleared (${type})\n`,
    });
    expect(await said()).toEqual([mounted(options, type)]);
  });

  it.each([
    ['is not registered', 'vfat', ['unknown allow', 'clear registered'], 'ro,nosuid,nodev,noexec'],
    ['has a file system with owners', 'ext4', ['clear registered', 'serial BC01'], 'ro,nosuid,nodev,noexec,noload'],
  ])('is only to be read where cameras are cleared, if it %s', async (_, type, lines, options) => {
    await admit(...lines);
    await put('run/udev/data/b8:17', `E:ID_FS_TYPE=${type}\n`);
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
    expect(await said()).toEqual([`blockdev --setro ${at('dev/sdb1')}`, mounted(options, type)]);
  });

  it('that cannot be written to is read, where cameras are cleared', async () => {
    await admit('unknown refuse', 'clear registered', 'serial BC01');
    await put('protected', '');
    expect(await script('mount', 'sdb1')).toMatchObject({
      status: 0,
      stderr: 'docket: sdb1: mounted to be read (vfat)\n',
    });
    expect((await said()).map((line) => line.split(' ')[0])).toEqual(['mount', 'blockdev', 'mount']);
    expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
  });

  it('without partitions is mounted as a whole', async () => {
    await put('run/udev/data/b8:16', 'E:ID_FS_TYPE=exfat\n');
    expect(await script('mount', 'sdb')).toMatchObject({ status: 0 });
    expect((await said()).at(-1)).toContain(`exfat --options ro,nosuid,nodev,noexec -- ${at('dev/sdb')} `);
  });

  it('is mounted where the mount of one that went is in the way', async () => {
    const place = at('run/docket/cameras/sdb1');
    await put(
      'proc/self/mountinfo',
      `30 1 8:33 / ${place} ro - vfat /dev/sdc1 ro\n30 1 8:33 / ${place} ro - vfat /dev/sdc1 ro\n`,
    );
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
    expect((await said()).map((line) => line.split(' ')[0])).toEqual(['umount', 'umount', 'blockdev', 'mount']);
  });

  it.each(['ntfs', 'iso9660', 'crypto_LUKS'])('with %s is not mounted, and that is told', async (type) => {
    await put('run/udev/data/b8:17', `E:ID_FS_TYPE=${type}\n`);
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 1 });
    expect(await said()).toEqual([]);
    expect(await note()).toMatchObject({
      cause: 'failed',
      reason: `its file system, ${type}, is not one that docket mounts`,
      identity: { serial: 'BC01' },
    });
  });

  it('on which no file system is found is told, not passed over', async () => {
    await put('run/udev/data/b8:17', 'E:ID_PATH=x\n');
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 1 });
    expect(await note()).toMatchObject({
      cause: 'failed',
      reason: 'there is no file system on it that this machine knows',
    });
  });

  it('that does not mount is told in one line, and leaves no mount point', async () => {
    await put('broken', '');
    const ended = await script('mount', 'sdb1');
    const reason = 'its file system, vfat, does not mount (mount: wrong fs type, bad superblock)';
    expect(ended).toMatchObject({ status: 1, stderr: `docket: sdb1: not mounted: ${reason}\n` });
    expect(await note()).toMatchObject({ cause: 'failed', reason });
    await expect(readFile(at('run/docket/cameras/sdb1'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that was exchanged between the look and the mount is not left mounted', async () => {
    await put('swapped', '');
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 1 });
    expect((await said()).at(-1)).toBe(`umount --lazy -- ${at('run/docket/cameras/sdb1')}`);
    expect(await note()).toMatchObject({ cause: 'failed' });
  });

  it('goes with its device: unmounted lazily, its place and its note removed', async () => {
    await script('mount', 'sdb1');
    await rm(at('sys/class/block/sdb1'));
    expect(await script('unmount', 'sdb1')).toMatchObject({ status: 0, stderr: '' });
    expect((await said()).at(-1)).toBe(`umount --lazy -- ${at('run/docket/cameras/sdb1')}`);
    await expect(readFile(at('run/docket/cameras/sdb1'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that is plugged in again while the one before is still let go is started once more, by its number', async () => {
    const start = 'systemctl --no-block start docket-mount@sdb1.service';
    await script('mount', 'sdb1');
    await script('unmount', 'sdb1');
    await over('success');
    expect(await said(), 'the same card: somebody wanted it unmounted').not.toContain(start);
    await script('mount', 'sdb1');
    await put(`${DISK}/diskseq`, '9\n');
    await script('unmount', 'sdb1');
    expect(await over('success')).toMatchObject({ status: 0, stderr: '' });
    expect((await said()).filter((line) => line === start)).toHaveLength(1);
  });

  it('is started once more also where the mounting was ended by its leaving, and nothing of that stays', async () => {
    await script('mount', 'sdb1');
    await put('run/docket/refused/.sdb1.new', 'half of a no');
    await put(`${DISK}/diskseq`, '9\n');
    await over('signal');
    expect((await said()).slice(-2)).toEqual([
      `umount --lazy -- ${at('run/docket/cameras/sdb1')}`,
      'systemctl --no-block start docket-mount@sdb1.service',
    ]);
    expect(await readdir(at('run/docket/refused'))).toEqual([]);
    expect(await readdir(at('run/docket/cameras'))).toEqual([]);
  });

  it('whose mounting does not end is told', async () => {
    await script('mount', 'sdb1');
    await over('timeout');
    expect(await note()).toMatchObject({
      cause: 'failed',
      reason: 'mounting it did not end (timeout); plug it in again',
    });
  });

  it('that does not mount is not tried for ever', async () => {
    await put('broken', '');
    await script('mount', 'sdb1');
    await over('exit-code');
    await over('exit-code'); // without anything known of the card
    expect(await note()).toMatchObject({ cause: 'failed' });
    expect((await said()).join()).not.toContain('systemctl');
  });

  it('is not mounted a second time when it is looked at again', async () => {
    await script('mount', 'sdb1');
    const before = await said();
    expect(await script('again', 'sdb1')).toMatchObject({ status: 0, stderr: '' });
    expect(await said()).toEqual(before);
  });
});

describe('a camera that nobody admitted', () => {
  it('is not mounted; the note says all that is known of it', async () => {
    await admit('unknown refuse', 'serial BC02');
    expect(await script('mount', 'sdb1')).toMatchObject({
      status: 0,
      stderr: 'docket: sdb1: not mounted: camera BC01 is not registered\n',
    });
    expect(await said()).toEqual([]);
    expect(await note()).toEqual({
      cause: 'unknown',
      reason: 'camera BC01 is not registered',
      port: '1-2',
      plug: '1-17',
      identity: {
        way: 'usb',
        serial: 'BC01',
        model: 'Body Camera',
        vendorId: '4255',
        productId: '1000',
        volume: { uuid: '1234-ABCD', label: 'BODY CAM' },
      },
    });
  });

  it('is mounted without being plugged in again once it is registered, and its note goes', async () => {
    await admit('unknown refuse');
    await script('mount', 'sdb1');
    await admit('unknown refuse', 'serial BC01');
    expect(await script('again', 'sdb1')).toMatchObject({ status: 0 });
    expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
    expect(await note()).toBeUndefined();
  });

  it('keeps the very note it has while others are registered: it is one refusal', async () => {
    await admit('unknown refuse');
    await script('mount', 'sdb1');
    await admit('unknown refuse', 'serial BC09');
    const facts = async (): Promise<readonly number[]> => {
      const { ino, mtimeMs, size } = await stat(at('run/docket/refused/sdb1'));
      return [ino, mtimeMs, size];
    };
    const before = await facts();
    expect(await script('again', 'sdb1')).toMatchObject({ status: 0, stderr: '' });
    expect(await facts()).toEqual(before);
  });

  it.each([
    ['a longer one', 'serial BC011'],
    ['a shorter one', 'serial BC0'],
    ['a pattern', 'serial BC.1'],
    ['another case', 'serial bc01'],
    ['other words', 'BC01'],
  ])('is not taken for %s', async (_, line) => {
    await admit('unknown refuse', line);
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'unknown' });
  });

  it('is mounted where the station takes unknown cameras, also without a serial', async () => {
    await rm(at(`${USB}/serial`));
    await admit('unknown allow');
    await script('mount', 'sdb1');
    expect((await said()).length).toBe(2);
  });

  it('without a serial is refused, whatever is registered', async () => {
    await rm(at(`${USB}/serial`));
    await admit('unknown refuse', 'serial ');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({
      reason: 'it has no serial that could be registered',
      identity: { way: 'usb' },
    });
  });
});

describe('a device with the serial of a registered camera that can type', () => {
  const reason = 'it is a keyboard too, or something like it (USB class 03)';

  beforeEach(async () => {
    await put(`${USB}/bNumInterfaces`, ' 2\n');
    await face(1, '03');
  });

  it.each([['serial BC01'], ['unknown allow']])('is not mounted, and is told as what it is: %s', async (line) => {
    await admit(line);
    expect(await script('mount', 'sdb1')).toMatchObject({
      status: 0,
      stderr: `docket: sdb1: not mounted: ${reason}\n`,
    });
    expect(await said()).toEqual([]);
    expect(await note()).toMatchObject({ cause: 'keyboard', reason, port: '1-2', identity: { serial: 'BC01' } });
  });

  it('is told as that once somebody registers it, and then once', async () => {
    await admit('unknown refuse');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'unknown' });
    await admit('serial BC01');
    await script('again', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'keyboard' });
    const { ino } = await stat(at('run/docket/refused/sdb1'));
    expect(await script('again', 'sdb1')).toMatchObject({ status: 0, stderr: '' });
    expect((await stat(at('run/docket/refused/sdb1'))).ino).toBe(ino);
    expect(await said()).toEqual([]);
  });

  it('is found out also if it shows its keyboard late', async () => {
    await rm(at(`${USB}/1-2:1.1`), { recursive: true });
    await put(
      'programs/sleep',
      `#!/bin/sh\nmkdir "${at(`${USB}/1-2:1.1`)}" && echo 03 >"${at(`${USB}/1-2:1.1/bInterfaceClass`)}"\n`,
    );
    await chmod(at('programs/sleep'), 0o755);
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'keyboard' });
  });

  it('is not mounted as long as not all of it shows', async () => {
    await rm(at(`${USB}/1-2:1.1`), { recursive: true });
    await put('programs/sleep', `#!/bin/sh\necho slept >>"${at('slept')}"\n`);
    await chmod(at('programs/sleep'), 0o755);
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 1 });
    expect(await note()).toMatchObject({
      cause: 'failed',
      reason: 'not all of its interfaces are there; plug it in again',
    });
    expect((await readFile(at('slept'), 'utf8')).split('\n').length - 1).toBe(5);
    expect(await said()).toEqual([]);
  });

  it('is mounted where a rule of the administrator takes it for a camera all the same', async () => {
    await put('run/udev/data/b8:17', 'E:ID_FS_TYPE=vfat\nE:DOCKET_HID=1\n');
    await script('mount', 'sdb1');
    expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
  });

  it('is not mounted for what it says of itself', async () => {
    await put('run/udev/data/b8:17', 'E:ID_FS_TYPE=vfat\nE:ID_MODEL=E:DOCKET_HID=1\nE:DOCKET_HID=10\n');
    await put(`${USB}/product`, 'E:DOCKET_HID=1\n');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'keyboard' });
  });
});

it('mounts what has other interfaces beside its card', async () => {
  await put(`${USB}/bNumInterfaces`, ' 3\n');
  for (const [number, usbClass] of ['0e', 'ff'].entries()) await face(number + 1, usbClass);
  expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
  expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
});

it('refuses a camera that speaks MTP and can type', async () => {
  await link('sys/dev/char/189:16', at(USB));
  await put(`${USB}/dev`, '189:16\n');
  await put(`${USB}/bNumInterfaces`, ' 2\n');
  await face(1, '03');
  expect(await script('mount', 'mtp001x017')).toMatchObject({ status: 0 });
  expect(await note('mtp001x017')).toMatchObject({ cause: 'keyboard', identity: { serial: 'BC01' } });
});

describe('the list of admitted cameras', () => {
  it('that docketd has not written yet is waited for: nothing is mounted, nobody refused', async () => {
    await rm(at('run/docket/admission/list'));
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
    expect(await said()).toEqual([]);
    expect(await note()).toBeUndefined();
  });

  it('is not followed through a link', async () => {
    await put('elsewhere', 'docket admission 1\nunknown allow\n');
    await rm(at('run/docket/admission/list'));
    await link('run/docket/admission/list', at('elsewhere'));
    await script('mount', 'sdb1');
    expect(await said()).toEqual([]);
  });

  it('is not waited for when it is a pipe', async () => {
    await rm(at('run/docket/admission/list'));
    expect(await run('mkfifo', [at('run/docket/admission/list')])).toMatchObject({ status: 0 });
    expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
    expect(await said()).toEqual([]);
  });
});

describe('what a device says of itself', () => {
  const HOSTILE = [`$(touch /tmp/x)`, '`id`', `'; rm -rf / #`, '"$IFS"', '-rf', '*', '%s%n', 'a\\nb', '..', '执法 01'];

  it.each(HOSTILE)('is text and nothing else: %s', async (text) => {
    await put(`${USB}/serial`, `${text}\n`);
    await put(`${USB}/product`, `${text}\n`);
    await put('run/udev/data/b8:17', `E:ID_FS_TYPE=vfat\nE:ID_FS_LABEL_ENC=${text}\n`);
    expect(await script('mount', 'sdb1')).toMatchObject({
      stderr: `docket: sdb1: not mounted: camera ${text} is not registered\n`,
    });
    expect(await note()).toMatchObject({ identity: { serial: text, model: text } });
    await admit('unknown refuse', `serial ${text}`);
    await script('again', 'sdb1');
    expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
  });

  it('cannot write a second line into a note', async () => {
    await put(`${USB}/serial`, 'BC09\ncause failed\nserial BC01\n');
    await script('mount', 'sdb1');
    expect(await note()).toMatchObject({ cause: 'unknown', identity: { serial: 'BC09 cause failed serial BC01' } });
  });

  it('is read as docketd reads it, whatever invisible characters it holds', async () => {
    const parts = [
      'B',
      '7',
      ' ',
      '-',
      '执',
      '\u00e9',
      '\t',
      '\u007f',
      '\u0085',
      '\u00ad',
      '\u200b',
      '\u202e',
      '\u2066',
      '\ufeff',
    ];
    const serials = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 12 }).map((each) => each.join(''));
    await admit('unknown refuse');
    await fc.assert(
      fc.asyncProperty(serials, async (serial) => {
        await put(`${USB}/serial`, `${serial}\n`);
        await script('mount', 'sdb1');
        const text = await readFile(at('run/docket/refused/sdb1'), 'utf8');
        expect(/^serial (.*)$/m.exec(text)?.[1]).toBe(cleanFact(serial));
      }),
      { numRuns: 15 },
    );
  });
});

it('leaves alone what is no volume of a USB device, and a reader without a card', async () => {
  await link('sys/class/block/sda1', at('sys/devices/virtual'));
  await put('sys/devices/virtual/dev', '8:1\n');
  await put(`${DISK}/size`, '0\n');
  for (const each of ['sda1', 'sdz', 'sdb']) expect(await script('mount', each)).toMatchObject({ status: 0 });
  expect(await said()).toEqual([]);
  expect(await note('sdb')).toBeUndefined();
});

it.each([['mount'], ['mount', '../sdb1'], ['mount', 'sdb1;id'], ['format', 'sdb1'], []])(
  'refuses an order it does not know: %s %s',
  async (...args) => {
    expect(await script(...args)).toMatchObject({
      status: 2,
      stderr: 'usage: camera-mount mount|again|unmount|over|hand-over|show|ended NAME\n',
    });
  },
);
