// Hot-plugging of USB devices, as status and as a reason to look for new mounts. Listens in a process of its own, see usb-listener.ts.
// Never opens a device, never stops the station: without a USB bus it says so once and does nothing.
import { fork } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../platform/index.ts';
import { type UsbChange, usbFactsSchema } from './arrival.ts';
import { cleanFact } from './identity.ts';

/** What listening needs and tells. */
export interface UsbWatchOptions {
  readonly sysRoot?: string | undefined;
  /** Script of the listener; another one in tests. */
  readonly script?: URL | undefined;
  readonly onChange: (change: UsbChange) => void;
  readonly onProblem: (message: string) => void;
}

/** Starts listening; the returned function ends it. */
export async function watchUsb(options: UsbWatchOptions): Promise<() => Promise<void>> {
  const bus = join(options.sysRoot ?? '/sys', 'bus/usb');
  if (!(await isDirectory(bus))) {
    options.onProblem(`this machine has no USB bus (${bus}): cameras are noticed by their mounts only`);
    return async () => undefined;
  }
  return listen(options, fileURLToPath(options.script ?? new URL('./usb-listener.ts', import.meta.url)));
}

function listen(options: UsbWatchOptions, script: string): () => Promise<void> {
  const child = fork(script, {
    stdio: 'ignore',
    execArgv: [...NODE_FLAGS],
    env: { PATH: process.env['PATH'] },
  });
  let stopped = false;
  child.on('message', (message: unknown) => {
    const change = parseChange(message);
    if (change !== undefined) options.onChange(change);
  });
  child.on('error', () => undefined); // 'exit' tells
  const ended = new Promise<void>((resolve) => {
    child.on('exit', (code, signal) => {
      if (!stopped)
        options.onProblem(
          `listening for USB devices ended (${signal ?? `exit code ${code}`}): cameras are noticed by their mounts only`,
        );
      resolve();
    });
  });
  return async () => {
    stopped = true;
    child.kill('SIGKILL');
    await ended;
  };
}

function parseChange(message: unknown): UsbChange | undefined {
  const parsed = usbFactsSchema.safeParse(message);
  if (!parsed.success) return undefined;
  const { event, vendorId, productId } = parsed.data;
  const [serial, model] = [parsed.data.serial, parsed.data.model].map((text) => cleanFact(text ?? ''));
  return {
    kind: 'usb',
    event,
    vendorId,
    productId,
    ...(serial === undefined ? {} : { serial }),
    ...(model === undefined ? {} : { model }),
  };
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
