// The process that unlocks one camera: finds the device it is told, runs the exchange, says how it ended. A process of its own, since the
// native part of the package may hang or crash on what a device does; whoever started it ends it after its time.
// Never opens another device than the one it was told, never tries an exchange twice.
import { WebUSB } from 'usb';
import { z } from 'zod';
import { systemClock } from '../platform/index.ts';
import { unlockSchema } from './unlock.ts';
import { runExchange, type UsbDevicePort } from './unlock-exchange.ts';

/** How often, and with what pause in milliseconds, a device is opened that udev may not have handed over yet. */
const OPENINGS = 20;
const OPENING_PAUSE_MS = 250;

const orderSchema = z.object({ unlock: unlockSchema, bus: z.number(), device: z.number() });

interface Found extends UsbDevicePort {
  readonly vendorId: number;
  readonly productId: number;
  readonly bus: string;
  readonly address: number;
}

// The station went away: nobody waits for the answer.
process.on('disconnect', () => process.exit(0));

async function unlock(order: z.infer<typeof orderSchema>): Promise<void> {
  const { vendorId, productId } = order.unlock.device;
  // The package's types lean on a browser's, which are not here; Found is the slice that is used.
  const usb = new WebUSB({ allowAllDevices: true }) as unknown as { getDevices(): Promise<readonly Found[]> };
  const device = (await usb.getDevices()).find(
    (each) =>
      each.vendorId === Number.parseInt(vendorId, 16) &&
      each.productId === Number.parseInt(productId, 16) &&
      each.address === order.device &&
      Number.parseInt(each.bus, 10) === order.bus,
  );
  if (device === undefined) throw new Error('it is not there any more');
  await openPatiently(device);
  try {
    await runExchange(device, order.unlock, systemClock);
  } finally {
    await device.close().catch(() => undefined); // a device that has left cannot be closed
  }
}

async function openPatiently(device: UsbDevicePort): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await device.open();
      return;
    } catch (error) {
      if (tried >= OPENINGS) throw error;
      await systemClock.wait(OPENING_PAUSE_MS);
    }
  }
}

process.once('message', (message) => {
  unlock(orderSchema.parse(message)).then(
    () => process.send?.({ ok: true }),
    (error: unknown) => process.send?.({ ok: false, why: error instanceof Error ? error.message : String(error) }),
  );
});
