// Whose card is mounted here: from the mount to its device, up sysfs to the USB device, and across to the volume's id and label.
// Reads small text files and links only, opens no device, keeps nothing open. What is not known stays absent.
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { CameraIdentity } from '../evidence/index.ts';
import { type Mount, readMounts } from './mounts.ts';
import { findClaimedDevice } from './mtp.ts';

/** Where the kernel's views of itself are; private trees in tests. */
export interface MachineRoots {
  readonly procRoot?: string | undefined;
  readonly sysRoot?: string | undefined;
  readonly devRoot?: string | undefined;
  readonly runRoot?: string | undefined;
}

/** Longest fact kept, in characters: what a device says of itself is hostile input. */
const MAX_FACT_CHARS = 200;
/** A port in sysfs; a hub that is the root of its bus is called usb1 and is no port. */
const PORT = /^\d+-\d+(?:\.\d+)*$/;

/** Identity of what is mounted at `root`; way 'folder' if nothing is. Never throws for what cannot be found out. */
export async function identifyMount(root: string, machine: MachineRoots = {}): Promise<CameraIdentity> {
  const path = await realpath(root).catch(() => resolve(root));
  const mounts = await readMounts(machine.procRoot).catch(() => []);
  const mount = mounts.findLast(({ mountPoint }) => mountPoint === path);
  if (mount === undefined) return { way: 'folder', folder: path };
  return identifyDevice(mount, machine);
}

/** Identity of a mount already found. */
export async function identifyDevice(mount: Mount, machine: MachineRoots = {}): Promise<CameraIdentity> {
  const { block, usb } = await findDevice(mount, machine);
  const volume = await readVolume(mount, block === undefined ? basename(mount.source) : basename(block), machine);
  return {
    way: usb === undefined ? 'mount' : 'usb',
    ...(usb === undefined ? {} : await readUsbFacts(usb)),
    ...(volume === undefined ? {} : { volume }),
  };
}

/** Port of the USB device a mount hangs on, as sysfs names it: bus, then the ports on the way, `1-2.3`. Absent for what is no USB device. */
export async function findPort(mount: Mount, machine: MachineRoots = {}): Promise<string | undefined> {
  const { usb } = await findDevice(mount, machine);
  const port = usb === undefined ? '' : basename(usb);
  return PORT.test(port) ? port : undefined;
}

/** The directories of a mount's block device and of its USB device. */
async function findDevice(
  mount: Mount,
  machine: MachineRoots,
): Promise<{ readonly block: string | undefined; readonly usb: string | undefined }> {
  const sysRoot = await realpath(machine.sysRoot ?? '/sys').catch(() => machine.sysRoot ?? '/sys');
  const block = await realpath(join(sysRoot, 'dev/block', mount.device)).catch(() => undefined);
  const usb = block === undefined ? findClaimedDevice(mount, sysRoot) : findUsbDevice(block, sysRoot);
  return { block, usb: await usb };
}

/** The nearest directory above a block device that is a USB device: a card reader or camera, not the hub it hangs on. */
async function findUsbDevice(block: string, sysRoot: string): Promise<string | undefined> {
  for (let at = block; at !== sysRoot && at !== dirname(at); at = dirname(at)) {
    if (await isThere(join(at, 'idVendor'))) return at;
  }
  return undefined;
}

/** What a USB device says of itself, by its directory in sysfs. */
export async function readUsbFacts(
  device: string,
): Promise<Pick<CameraIdentity, 'serial' | 'model' | 'vendorId' | 'productId'>> {
  const [vendor, product, serial, model, maker] = await Promise.all(
    ['idVendor', 'idProduct', 'serial', 'product', 'manufacturer'].map((name) => readFact(join(device, name))),
  );
  const named = model ?? maker;
  return {
    ...(serial === undefined ? {} : { serial }),
    ...(named === undefined ? {} : { model: named }),
    ...(vendor === undefined ? {} : { vendorId: vendor.toLowerCase() }),
    ...(product === undefined ? {} : { productId: product.toLowerCase() }),
  };
}

async function readFact(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => ''); // an attribute the device does not have
  return cleanFact(text);
}

/** A fact as a device or volume says it, without control and invisible characters; undefined when nothing is left. */
export function cleanFact(text: string): string | undefined {
  const clean = text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .slice(0, MAX_FACT_CHARS);
  return clean === '' ? undefined : clean;
}

async function readVolume(mount: Mount, deviceName: string, machine: MachineRoots): Promise<CameraIdentity['volume']> {
  const udev = await readUdev(mount.device, machine.runRoot ?? '/run');
  const disk = join(machine.devRoot ?? '/dev', 'disk');
  const uuid = udev.get('ID_FS_UUID') ?? (await findLink(join(disk, 'by-uuid'), deviceName));
  const label =
    udev.get('ID_FS_LABEL_ENC') ?? udev.get('ID_FS_LABEL') ?? (await findLink(join(disk, 'by-label'), deviceName));
  const facts = {
    uuid: uuid === undefined ? undefined : cleanFact(unescapeHex(uuid)),
    label: label === undefined ? undefined : cleanFact(unescapeHex(label)),
  };
  if (facts.uuid === undefined && facts.label === undefined) return undefined;
  return {
    ...(facts.uuid === undefined ? {} : { uuid: facts.uuid }),
    ...(facts.label === undefined ? {} : { label: facts.label }),
  };
}

/** The `E:` lines udev keeps of a block device, if this process may read them. */
async function readUdev(device: string, runRoot: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(runRoot, 'udev/data', `b${device}`), 'utf8').catch(() => '');
  return new Map([...text.matchAll(/^E:([A-Z0-9_]+)=(.+)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']));
}

/** The name of the link in a /dev/disk directory that leads to a device. */
async function findLink(directory: string, deviceName: string): Promise<string | undefined> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const target = await readlink(join(directory, name)).catch(() => '');
    if (basename(target) === deviceName) return name;
  }
  return undefined;
}

/** udev writes bytes it does not like as `\x20`. */
export function unescapeHex(text: string): string {
  if (!text.includes('\\x')) return text;
  const raw = Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(raw, 'latin1').toString('utf8');
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
