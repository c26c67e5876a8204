// Hours of a vault: footage goes to it only then, everything small at any time, and nothing is refused for good.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EpochMs, parseSha256 } from '../../src/evidence/index.ts';
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
