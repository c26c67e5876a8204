// Runs one unlocking exchange in a process of its own, and ends that when its time is over.
// Never throws: how it ended is told in a sentence.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Clock, NODE_FLAGS } from '../platform/index.ts';
import type { LockedDevice } from './locked-devices.ts';

/** Longest an exchange may take, opening the device included, in milliseconds. */
const EXCHANGE_MS = 15_000;

const endSchema = z.object({ ok: z.boolean(), why: z.string().max(1000).optional() });

/** Runs the exchange; resolves with why it failed, or undefined. Ends early when `signal` aborts. `script` is another process in tests. */
export async function runUnlock(
  { unlock, bus, device }: LockedDevice,
  clock: Clock,
  signal: AbortSignal,
  script: URL = new URL('./usb-unlocker.ts', import.meta.url),
): Promise<string | undefined> {
  const child = fork(fileURLToPath(script), {
    stdio: 'ignore',
    execArgv: [...NODE_FLAGS],
    env: { PATH: process.env['PATH'] },
  });
  child.on('error', () => undefined); // 'exit' tells
  const over = new AbortController();
  const said = once(child, 'message', { signal: over.signal }).then(([message]) => endOf(message));
  const gone = once(child, 'exit', { signal: over.signal }).then(() => 'the process that unlocks ended without a word');
  const late = clock.wait(EXCHANGE_MS, AbortSignal.any([over.signal, signal])).then(
    () => `it took longer than ${EXCHANGE_MS / 1000} s`,
    () => 'docketd stops',
  );
  child.send({ unlock, bus, device }, () => undefined); // a child that is gone already is told by 'exit'
  try {
    return await Promise.race([said, gone, late]);
  } finally {
    for (const each of [said, gone]) each.catch(() => undefined); // ended by `over`
    over.abort();
    child.kill('SIGKILL');
  }
}

function endOf(message: unknown): string | undefined {
  const end = endSchema.safeParse(message);
  if (!end.success) return 'the process that unlocks said something unknown';
  return end.data.ok ? undefined : (end.data.why ?? 'the exchange failed');
}
