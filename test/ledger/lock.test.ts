// The station lock: one docket per station, whoever comes second is told who holds it, and death lets go of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireStationLock, readLockHolder } from '../../src/ledger/index.ts';
import type { Clock } from '../../src/platform/index.ts';
import { failureOf } from './station.ts';

async function makeFolder(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'docket-lock-'));
  return {
    path: join(folder, 'station.lock'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const HOLDER = `
import { acquireStationLock } from ${JSON.stringify(new URL('../../src/ledger/index.ts', import.meta.url).href)};
await acquireStationLock(process.argv[1], { pid: process.pid, command: 'docketd "夜班"' });
process.stdout.write('held');
process.stdin.resume();
`;

test('a process that was killed does not hold the station, one that lives does', async () => {
  await using folder = await makeFolder();
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, folder.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  await expect(acquireStationLock(folder.path, { pid: process.pid, command: 'docket' })).rejects.toMatchObject({
    code: 'station-locked',
    message: `docket process ${child.pid} (docketd "夜班") works on this station`,
    facts: { pid: child.pid, command: 'docketd "夜班"' },
  });
  child.kill('SIGKILL');
  await ended;
  await using lock = await acquireStationLock(folder.path, { pid: process.pid, command: 'docket' });
  expect(lock).toBeDefined();
  expect(await readLockHolder(folder.path)).toEqual({ pid: process.pid, command: 'docket' });
});

test('within one process too there is one holder, and release lets the next one in', async () => {
  await using folder = await makeFolder();
  const first = await acquireStationLock(folder.path, { pid: 1, command: 'first' });
  expect(await failureOf(acquireStationLock(folder.path, { pid: 2, command: 'second' }))).toBe('station-locked');
  await first.release();
  await first.release();
  expect(await readLockHolder(folder.path)).toBeUndefined();
  await using second = await acquireStationLock(folder.path, { pid: 2, command: 'second' });
  expect(second).toBeDefined();
});

test('waits as long as it was told to, by the clock it was given', async () => {
  await using folder = await makeFolder();
  const first = await acquireStationLock(folder.path, { pid: 1, command: 'first' });
  let elapsed = 0;
  let releaseAt = Number.POSITIVE_INFINITY;
  const clock: Pick<Clock, 'elapsedMs' | 'wait'> = {
    elapsedMs: () => elapsed,
    wait: async (durationMs) => {
      elapsed += durationMs;
      if (elapsed >= releaseAt) await first.release();
    },
  };
  const wait = {
    waitMs: 1000,
    clock: {
      now: () => {
        throw new Error('no need of it');
      },
      ...clock,
    },
  };
  expect(await failureOf(acquireStationLock(folder.path, { pid: 2, command: 'second' }, wait))).toBe('station-locked');
  expect(elapsed).toBe(1000);
  releaseAt = 1500;
  await using second = await acquireStationLock(folder.path, { pid: 2, command: 'second' }, wait);
  expect(second).toBeDefined();
});

test('a missing folder is said to be missing', async () => {
  await using folder = await makeFolder();
  expect(await failureOf(acquireStationLock(join(folder.path, 'no', 'lock'), { pid: 1, command: 'x' }))).toBe(
    'disk-failed',
  );
});
