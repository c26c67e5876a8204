// A store whose quota is used up, as the store itself says it: footage goes on into the spool, what is small still passes, the report says
// why the rest waits, and it drains by itself once there is space again.
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startDaemon } from '../../fault/services.ts';
import { startServer } from '../server.ts';
import { dockAt, expectOnRecord, expectSound, layCard, makeOutpost, orderOf, statusOf } from './stations.ts';

const KIB = 1024;
/** Longest that the store is waited for, in milliseconds; far more than it takes. */
const PATIENCE_MS = 60_000;
const QUOTA = /the quota of the bucket or of its user is used up/;

it('a bucket whose quota is used up: cameras are copied and may go, and it drains by itself once the quota is lifted', async () => {
  await using server = await startServer();
  const outpost = await makeOutpost({ via: server, server });
  const quota = async (command: string, ...more: readonly string[]): Promise<void> =>
    void (await server.admin('quota', command, '--quota-scope=bucket', `--bucket=${outpost.bucket}`, ...more));
  const before = layCard(outpost, 1, [9 * KIB]);
  const during = layCard(outpost, 2, [40 * KIB, 900 * KIB, 30 * KIB]);
  const next = layCard(outpost, 3, [950 * KIB]);
  const after = layCard(outpost, 4, [800 * KIB]);
  await using daemon = await startDaemon(outpost.config);
  expectOnRecord(await dockAt(outpost, before.path));
  await quota('set', `--max-size=${600 * KIB}`);
  await quota('enable');

  const docked = await dockAt(outpost, during.path);
  expect(docked.files.map(({ outcome, waiting }) => waiting ?? outcome)).toEqual(['recorded', true, 'recorded']);
  expect(docked.files[1]?.reason).toMatch(QUOTA);
  expect(docked.files[1]?.reason).toMatch(/safe in the spool/);
  const further = await dockAt(outpost, next.path);
  expect([further.onRecord, further.files.map(({ waiting }) => waiting)]).toEqual([false, [true]]);
  for (const { path } of [during, next]) rmSync(path, { recursive: true });
  await daemon.says(/vault-full.*work waits in the spool/);
  const { queue, problems } = await statusOf(outpost);
  expect(queue).toMatchObject({ spoolFiles: 2, acquisitionsWaiting: 2 });
  expect(problems.map(({ what, next: todo }) => `${what} ${todo}`).join('\n')).toMatch(
    /copied and safe: .*quota.*Give the vault more space/,
  );

  await quota('disable');
  await daemon.says(/nothing waits in the spool any more/, PATIENCE_MS);
  expectOnRecord(await dockAt(outpost, after.path));
  const { code, said } = await daemon.stop();
  expect([code, said.match(/defect/)]).toEqual([0, null]);
  const [small, large, last] = Object.keys(during.truth);
  const order = await orderOf(outpost);
  expect(order.slice(0, 3)).toEqual([...Object.keys(before.truth), small, last]);
  expect(order.slice(3, 5).toSorted()).toEqual([large, ...Object.keys(next.truth)]); // either may be tried first once there is space
  await expectSound(outpost, { ...before.truth, ...during.truth, ...next.truth, ...after.truth });
});
