// Runs an unlocking exchange over a USB device: the steps in order, each within a time, every answer compared.
// Sees a narrow port, so that a simulated device answers in tests. Sends nothing that is not in the steps.
import type { Clock } from '../platform/index.ts';
import type { Unlock, UnlockStep } from './unlock.ts';

/** Longest one transfer may take, in milliseconds. */
const TRANSFER_MS = 2000;

interface Setup {
  readonly requestType: 'standard' | 'class' | 'vendor';
  readonly recipient: 'device' | 'interface' | 'endpoint' | 'other';
  readonly request: number;
  readonly value: number;
  readonly index: number;
}

/** What came of a transfer. */
interface Answer {
  readonly status?: string | undefined;
  readonly data?: DataView | undefined;
  readonly bytesWritten?: number | undefined;
}

/** The slice of a USB device that an exchange needs; the package `usb` has it. */
export interface UsbDevicePort {
  open(): Promise<void>;
  close(): Promise<void>;
  detachKernelDriver(interfaceNumber: number): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  controlTransferOut(setup: Setup, data: Uint8Array, timeoutMs: number): Promise<Answer>;
  controlTransferIn(setup: Setup, lengthBytes: number, timeoutMs: number): Promise<Answer>;
  transferOut(endpoint: number, data: Uint8Array, timeoutMs: number): Promise<Answer>;
  transferIn(endpoint: number, lengthBytes: number, timeoutMs: number): Promise<Answer>;
}

/** Runs the exchange on an open device. Throws an error that names the step; a device that leaves at a step throws there, too. */
export async function runExchange(
  device: UsbDevicePort,
  { interface: taken, steps }: Unlock,
  clock: Clock,
): Promise<void> {
  if (taken !== undefined) {
    await device.detachKernelDriver(taken).catch(() => undefined); // no driver holds it
    await device.claimInterface(taken);
  }
  for (const [k, step] of steps.entries()) {
    try {
      await runStep(device, step, clock);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`step ${k + 1} of ${steps.length} (${step.do}): ${why}`, { cause });
    }
  }
}

async function runStep(device: UsbDevicePort, step: UnlockStep, clock: Clock): Promise<void> {
  switch (step.do) {
    case 'pause':
      await clock.wait(step.ms);
      return;
    case 'control-out':
      return sent(step.data, (data) => device.controlTransferOut(setupOf(step), data, TRANSFER_MS));
    case 'bulk-out':
      return sent(step.data, (data) => device.transferOut(step.endpoint, data, TRANSFER_MS));
    case 'control-in':
      return compare(step, await device.controlTransferIn(setupOf(step), step.lengthBytes, TRANSFER_MS));
    case 'bulk-in':
      return compare(step, await device.transferIn(step.endpoint, step.lengthBytes, TRANSFER_MS));
  }
}

function setupOf(step: Extract<UnlockStep, { do: 'control-out' | 'control-in' }>): Setup {
  const { type: requestType, recipient, request, value, index } = step;
  return { requestType, recipient, request, value, index };
}

async function sent(hex: string, send: (data: Uint8Array) => Promise<Answer>): Promise<void> {
  const data = Buffer.from(hex, 'hex');
  const { status, bytesWritten } = await send(new Uint8Array(data));
  if (status !== 'ok') throw new Error(`the device does not take it (${status ?? 'no answer'})`);
  if (bytesWritten !== data.length) throw new Error(`it took ${bytesWritten ?? 0} of ${data.length} bytes`);
}

function compare({ expect }: { readonly expect?: string | undefined }, { status, data }: Answer): void {
  if (status !== 'ok' || data === undefined) throw new Error(`the device does not answer (${status ?? 'no answer'})`);
  const got = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
  if (!got.startsWith((expect ?? '').toLowerCase()))
    throw new Error(`it answers ${got.slice(0, 64)}, not ${expect ?? ''}`);
}
