// A good file that uses its neighbours by their doors, and its own vendor package.
import { usb } from 'usb';
import { parseDigest } from '../evidence/index.ts';
import { wait } from '../platform/index.ts';

/** A card. */
export async function card(): Promise<number> {
  await wait(1);
  const devices = await usb.getDevices();
  return parseDigest('2026-01-01').hex.length + devices.length;
}
