// The USB device behind a camera that speaks MTP, which a program shows as a FUSE mount: the mount's source says which device it is.
// Never takes a person's word for it: whoever may make FUSE mounts could claim any camera.
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mount } from './mounts.ts';

/** Highest number of a user that belongs to the system and to no person (Debian Policy, "UID and GID classes"). */
const MAX_SYSTEM_USER = 999;
/** As systemd/camera-mount has it said: the device's node. */
const NODE = /^\/dev\/bus\/usb\/(\d{3})\/(\d{3})$/;
/** The kernel numbers USB devices by bus, so many to each (Documentation/admin-guide/devices.txt, "189 char"). */
const USB_MAJOR = 189;
const DEVICES_PER_BUS = 128;

/** Entry in sysfs of the USB device that a FUSE mount stands for: it goes when the device is pulled. Undefined for any other mount. */
export function claimedEntry(mount: Mount, sysRoot: string): string | undefined {
  const [, bus, device] = NODE.exec(mount.source) ?? [];
  if (!/^fuse(?:\.|$)/.test(mount.fileSystem) || !isTrusted(mount) || bus === undefined || device === undefined)
    return undefined;
  const minor = (Number(bus) - 1) * DEVICES_PER_BUS + Number(device) - 1;
  return join(sysRoot, 'dev/char', `${USB_MAJOR}:${minor}`);
}

/** Directory in sysfs of that device; undefined when it is gone, too. */
export async function findClaimedDevice(mount: Mount, sysRoot: string): Promise<string | undefined> {
  const entry = claimedEntry(mount, sysRoot);
  return entry === undefined ? undefined : realpath(entry).catch(() => undefined);
}

function isTrusted({ userId }: Mount): boolean {
  return userId !== undefined && (userId <= MAX_SYSTEM_USER || userId === process.getuid?.());
}
