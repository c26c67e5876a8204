// The bucket alone is enough: from key, configuration and bucket an empty machine has ledger and catalog again, whatever was laid over what
// stands there; and how many requests that takes does not grow with the number of items.
import { describe, expect, inject, it } from 'vitest';
import { dumpCatalog } from '../../src/catalog/index.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { readConfig, systemClock } from '../../src/platform/index.ts';
import { entriesOf, never, placesIn, verify } from '../fault/stations.ts';
import { Attacker, type BucketStation, fillStation, loseState, makeBucketStation, reroute } from './archives.ts';
import { fillWithItems } from './many-items.ts';
import { openProxy } from './proxy.ts';

const TIMEOUT_MS = 240_000;
/** More on request, to measure: DOCKET_REBUILD_ITEMS=100000. */
const ITEMS = Number(process.env['DOCKET_REBUILD_ITEMS'] ?? 600);
const MANY_TIMEOUT_MS = TIMEOUT_MS + ITEMS * 30;

async function rebuilt({ config }: BucketStation): ReturnType<typeof rebuild> {
  return await rebuild(await readConfig(config), { fromVault: true, actor: 'tester' }, () => undefined, never());
}

/** Everything the catalog says but how many entries there are, which a restored ledger has one more of. */
async function contentOf(config: string): Promise<string[]> {
  const { catalog } = await placesIn(config);
  return [...dumpCatalog(catalog)].filter((line) => !/^\["(?:meta|tally)"/.test(line));
}

/** Does something, and says how long it took where that was asked for. */
async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = systemClock.elapsedMs();
  const result = await work();
  if (process.env['DOCKET_REBUILD_ITEMS'] !== undefined)
    console.info(`${ITEMS} items, ${what}: ${((systemClock.elapsedMs() - started) / 1000).toFixed(1)} s`);
  return result;
}

describe('an empty machine with key, configuration and bucket', () => {
  it.each([
    ['a delete marker', 'object-hidden'],
    ['a newer version', 'object-overlaid'],
  ] as const)(
    'has the same catalog again, though %s lies over every tile, bundle and manifest',
    { timeout: TIMEOUT_MS },
    async (cover, code) => {
      const station = await makeBucketStation();
      await fillStation(station);
      const wanted = await contentOf(station.config);
      using attacker = new Attacker(station.bucket);
      const over = (await attacker.keys()).filter((key) => /^manifests\/|\/tile\//.test(key));
      for (const key of over) await (cover === 'a delete marker' ? attacker.hide(key) : attacker.overlay(key, '偷换'));
      await loseState(station);
      const { adopted } = await rebuilt(station);
      expect(adopted).toBe(0);
      expect(await contentOf(station.config)).toEqual(wanted);
      const { findings } = await verify(station.config);
      expect(findings.map(({ where }) => where).toSorted()).toEqual(over.toSorted());
      expect(new Set(findings.map((each) => each.code))).toEqual(new Set([code]));
    },
  );

  it('has it again too when the checkpoint is hidden, and publishes over the marker', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const station = await makeBucketStation();
    await fillStation(station, 3);
    const wanted = await contentOf(station.config);
    using attacker = new Attacker(station.bucket);
    await attacker.hide(`ledgers/${station.station}/checkpoint`);
    await loseState(station);
    await rebuilt(station);
    expect(await contentOf(station.config)).toEqual(wanted);
    expect((await verify(station.config)).findings).toEqual([]);
    expect(await entriesOf(station.config, 'ledger.restored')).toHaveLength(1);
  });

  it('has many items again with requests for the ledger, none for each of them', {
    timeout: MANY_TIMEOUT_MS,
  }, async () => {
    const station = await makeBucketStation();
    await timed('filling', () => fillWithItems(station.config, ITEMS));
    const wanted = await contentOf(station.config);
    await using proxy = await openProxy(inject('s3station'));
    await reroute(station, proxy.server.endpoint);
    await loseState(station);
    const { ledgerSize, catalogApplied } = await timed('rebuild', () => rebuilt(station));
    expect([ledgerSize, catalogApplied]).toEqual([ITEMS + 1, ITEMS + 1]); // and that it was restored
    expect(proxy.passed.length).toBeLessThan(ITEMS / 4);
    expect(await contentOf(station.config)).toEqual(wanted);
    const before = proxy.passed.length;
    const result = await timed('verify --quick', () => verify(station.config, { quick: true }));
    expect(result).toMatchObject({ ok: true, checked: { items: ITEMS } });
    // Of each item the store is asked about payload and manifest; statements, which have no digest on record, are read.
    expect(proxy.passed.length - before).toBeLessThan(2.5 * ITEMS);
  });
});
