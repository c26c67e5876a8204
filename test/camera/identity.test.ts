// Whose card it is: from a private /proc, /sys, /dev and /run laid out as the kernel and udev lay them out.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findPort } from '../../src/camera/identity.ts';
import { identifyMount, type MachineRoots, readMounts } from '../../src/camera/index.ts';
import { put, temporaryPlace } from './places.ts';

const USB = 'sys/devices/pci0000:00/0000:00:14.0/usb1/1-2';

/** A machine with one camera of two volumes and one loop device. */
function machine(): { readonly place: string; readonly roots: MachineRoots; readonly mount: (name: string) => string } {
  const place = temporaryPlace();
  const facts = {
    idVendor: '4255\n',
    idProduct: 'A001\n',
    serial: ' 000000\u202e \n',
    product: 'Body Camera 执法\n',
    manufacturer: 'Maker\n',
  };
  for (const [name, text] of Object.entries(facts)) put(place, `${USB}/${name}`, text);
  put(place, 'sys/devices/pci0000:00/0000:00:14.0/usb1/idVendor', '1d6b\n'); // the hub it hangs on
  for (const [device, number] of [
    ['sdb/sdb1', '8:17'],
    ['sdc', '8:32'],
  ] as const) {
    const block = `${USB}/1-2:1.0/host6/target6:0:0/6:0:0:0/block/${device}`;
    put(place, `${block}/dev`, `${number}\n`);
    link(place, `sys/dev/block/${number}`, join(place, block));
  }
  put(place, 'sys/devices/virtual/block/loop0/dev', '7:0\n');
  link(place, 'sys/dev/block/7:0', join(place, 'sys/devices/virtual/block/loop0'));
  link(place, 'dev/disk/by-uuid/1234-ABCD', '../../sdb1');
  link(place, 'dev/disk/by-label/BODY\\x20CAM', '../../sdb1');
  link(place, 'dev/disk/by-uuid/loop-uuid', '../../loop0');
  put(
    place,
    'run/udev/data/b8:32',
    'S:disk/by-uuid/x\nE:ID_FS_UUID=FFFF-0001\nE:ID_FS_LABEL=_\nE:ID_FS_LABEL_ENC=\\xe7\\x8e\\xb0\\x20B\n',
  );
  const mount = (name: string): string => join(place, 'media', name);
  for (const name of ['A B', 'C', 'loop', 'plain']) mkdirSync(mount(name), { recursive: true });
  writeFileSync(join(place, 'mountinfo'), '');
  put(
    place,
    'proc/self/mountinfo',
    [
      '21 1 0:20 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
      `30 21 7:0 / ${mount('C')} rw - ext4 /dev/loop0 rw`, // hidden under the next
      `31 21 8:17 / ${mount('A B').replaceAll(' ', '\\040')} ro,nosuid,nodev shared:7 master:1 - vfat /dev/sdb1 ro,uid=1000`,
      `32 21 8:32 / ${mount('C')} rw - vfat /dev/sdc rw`,
      `33 21 7:0 / ${mount('loop')} rw - ext4 /dev/loop0 rw`,
      'nonsense',
      '',
    ].join('\n'),
  );
  return {
    place,
    roots: {
      procRoot: join(place, 'proc'),
      sysRoot: join(place, 'sys'),
      devRoot: join(place, 'dev'),
      runRoot: join(place, 'run'),
    },
    mount,
  };
}

function link(place: string, path: string, target: string): void {
  mkdirSync(dirname(join(place, path)), { recursive: true });
  symlinkSync(target, join(place, path));
}

describe('identity of a mounted card', () => {
  test('is the USB device it hangs on and the volume on it', async () => {
    const { roots, mount } = machine();
    expect(await identifyMount(mount('A B'), roots)).toEqual({
      way: 'usb',
      serial: '000000',
      model: 'Body Camera 执法',
      vendorId: '4255',
      productId: 'a001',
      volume: { uuid: '1234-ABCD', label: 'BODY CAM' },
    });
  });

  test('tells two volumes of one device apart by the volume, the serial being one', async () => {
    const { roots, mount } = machine();
    expect(await identifyMount(mount('C'), roots)).toMatchObject({
      way: 'usb',
      serial: '000000',
      volume: { uuid: 'FFFF-0001', label: '现 B' },
    });
  });

  test('has the port of its USB device, the same for all its volumes, and none where there is no such device', async () => {
    const { roots, mount } = machine();
    const mounts = await readMounts(roots.procRoot);
    const portOf = async (name: string): Promise<string | undefined> => {
      const found = mounts.findLast(({ mountPoint }) => mountPoint === mount(name)) ?? expect.fail(name);
      return findPort(found, roots);
    };
    expect([await portOf('A B'), await portOf('C'), await portOf('loop')]).toEqual(['1-2', '1-2', undefined]);
  });

  test('is a mount without USB facts for other block devices, a folder for what is no mount point', async () => {
    const { roots, mount } = machine();
    expect(await identifyMount(mount('loop'), roots)).toEqual({ way: 'mount', volume: { uuid: 'loop-uuid' } });
    expect(await identifyMount(mount('plain'), roots)).toEqual({ way: 'folder', folder: mount('plain') });
  });

  test('is a folder when the machine cannot be asked at all', async () => {
    const { place } = machine();
    expect(await identifyMount(place, { procRoot: join(place, 'none'), sysRoot: join(place, 'none') })).toEqual({
      way: 'folder',
      folder: place,
    });
  });

  describe('of a camera that speaks MTP', () => {
    /** The machine with a FUSE mount more, said to be of that device by a program of that user. */
    function mounted(source: string, user: number | string, fileSystem = 'fuse.jmtpfs'): ReturnType<typeof machine> {
      const made = machine();
      const { place, mount } = made;
      link(place, 'sys/dev/char/189:16', join(place, USB)); // bus 1, device 17
      mkdirSync(mount('mtp'));
      const line = `40 21 0:52 / ${mount('mtp')} ro,nosuid - ${fileSystem} ${source} ro,user_id=${user},group_id=0,allow_other`;
      put(place, 'proc/self/mountinfo', `${line}\n`);
      return made;
    }
    const NODE = '/dev/bus/usb/001/017';

    test('is the device that the source of the mount names', async () => {
      const { mount, roots } = mounted(NODE, 998);
      expect(await identifyMount(mount('mtp'), roots)).toEqual({
        way: 'usb',
        serial: '000000',
        model: 'Body Camera 执法',
        vendorId: '4255',
        productId: 'a001',
      });
    });

    test.each([
      ['a person made the mount', NODE, 54_321, 'fuse.jmtpfs'],
      ['nobody is named', NODE, '', 'fuse.jmtpfs'],
      ['it is no FUSE mount', NODE, 998, 'fusefs'],
      ['the source is a folder', '/dev/bus/usb/001', 998, 'fuse.jmtpfs'],
      ['the source leads elsewhere', '/dev/bus/usb/001/017/../018', 998, 'fuse.jmtpfs'],
      ['that device is gone', '/dev/bus/usb/001/018', 998, 'fuse.jmtpfs'],
    ])('is not believed when %s', async (_, source, user, fileSystem) => {
      const { mount, roots } = mounted(source, user, fileSystem);
      expect(await identifyMount(mount('mtp'), roots)).toEqual({ way: 'mount' });
    });
  });

  test('reads this machine too', async () => {
    expect((await readMounts()).map(({ mountPoint }) => mountPoint)).toContain('/proc');
    expect(await identifyMount('/proc')).toMatchObject({ way: 'mount' });
  });
});
