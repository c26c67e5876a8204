// kill -9 in the middle of uploads: the gateway at random moments of many, and docketd itself; and a gateway that is stopped and continued.
// Each gateway killed here is of a server of its own. The seed is printed; DOCKET_SEED repeats a run.
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { type Daemon, startDaemon } from '../../fault/services.ts';
import { startServer } from '../server.ts';
import { type Line, openLine } from './line.ts';
import { dockAt, expectSound, layCard, makeOutpost, statusOf } from './stations.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const DRAINED = /nothing waits in the spool any more/;
const PATIENCE_MS = 100_000;
/** Kills of the gateway, each during the docking of a card of its own; what the one before left is stored beside it. */
const KILLS = process.env['DOCKET_FAULTS'] === 'all' ? 40 : 8;
const UPLOADS_EACH = 10;
/** So slow, each connection for itself, that a body is a while under way. */
const LINE_BYTES_PER_SECOND = 4 * MIB;

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function expectStopped(daemon: Daemon): Promise<void> {
  const { code, said } = await daemon.stop();
  expect(said).not.toMatch(/defect/);
  expect(code).toBe(0);
}

it.concurrent('the gateway killed at random moments of many uploads: all are stored once', {
  timeout: 600_000,
}, async ({ expect }) => {
  const seed = Number(process.env['DOCKET_SEED'] ?? randomInt(2 ** 31));
  console.log(`DOCKET_SEED=${seed}`);
  const random = randomOf(seed);
  await using own = await startServer();
  await using line = await openLine(own);
  const outpost = await makeOutpost({ via: line.server, server: own });
  const cards = Array.from({ length: KILLS }, (_, k) =>
    layCard(
      outpost,
      k + 1,
      Array.from({ length: UPLOADS_EACH }, () => Math.floor((64 + random() * 192) * KIB)),
    ),
  );
  line.bytesPerSecond = LINE_BYTES_PER_SECOND;
  await using daemon = await startDaemon(outpost.config);
  let hits = 0;
  const sendsPayload = (): boolean =>
    line.underWay().some(({ method, path }) => method === 'PUT' && path.includes('/payload/'));
  for (const [k, { path }] of cards.entries()) {
    const pid = await own.gatewayPid();
    const docked = new AbortController();
    const docking = dockAt(outpost, path).finally(() => docked.abort());
    // At some request that is still to come, every other time at a payload, and a little later: in the middle of it.
    const from = line.seen.length + Math.floor(random() * 40);
    const isTime = k % 2 === 0 ? sendsPayload : (): boolean => line.seen.length >= from;
    while (!docked.signal.aborted && !isTime()) await sleep(1);
    await sleep(random() * 20);
    if (sendsPayload()) hits += 1;
    process.kill(pid, 'SIGKILL');
    await own.killGateway();
    await own.startGateway();
    await docking;
    rmSync(path, { recursive: true });
  }
  console.log(`${hits} of ${KILLS} kills hit a payload on its way`);
  expect(hits, 'kills that hit a payload on its way').toBeGreaterThanOrEqual(KILLS / 4);
  const waiting = async (): Promise<number> => (await statusOf(outpost)).queue.acquisitionsWaiting;
  await expect.poll(waiting, { timeout: PATIENCE_MS, interval: 500 }).toBe(0);
  await expectStopped(daemon);
  await expectSound(outpost, Object.fromEntries(cards.flatMap(({ truth }) => Object.entries(truth))));
});

it.concurrent('the gateway stopped for a while in the middle of uploads, and continued', async () => {
  await using own = await startServer();
  await using line = await openLine(own);
  const outpost = await makeOutpost({ via: line.server, server: own, idleSeconds: 2 });
  const { path, truth } = layCard(
    outpost,
    2,
    Array.from({ length: 20 }, () => 100 * KIB),
  );
  await using daemon = await startDaemon(outpost.config);
  const pid = await own.gatewayPid();
  line.fate = ({ path }) => {
    if (path.includes('/payload/') && line.seen.length > 20) process.kill(pid, 'SIGSTOP');
    return undefined;
  };
  try {
    const docked = await dockAt(outpost, path);
    expect(docked.files.filter(({ waiting, outcome }) => waiting !== true && outcome !== 'recorded')).toEqual([]);
    expect(
      docked.files.some(({ waiting }) => waiting === true),
      'the gateway hung',
    ).toBe(true);
    rmSync(path, { recursive: true });
    await daemon.says(/work waits in the spool/);
  } finally {
    line.fate = () => undefined;
    process.kill(pid, 'SIGCONT');
  }
  await daemon.says(DRAINED, PATIENCE_MS);
  await expectStopped(daemon);
  await expectSound(outpost, truth);
});

/** Kills docketd once so many bytes of bodies have passed, and starts it again on a line without a limit. */
async function killWhenPassed(
  line: Line,
  config: string,
  bytes: number,
  begin: () => Promise<unknown>,
): Promise<Daemon> {
  const daemon = await startDaemon(config);
  const ended = begin().catch((error: unknown) => error); // its question breaks off with the daemon
  while (line.bodyBytes() < bytes) await sleep(5);
  await daemon.stop('SIGKILL');
  await ended;
  line.bytesPerSecond = undefined;
  return await startDaemon(config);
}

it.concurrent('docketd killed -9 during uploads at once: the next one goes on, and stores nothing twice', async () => {
  await using line = await openLine(inject('s3'));
  const outpost = await makeOutpost({ via: line.server, server: inject('s3'), idleSeconds: 60 });
  const { path, truth } = layCard(outpost, 3, [500 * KIB, 400 * KIB, 300 * KIB, 10 * KIB]);
  line.bytesPerSecond = 200 * KIB;
  await using daemon = await killWhenPassed(line, outpost.config, 400 * KIB, () => dockAt(outpost, path));
  rmSync(path, { recursive: true });
  await daemon.says(/an acquisition was finished from the spool/);
  await expectStopped(daemon);
  await expectSound(outpost, truth);
});

it.concurrent('docketd killed -9 during an upload in parts: the parts that stand are not sent again', async () => {
  await using line = await openLine(inject('s3'));
  const vault = 'multipart_mib = 5\npart_mib = 5';
  const outpost = await makeOutpost({ via: line.server, server: inject('s3'), idleSeconds: 60, vault });
  const { path, truth } = layCard(outpost, 4, [24 * MIB]);
  line.bytesPerSecond = 20 * MIB;
  await using daemon = await killWhenPassed(line, outpost.config, 12 * MIB, () => dockAt(outpost, path));
  const partsOf = (): number[] =>
    line.seen.flatMap(({ method, path }) =>
      method === 'PUT' ? (/partNumber=(\d+)/.exec(path)?.slice(1).map(Number) ?? []) : [],
    );
  rmSync(path, { recursive: true });
  await daemon.says(/an acquisition was finished from the spool/);
  await expectStopped(daemon);
  const sent = partsOf();
  expect(new Set(sent)).toEqual(new Set([1, 2, 3, 4, 5]));
  expect(
    sent.filter((part) => part === 1),
    'times that part 1 was sent',
  ).toHaveLength(1);
  await expectSound(outpost, truth);
});
