// Which USB devices are cameras that must be unlocked before they show a card: those a profile names, without a mass storage interface.
// Reads small files of sysfs only; opens no device.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CameraIdentity, errnoOf } from '../evidence/index.ts';
import { readUsbFacts } from './identity.ts';
import type { Profile } from './profile.ts';
import type { Unlock } from './unlock.ts';

/** A device at a port of the bus, as sysfs names it. */
const PORT = /^\d+-\d+(?:\.\d+)*$/;
/** USB class of mass storage. */
const STORAGE_CLASS = '08';

/** A camera that does not show its card. */
export interface LockedDevice {
  /** USB port, as sysfs names it. */
  readonly port: string;
  readonly bus: number;
  /** Number of the device on its bus; another one after each plug. */
  readonly device: number;
  readonly identity: CameraIdentity;
  readonly profile: string;
  readonly unlock: Unlock;
}

/** One look at the bus. */
export interface LockedView {
  /** The locked cameras, by port. */
  readonly locked: ReadonlyMap<string, LockedDevice>;
  /** Ports at which anything is plugged in. */
  readonly occupied: ReadonlySet<string>;
}

/** The locked cameras that are plugged in now. Errors are errno errors of reading the bus. */
export async function lookForLocked(profiles: readonly Profile[], sysRoot = '/sys'): Promise<LockedView> {
  const named = profiles.filter(({ unlock }) => unlock !== undefined);
  if (named.length === 0) return { locked: new Map(), occupied: new Set() };
  const bus = join(sysRoot, 'bus/usb/devices');
  const names = await readdir(bus).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const occupied = new Set(names.filter((name) => PORT.test(name)).toSorted());
  const locked = new Map<string, LockedDevice>();
  for (const port of occupied) {
    const found = await lockedAt(bus, port, names, named);
    if (found !== undefined) locked.set(port, found);
  }
  return { locked, occupied };
}

async function lockedAt(
  bus: string,
  port: string,
  names: readonly string[],
  profiles: readonly Profile[],
): Promise<LockedDevice | undefined> {
  const facts = await readUsbFacts(join(bus, port));
  const chosen = profiles.find(
    ({ unlock }) => unlock?.device.vendorId === facts.vendorId && unlock?.device.productId === facts.productId,
  );
  if (chosen?.unlock === undefined || (await hasStorage(bus, port, names))) return undefined;
  const [busNumber, device] = await Promise.all([readNumber(bus, port, 'busnum'), readNumber(bus, port, 'devnum')]);
  if (busNumber === undefined || device === undefined) return undefined; // it has left meanwhile
  const { name: profile, unlock } = chosen;
  return { port, bus: busNumber, device, identity: { way: 'usb', ...facts }, profile, unlock };
}

/** Interfaces stand beside their device: `1-2:1.0` is one of `1-2`. */
async function hasStorage(bus: string, port: string, names: readonly string[]): Promise<boolean> {
  const interfaces = names.filter((name) => name.startsWith(`${port}:`));
  const classes = await Promise.all(interfaces.map((name) => readText(join(bus, name, 'bInterfaceClass'))));
  return classes.includes(STORAGE_CLASS);
}

async function readNumber(bus: string, port: string, name: string): Promise<number | undefined> {
  const text = await readText(join(bus, port, name));
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim(); // the device has left
}
