// Hours of a vault: footage goes to it only then, everything small at any time, and nothing is refused for good.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EpochMs, Failure, parseSha256 } from '../../src/evidence/index.ts';
import { dockFolder, recoverSpool } from '../../src/ingest/index.ts';
import { isWithin, openMemoryVault, type PutSource, parseHours, withHours } from '../../src/vault/index.ts';
import { describeVault } from '../contract/vault.ts';
import { expectFailure, expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, entriesOf, makeStation, never, openIt, verify } from '../fault/stations.ts';

const MIB = 1_048_576;
const LOCKED = { locked: true, retainUntil: 'permanent' } as const;

/** An instant that local clocks show as this time of day. */
function at(hour: number, minute: number, second = 0): EpochMs {
  return new Date(2026, 10, 21, hour, minute, second).getTime() as EpochMs; // a reading of a clock
}

describeVault('memory within its hours', async () => ({
  vault: withHours(openMemoryVault(), parseHours('22:00-06:00'), { now: () => at(23, 30) }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));

describe('hours', () => {
  it.each([
    ['22:00-06:00', 21, 59, 59, false],
    ['22:00-06:00', 22, 0, 0, true],
    ['22:00-06:00', 23, 59, 59, true],
    ['22:00-06:00', 0, 0, 0, true],
    ['22:00-06:00', 5, 59, 59, true],
    ['22:00-06:00', 6, 0, 0, false],
    ['08:30-12:00', 8, 29, 59, false],
    ['08:30-12:00', 8, 30, 0, true],
    ['08:30-12:00', 11, 59, 59, true],
    ['08:30-12:00', 12, 0, 0, false],
    ['08:30-12:00', 0, 0, 0, false],
    ['00:00-00:00', 13, 0, 0, true],
    ['23:59-00:01', 0, 0, 59, true],
    ['23:59-00:01', 0, 1, 0, false],
  ])('%s at %i:%i:%i: %s', (text, hour, minute, second, open) => {
    expect(isWithin(parseHours(text), at(hour, minute, second))).toBe(open);
  });

  it.each(['', '22-06', '24:00-06:00', '22:00-06:60', '22:00 - 06:00'])('%j are none', (text) => {
    expectFailure('config-invalid', () => parseHours(text));
  });
});

describe('a vault with hours', () => {
  function source(sizeBytes: number): PutSource {
    const bytes = Buffer.alloc(sizeBytes, 1);
    return { bytes, sizeBytes, sha256: parseSha256(createHash('sha256').update(bytes).digest('hex')) };
  }

  it('takes footage only then, and what is small at any time', async () => {
    let now = at(12, 0);
    const vault = withHours(openMemoryVault(), parseHours('22:00-06:00'), { now: () => now });
    await vault.putOnce('manifests/x', source(MIB), LOCKED);
    const waiting = await expectRejection('vault-waiting', vault.putOnce('payload/x', source(MIB + 1), LOCKED));
    expect([waiting.policy, waiting.message]).toEqual([
      'retry',
      'the vault memory takes footage only from 22:00 to 06:00',
    ]);
    expect(await vault.stat('payload/x')).toBeUndefined();
    now = at(22, 0);
    await vault.putOnce('payload/x', source(MIB + 1), LOCKED);
    now = at(12, 0);
    expect((await vault.stat('payload/x'))?.sizeBytes).toBe(MIB + 1);
  });

  it('by day holds back footage and nothing else: what is small is on record, with receipts, and published', async () => {
    const place = temporaryPlace();
    const config = await makeStation(join(place, 'station'));
    let now = at(12, 0);
    {
      await using station = await openIt(config);
      const ports = {
        ...station.ports,
        vault: withHours(station.ports.vault, parseHours('22:00-06:00'), { now: () => now }),
      };
      const { catalog, ledger } = ports;
      const take = async (name: string, files: Record<string, Uint8Array>): Promise<boolean> =>
        (await dockFolder(ports, { path: layOut(join(place, name), files), actor: ACTOR }, () => undefined, never()))
          .final;
      const mixed = { 'a.jpg': bytesOf(1, 900), 'b.mp4': bytesOf(2, 2 * MIB), 'c.jpg': bytesOf(3, 700) };
      expect(await take('mixed', mixed)).toBe(false);
      expect([catalog.counts().items, ledger.state().published?.size]).toEqual([2, ledger.size]);
      // What a crash, or a vault that was away, left beside footage: recovery passes it too, and its receipt.
      const confirm = (): Promise<never> => Promise.reject(new Failure('vault-unreachable', 'nothing answers there'));
      const gone = { ...ports, standing: { confirm, isConfirmed: false } };
      const left = { path: layOut(join(place, 'small'), { 'd.jpg': bytesOf(4, 800) }), actor: ACTOR };
      expect((await dockFolder(gone, left, () => undefined, never())).final).toBe(false);
      expect(await take('more', { 'e.mp4': bytesOf(5, 3 * MIB) })).toBe(false);
      const { waiting, finished } = await recoverSpool(ports);
      expect(waiting.map(({ reason }) => reason.code)).toEqual(['vault-waiting', 'vault-waiting']);
      expect(finished.map(({ files }) => files.map(({ path, outcome }) => [path.text, outcome]))).toEqual([
        [['d.jpg', 'recorded']],
      ]);
      expect([catalog.counts().items, ledger.state().published?.size]).toEqual([3, ledger.size]);
      now = at(22, 0);
      expect((await recoverSpool(ports)).waiting).toEqual([]);
    }
    const items = await entriesOf(config, 'item.recorded');
    expect(items.map(({ path }) => path.text)).toEqual(['a.jpg', 'c.jpg', 'd.jpg', 'b.mp4', 'e.mp4']);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('leaves footage in the spool by day, and takes all of it in order once its hours begin', async () => {
    const place = temporaryPlace();
    const config = await makeStation(join(place, 'station'));
    let now = at(12, 0);
    {
      await using station = await openIt(config);
      const ports = {
        ...station.ports,
        vault: withHours(station.ports.vault, parseHours('22:00-06:00'), { now: () => now }),
      };
      const files = Object.fromEntries([1, 2, 3].map((k) => [`v${k}.mp4`, bytesOf(k, MIB + k)]));
      const order = { path: layOut(join(place, 'card'), files), actor: ACTOR };
      const { final } = await dockFolder(ports, order, () => undefined, never());
      expect(final).toBe(false);
      const { waiting } = await recoverSpool(ports);
      expect(waiting.map(({ reason }) => reason.code)).toEqual(['vault-waiting']);
      expect(station.ports.catalog.counts().items).toBe(0);
      now = at(22, 0);
      const recovered = await recoverSpool(ports);
      expect([recovered.waiting, recovered.finished.map(({ ended }) => ended)]).toEqual([[], ['complete']]);
    }
    const items = await entriesOf(config, 'item.recorded');
    expect(items.map(({ path }) => path.text)).toEqual(['v1.mp4', 'v2.mp4', 'v3.mp4']);
    expect((await verify(config)).findings).toEqual([]);
  });
});
