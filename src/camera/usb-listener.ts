// The process that listens for USB devices. It is a process of its own because the package ends it by an unhandled rejection, or by a crash
// of its native part, where there is no USB bus or no netlink socket; the station goes on without it. Never opens a device.
import { WebUSB } from 'usb';

interface Plugged {
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber?: string | null | undefined;
  readonly productName?: string | null | undefined;
}

function tell(event: 'connected' | 'disconnected', device: Plugged): void {
  const hex4 = (id: number): string => id.toString(16).padStart(4, '0');
  process.send?.({
    event,
    vendorId: hex4(device.vendorId),
    productId: hex4(device.productId),
    ...(typeof device.serialNumber === 'string' ? { serial: device.serialNumber } : {}),
    ...(typeof device.productName === 'string' ? { model: device.productName } : {}),
  });
}

interface UsbPort {
  addEventListener(type: 'connect' | 'disconnect', listener: (change: { readonly device: Plugged }) => void): void;
}

// The station went away: nobody is told any more.
process.on('disconnect', () => process.exit(0));

// The package's types lean on a browser's, which are not here; this is the slice that is used.
const usb = new WebUSB({ allowAllDevices: true }) as unknown as UsbPort;
usb.addEventListener('connect', ({ device }) => tell('connected', device));
usb.addEventListener('disconnect', ({ device }) => tell('disconnected', device));
