// A start that takes long is not ended while it goes on: systemd hears of it, and only as long as there is something to hear.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeCatalog } from '../../src/catalog/index.ts';
import { makeStartReport } from '../../src/daemon/starting.ts';
import { type Entry, formatInstant } from '../../src/evidence/index.ts';
import { systemClock } from '../../src/platform/index.ts';
import { ManualClock } from '../camera/manual-clock.ts';
import { ACTOR, makeStation, openIt, placesIn, verify } from '../fault/stations.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const MINUTE_MS = 60_000;

let base: TempFolder;

beforeAll(async () => {
  base = await makeTempFolder();
});

afterAll(() => base[Symbol.asyncDispose]());

function makeReport(): { clock: ManualClock; report: (entries: number) => Promise<void>; told: string[] } {
  const clock = new ManualClock();
  const told: string[] = [];
  const notify = (...states: readonly string[]): Promise<void> => {
    told.push(states.join('|'));
    return Promise.resolve();
  };
  return { clock, told, report: makeStartReport({ clock, notify }) };
}

it('is told long before the time runs out that was given last, and not at each step', async () => {
  const { clock, report, told } = makeReport();
  await report(2000);
  expect(told).toEqual([]);
  for (let entries = 4000; entries <= 40_000; entries += 2000) {
    clock.advance(10_000);
    await report(entries);
  }
  expect(told.length).toBe(6);
  expect(told[0]).toBe('EXTEND_TIMEOUT_USEC=300000000|STATUS=making the catalog: 8000 entries of the ledger are in it');
});

it('is not spoken for without end', async () => {
  const { clock, report, told } = makeReport();
  for (let minutes = 0; minutes < 24 * 60; minutes += 1) {
    clock.advance(MINUTE_MS);
    await report(minutes);
  }
  expect(told.length).toBe(12 * 60);
});

it.each<[string, (catalog: string) => Promise<void>]>([
  ['is gone', removeCatalog],
  ['has another form', (catalog) => writeFile(catalog, 'of another version')],
])('goes on being told while a catalog that %s is made again from the ledger', async (how, spoil) => {
  const config = await makeStation(base.at(how));
  const refusal: Entry = {
    v: 1,
    kind: 'camera.refused',
    at: formatInstant(systemClock.now()),
    actor: ACTOR,
    camera: { way: 'usb' },
    reason: 'camera ST99 is not registered',
  };
  {
    await using station = await openIt(config);
    for (let each = 0; each < 5; each += 1) station.ports.recorder.record(Array.from({ length: 1000 }, () => refusal));
  }
  const { catalog } = await placesIn(config);
  const sizes: number[] = [];
  const onApplied = (size: number): Promise<void> => Promise.resolve(void sizes.push(size));
  {
    await using _ = await openIt(config, { onApplied });
    expect(sizes).toEqual([]);
  }
  await spoil(catalog);
  {
    await using station = await openIt(config, { onApplied });
    expect([sizes, station.ports.catalog.appliedSize]).toEqual([[2000, 4000], 5001]);
  }
  expect((await verify(config)).findings).toEqual([]);
});
