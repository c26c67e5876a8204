// The store away while the station works: docking goes on until the spool's limit, the camera may go, and everything drains by itself
// when the store is back. Whatever the store does meanwhile: nothing is lost, nothing is doubled, and people can read what waits.
import { rmSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { type Daemon, startDaemon } from '../../fault/services.ts';
import { type Line, openLine } from './line.ts';
import {
  dockAt,
  docket,
  expectOnRecord,
  expectSound,
  layCard,
  makeOutpost,
  type Outpost,
  orderOf,
  reconfigure,
  statusOf,
} from './stations.ts';

const KIB = 1024;
const SIZES = [200 * KIB, 70 * KIB, 5, 0, 64 * KIB, 64 * KIB + 1];
const DRAINED = /nothing waits in the spool any more/;
const WAITS = /work waits in the spool/;
const COPIED_AND_SAFE = /wait in the spool, copied and safe/;
const COPIED = 'copied; waits for the vault';
const STORING = 'copied; goes into the vault';
/** Longest anything here is waited for, in milliseconds; far more than it takes. */
const PATIENCE = { timeout: 60_000, interval: 100 };

type Trouble = readonly [
  name: string,
  begin: (line: Line) => void | Promise<void>,
  end: (line: Line) => void | Promise<void>,
  says: RegExp,
];

function refusing(status: number, code: string): Trouble[1] {
  return (line) => {
    line.fate = () => ({ refuse: { status, code } });
  };
}

function passing(line: Line): void {
  line.fate = () => undefined;
}

const TROUBLES: readonly Trouble[] = [
  ['is gone', (line) => line.takeDown(), (line) => line.putUp(), /nothing answers there/],
  ['hangs', (line) => line.freeze(), (line) => line.thaw(), /does not answer in time/],
  ['knows us no more', refusing(403, 'InvalidAccessKeyId'), passing, /vault-refused/],
  ['says that our clock is wrong', refusing(403, 'RequestTimeTooSkewed'), passing, /vault-refused/],
  ['is overloaded', refusing(503, 'SlowDown'), passing, /overloaded/],
  ['has no space', refusing(507, 'InsufficientCapacity'), passing, /no space/],
];

/** Docks a card, takes it away, and expects every file to be copied and to wait. */
async function dockInOutage(outpost: Outpost, card: string): Promise<void> {
  const docked = await dockAt(outpost, card);
  expect(docked.onRecord).toBe(false);
  expect(docked.files.filter(({ waiting }) => waiting !== true)).toEqual([]);
  rmSync(card, { recursive: true });
}

async function statesOf(outpost: Outpost): Promise<string[]> {
  return (await statusOf(outpost)).docks.map(({ state }) => state);
}

async function stop(daemon: Daemon): Promise<void> {
  const { code, said } = await daemon.stop();
  expect(said).not.toMatch(/defect/);
  expect(code).toBe(0);
}

describe.concurrent('a store that', () => {
  it.for(TROUBLES)(
    '%s while docketd runs: cameras are copied and may go, and it drains by itself',
    async ([, begin, end, says], { expect }) => {
      await using line = await openLine(inject('s3'));
      const outpost = await makeOutpost({ via: line.server, server: inject('s3'), idleSeconds: 2 });
      const before = layCard(outpost, 1, [9 * KIB]);
      const during = layCard(outpost, 2, SIZES);
      const after = layCard(outpost, 3, [8 * KIB]);
      await using daemon = await startDaemon(outpost.config);
      expectOnRecord(await dockAt(outpost, before.path));
      await begin(line);
      await dockInOutage(outpost, during.path);
      const status = await statusOf(outpost);
      expect(status.queue).toMatchObject({ spoolFiles: SIZES.length, acquisitionsWaiting: 1 });
      expect(status.docks.map(({ state }) => state)).toContain(COPIED);
      await daemon.says(says);
      await expect
        .poll(async () => JSON.stringify((await statusOf(outpost)).problems), PATIENCE)
        .toMatch(COPIED_AND_SAFE);
      await end(line);
      await daemon.says(DRAINED, PATIENCE.timeout);
      expectOnRecord(await dockAt(outpost, after.path));
      expect((await statusOf(outpost)).queue).toMatchObject({ spoolFiles: 0, acquisitionsWaiting: 0 });
      await stop(daemon);
      expect(await orderOf(outpost)).toEqual([before, during, after].flatMap(({ truth }) => Object.keys(truth)));
      await expectSound(outpost, { ...before.truth, ...during.truth, ...after.truth });
    },
  );
});

describe.concurrent('a docketd', () => {
  it('started again and again while the store is away takes cameras, and records all of them when it is back', async () => {
    await using line = await openLine(inject('s3'));
    const outpost = await makeOutpost({ via: line.server, server: inject('s3') });
    const cards = [1, 2, 3].map((seed) => layCard(outpost, seed, SIZES));
    await line.takeDown();
    for (const { path } of cards) {
      await using daemon = await startDaemon(outpost.config);
      await dockInOutage(outpost, path);
      await stop(daemon);
    }
    await using daemon = await startDaemon(outpost.config);
    await daemon.says(WAITS);
    await line.putUp();
    await daemon.says(DRAINED, PATIENCE.timeout);
    await stop(daemon);
    expect(await orderOf(outpost)).toEqual(cards.flatMap(({ truth }) => Object.keys(truth)));
    await expectSound(outpost, Object.fromEntries(cards.flatMap(({ truth }) => Object.entries(truth))));
  });

  it('started while the name of the store cannot be resolved takes cameras too', async () => {
    const server = inject('s3');
    const outpost = await makeOutpost({ via: server, server });
    const { path, truth } = layCard(outpost, 1, SIZES);
    const nowhere = 'http://store.invalid:7480';
    reconfigure(outpost, (text) => text.replace(server.endpoint, nowhere));
    {
      await using daemon = await startDaemon(outpost.config);
      await dockInOutage(outpost, path);
      await daemon.says(/name cannot be resolved/);
      await stop(daemon);
    }
    reconfigure(outpost, (text) => text.replace(nowhere, server.endpoint));
    await using daemon = await startDaemon(outpost.config);
    await daemon.says(/an acquisition was finished from the spool/);
    await stop(daemon);
    await expectSound(outpost, truth);
  });

  it('started while the store is away still refuses a camera that nobody registered, as such', async () => {
    await using line = await openLine(inject('s3'));
    const outpost = await makeOutpost({ via: line.server, server: inject('s3') });
    const { path } = layCard(outpost, 1, SIZES);
    const other = layCard(outpost, 2, [KIB]);
    reconfigure(outpost, (text) => text.replace('unknown = "allow"', 'unknown = "refuse"'));
    await line.takeDown();
    const refused = await docket(outpost, 'dock', path, '--camera', 'X9');
    expect(refused.stderr).toMatch('camera X9 is not registered; nothing was copied');
    expect(refused.code).toBe(4);
    await line.putUp();
    expectOnRecord(await dockAt(outpost, other.path));
    await expectSound(outpost, other.truth);
  });

  it('does not knock at a store that is away once for each of the items that wait', async () => {
    await using line = await openLine(inject('s3'));
    const outpost = await makeOutpost({ via: line.server, server: inject('s3') });
    const { path, truth } = layCard(
      outpost,
      1,
      Array.from({ length: 100 }, () => 100),
    );
    await using daemon = await startDaemon(outpost.config);
    await refusing(403, 'AccessDenied')(line);
    const from = line.seen.length;
    await dockInOutage(outpost, path);
    await daemon.says(/work waits in the spool[\s\S]*work waits in the spool/);
    expect(line.seen.length - from, 'requests').toBeLessThan(60);
    passing(line);
    await daemon.says(DRAINED, PATIENCE.timeout);
    await stop(daemon);
    await expectSound(outpost, truth);
  });
});

describe.concurrent('the docket command without docketd', () => {
  it('takes a camera while the store is away, says so, and the next one records it', async () => {
    await using line = await openLine(inject('s3'));
    const outpost = await makeOutpost({ via: line.server, server: inject('s3') });
    const first = layCard(outpost, 1, SIZES);
    const second = layCard(outpost, 2, [7 * KIB]);
    await line.takeDown();
    const docked = await docket(outpost, 'dock', first.path);
    expect(docked.stderr).not.toMatch(/defect/);
    expect(docked.stdout).toMatch(COPIED);
    expect(docked.stdout).toMatch('the camera may be taken away');
    expect(docked.code).toBe(6);
    rmSync(first.path, { recursive: true });
    const again = await docket(outpost, 'dock', second.path, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      onRecord: false,
      files: [{ outcome: 'interrupted', waiting: true }],
    });
    expect((await docket(outpost, 'status')).stdout).toMatch('2 acquisition(s) waiting for the vault');
    await line.putUp();
    expect((await docket(outpost, 'dock', second.path)).code).toBe(0);
    await expectSound(outpost, { ...first.truth, ...second.truth });
  });
});

describe.concurrent('a spool with a limit', () => {
  it('takes what fits while the store is away, refuses the rest by name, and takes it when there is room again', async () => {
    await using line = await openLine(inject('s3'));
    const limits = 'spool_gib = 0.001'; // 1,073,741 bytes
    const outpost = await makeOutpost({ via: line.server, server: inject('s3'), limits });
    const first = layCard(outpost, 1, [400 * KIB, 300 * KIB]);
    const second = layCard(outpost, 2, [300 * KIB, 200 * KIB, 400 * KIB]);
    await using daemon = await startDaemon(outpost.config);
    await line.takeDown();
    await dockInOutage(outpost, first.path);
    const full = await dockAt(outpost, second.path);
    expect(full.files.map(({ outcome, waiting }) => waiting ?? outcome)).toEqual([true, 'failed', 'failed']);
    expect(full.files[1]?.reason).toMatch(/no room in the spool.*f2-00001\.mp4/);
    const inWords = await docket(outpost, 'dock', second.path);
    expect(inWords.stdout).toMatch('Not everything was copied');
    expect(inWords.code).toBe(6);
    await line.putUp();
    await daemon.says(DRAINED, PATIENCE.timeout);
    expect((await dockAt(outpost, second.path)).onRecord).toBe(true);
    await stop(daemon);
    await expectSound(outpost, { ...first.truth, ...second.truth });
  });

  it('smaller than a card lets the card through as long as the store takes it', async () => {
    const server = inject('s3');
    const outpost = await makeOutpost({ via: server, server, limits: 'spool_gib = 0.001' });
    const { path, truth } = layCard(
      outpost,
      1,
      Array.from({ length: 12 }, () => 400 * KIB),
    );
    expectOnRecord(await dockAt(outpost, path));
    await expectSound(outpost, truth);
  });
});

describe.concurrent('a slow line', () => {
  it('holds back neither the camera nor the next one', async ({ expect }) => {
    await using line = await openLine(inject('s3'));
    const outpost = await makeOutpost({ via: line.server, server: inject('s3'), idleSeconds: 60 });
    const first = layCard(
      outpost,
      1,
      Array.from({ length: 8 }, () => 256 * KIB),
    );
    const second = layCard(outpost, 2, [KIB]);
    await using daemon = await startDaemon(outpost.config);
    line.bytesPerSecond = 16 * KIB; // a file takes 16 seconds
    const docking = dockAt(outpost, first.path);
    await expect.poll(() => statesOf(outpost), PATIENCE).toEqual([STORING]);
    rmSync(first.path, { recursive: true });
    const next = dockAt(outpost, second.path);
    await expect.poll(() => statesOf(outpost), PATIENCE).toEqual([STORING, STORING]);
    line.bytesPerSecond = undefined;
    expect([(await docking).onRecord, (await next).onRecord]).toEqual([true, true]);
    await stop(daemon);
    await expectSound(outpost, { ...first.truth, ...second.truth });
  });
});
