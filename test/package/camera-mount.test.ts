// What the script that mounts for docketd does with the card of a camera that is admitted.
import { readdir, readFile, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  admit,
  at,
  DISK,
  face,
  link,
  mounted,
  note,
  over,
  put,
  said,
  script,
  USB,
  useCameraMachine,
} from './camera-machine.ts';

useCameraMachine();

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

it('mounts what has other interfaces beside its card', async () => {
  await put(`${USB}/bNumInterfaces`, ' 3\n');
  for (const [number, usbClass] of ['0e', 'ff'].entries()) await face(number + 1, usbClass);
  expect(await script('mount', 'sdb1')).toMatchObject({ status: 0 });
  expect((await said()).at(-1)).toBe(mounted('ro,nosuid,nodev,noexec', 'vfat'));
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
