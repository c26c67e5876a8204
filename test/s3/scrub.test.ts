// The rolling check on a real store: every byte by the version on record, what was laid over it named, locks lengthened before they run out,
// and an outage waited for.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NEVER_SCRUBBED, Scrubber, type ScrubPorts, type ScrubStep } from '../../src/custody/index.ts';
import type { Station } from '../../src/daemon/station.ts';
import { tileStoreOf } from '../../src/daemon/tiles.ts';
import { type EntryOf, epochOf, payloadKey } from '../../src/evidence/index.ts';
import { systemClock } from '../../src/platform/index.ts';
import { openS3Vault } from '../../src/vault/index.ts';
import { entriesOf, never, openIt, verify } from '../fault/stations.ts';
import { Attacker, type BucketStation, fillStation, makeBucketStation } from './archives.ts';
import { vaultOptions } from './buckets.ts';
import { openProxy } from './proxy.ts';
import { hurried } from './sources.ts';

const TIMEOUT_MS = 120_000;
const DAY_MS = 86_400_000;
const RULES = { bytesPerDay: 1e9, hours: undefined, cycleMs: 180 * DAY_MS };
const ITEMS = 4;

let made: BucketStation;
let station: Station;
let attacker: Attacker;
let recorded: EntryOf<'scrub.recorded'>[];

beforeEach(async () => {
  recorded = [];
  made = await makeBucketStation();
  await fillStation(made);
  attacker = new Attacker(made.bucket);
  station = await openIt(made.config);
}, TIMEOUT_MS);
afterEach(async () => {
  await station[Symbol.asyncDispose]();
  attacker[Symbol.dispose]();
});

function makeScrubber(over: Partial<ScrubPorts> = {}): Scrubber {
  const { ports } = station;
  const scrubPorts: ScrubPorts = {
    ...ports,
    copies: () => [],
    keys: ports.ledger.state().keys,
    record: (entry) => {
      if (entry.kind === 'scrub.recorded') recorded.push(entry);
      ports.recorder.record([entry]);
    },
    save: () => Promise.resolve(),
    isBusy: () => false,
    ...over,
  };
  return new Scrubber(scrubPorts, RULES, NEVER_SCRUBBED);
}

async function codesOf(scrubber: Scrubber): Promise<string[]> {
  const codes: string[] = [];
  for (;;) {
    const step: ScrubStep = await scrubber.step(never());
    if (step.did === 'rested') throw new Error(`rested: ${step.failure?.message ?? step.why}`);
    codes.push(...step.findings.map(({ code, where }) => `${code} ${where.replace(/ \(.*/, '')}`));
    if (step.did === 'cycle') return codes;
  }
}

describe('the rolling check', () => {
  it('reads everything back, finds nothing, and changes no lock that is long enough', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [item] = await entriesOf(made.config, 'item.recorded');
    const before = await station.ports.vault.guard?.lockOf(item?.manifest.key ?? '');
    expect(await codesOf(makeScrubber())).toEqual([]);
    expect(await station.ports.vault.guard?.lockOf(item?.manifest.key ?? '')).toEqual(before);
    const [entry, ...more] = await entriesOf(made.config, 'scrub.recorded');
    expect([entry?.items, entry?.findings, more.length]).toEqual([ITEMS, 0, 0]);
  });

  it('reads the version on record and names what lies over it, and what lies over the ledger', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [item] = await entriesOf(made.config, 'item.recorded');
    const payload = item === undefined ? '' : payloadKey(item.payload.sha256);
    const bundle = `ledgers/${made.station}/tile/entries/000`;
    await attacker.overlay(payload, '偷换');
    await attacker.overlay(bundle, '偷换');
    await attacker.hide(item?.manifest.key ?? '');
    expect(await codesOf(makeScrubber())).toEqual([
      `object-overlaid ${bundle}`,
      `object-overlaid ${payload}`,
      `object-hidden ${item?.manifest.key ?? ''}`,
    ]);
    expect(recorded.reduce((sum, each) => sum + each.findings, 0)).toBe(3);
  });

  it('lengthens locks without an end once half of it is over', { timeout: TIMEOUT_MS }, async () => {
    const keys = [
      ...(await entriesOf(made.config, 'item.recorded')).flatMap((each) =>
        each.retention.until === 'permanent' ? [payloadKey(each.payload.sha256), each.manifest.key] : [],
      ),
      ...(await entriesOf(made.config, 'acquisition.recorded')).map(({ receipt }) => receipt.key),
      `ledgers/${made.station}/tile/entries/000`,
      `ledgers/${made.station}/tile/0/000`,
    ];
    const statement = (await attacker.keys()).find((key) => key.startsWith('cases/')) ?? '';
    for (const key of [...keys, statement]) await attacker.relock(key, await attacker.versionOf(key), 10);
    await codesOf(makeScrubber());
    for (const key of [...keys, statement]) {
      const lock = await station.ports.vault.guard?.lockOf(key);
      const days = (epochOf(lock?.retainUntil ?? expect.fail(`no lock of ${key}`)) - systemClock.now()) / DAY_MS;
      expect(days, key).toBeGreaterThan(29);
    }
  });

  it('names a lock that was shortened and a hold that was lifted, and lays them again', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const items = await entriesOf(made.config, 'item.recorded');
    const held = items.find(({ retention }) => retention.rule === 'permanent');
    const timed = items.find(({ retention }) => retention.until !== 'permanent');
    const [heldKey, timedKey] = [held?.copies[0]?.key ?? '', timed?.copies[0]?.key ?? ''];
    await attacker.release(heldKey, await attacker.versionOf(heldKey));
    await attacker.relock(timedKey, await attacker.versionOf(timedKey), 1);
    expect((await codesOf(makeScrubber())).toSorted()).toEqual([
      `hold-missing ${heldKey}`,
      `lock-shortened ${timedKey}`,
    ]);
    expect(await codesOf(makeScrubber())).toEqual([]);
    await station.ports.publisher.publish();
    expect((await verify(made.config)).findings).toEqual([]);
  });

  it('waits for a store that is away and takes it for no damage', { timeout: TIMEOUT_MS }, async () => {
    await using proxy = await openProxy();
    await using vault = await openS3Vault(vaultOptions(made.bucket, { clock: hurried }, proxy.server));
    const scrubber = makeScrubber({ vault, tiles: tileStoreOf(vault, station.ports.station) });
    for (let step = await scrubber.step(never()); step.did === 'checked' && step.items === 0; )
      step = await scrubber.step(never());
    proxy.fate = () => 'cut-now';
    for (let round = 0; round < 4; round += 1)
      expect(await scrubber.step(never())).toMatchObject({ did: 'rested', why: 'vault' });
    proxy.fate = () => 'pass';
    expect(await codesOf(scrubber)).toEqual([]);
    expect(recorded.map(({ items, findings }) => [items, findings])).toEqual([[ITEMS, 0]]);
  });
});
