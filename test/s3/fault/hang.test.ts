// A store that hangs: it takes connections and never answers. At the time-outs a station has when nobody says otherwise it holds up neither
// its start nor its stop, nor a camera whose footage has another vault.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, inject, it } from 'vitest';
import { startDaemon } from '../../fault/services.ts';
import { entriesOf, verify } from '../../fault/stations.ts';
import { type Line, openLine } from './line.ts';
import { dockAt, expectOnRecord, layCard, makeOutpost, type Outpost, reconfigure } from './stations.ts';

/** Far less than the time-outs of requests and connections, in milliseconds; systemd would wait for a minute. */
const SOON_MS = 25_000;
const DEFAULT_IDLE_SECONDS = 60;
/** Longest a catch-up is waited for, in milliseconds. */
const PATIENCE_MS = 90_000;

function outpostAt(line: Line): Promise<Outpost> {
  return makeOutpost({ via: line.server, server: inject('s3'), idleSeconds: DEFAULT_IDLE_SECONDS });
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

describe.concurrent('a store that hangs', () => {
  it('keeps docketd neither from starting nor from stopping', async ({ expect }) => {
    await using line = await openLine(inject('s3'));
    const outpost = await outpostAt(line);
    line.freeze();
    const from = performance.now();
    await using daemon = await startDaemon(outpost.config);
    expect(performance.now() - from).toBeLessThan(SOON_MS);
    await daemon.says(/the vault is away; footage is taken into the spool/);
    let code: number | null = null;
    expect(await tookMs(async () => ({ code } = await daemon.stop()))).toBeLessThan(SOON_MS);
    expect(code).toBe(0);
  });

  it('and is not needed holds up no camera, and gets its copies when it answers again', async ({ expect }) => {
    await using line = await openLine(inject('s3'));
    const outpost = await outpostAt(line);
    const disk = join(outpost.folder, 'disk');
    mkdirSync(disk);
    reconfigure(
      outpost,
      (text) =>
        `${text.replace('[vault]', '[[vault]]')}\n[[vault]]\nkind = "directory"\npath = "${disk}"\n\n[copies]\nrequired = 1\n`,
    );
    const before = layCard(outpost, 1, [9000]);
    const during = layCard(outpost, 2, [200_000, 70_000, 5]);
    await using daemon = await startDaemon(outpost.config);
    expectOnRecord(await dockAt(outpost, before.path));
    line.freeze();
    expect(await tookMs(async () => expectOnRecord(await dockAt(outpost, during.path)))).toBeLessThan(SOON_MS * 2);
    line.thaw();
    await daemon.says(/a vault has caught up/, PATIENCE_MS);
    expect((await daemon.stop()).code).toBe(0);
    const recorded = await entriesOf(outpost.config, 'item.recorded');
    expect(recorded.map(({ copies }) => copies.map(({ vault }) => vault))).toEqual([
      ['s3', 'directory'],
      ['directory'],
      ['directory'],
      ['directory'],
    ]);
    const copied = await entriesOf(outpost.config, 'item.copied');
    expect(copied.map(({ copy }) => [copy.vault, copy.lock])).toEqual([1, 2, 3].map(() => ['s3', 'governance']));
    expect((await verify(outpost.config)).findings).toEqual([]);
  });
});
