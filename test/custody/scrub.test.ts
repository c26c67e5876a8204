// The rolling check on a directory vault: within its budget and its hours, from where it stood before a restart, and what it finds is on
// record. Trouble that passes is no damage; damage that stays is never missed.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  isOverdue,
  NEVER_SCRUBBED,
  Scrubber,
  type ScrubPorts,
  type ScrubRules,
  type ScrubState,
  type ScrubStep,
  scrubNow,
} from '../../src/custody/index.ts';
import { readScrubState, writeScrubState } from '../../src/daemon/scrub-file.ts';
import type { Station } from '../../src/daemon/station.ts';
import {
  type EntryOf,
  epochOf,
  Failure,
  type FindingCode,
  formatInstant,
  parseEpochMs,
} from '../../src/evidence/index.ts';
import type { Clock } from '../../src/platform/index.ts';
import type { Vault } from '../../src/vault/index.ts';
import { overwrite } from '../damage/reference.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { copyStation, dock, entriesOf, makeStation, never, openIt, placesIn, verify } from '../fault/stations.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FILES = 5;
const FILE_BYTES = 1000;
const RULES: ScrubRules = { bytesPerDay: 1e9, hours: undefined, cycleMs: 180 * DAY_MS };

/** A clock that goes only when it is told to. */
class SetClock implements Clock {
  at = new Date(2026, 10, 21, 12, 0).getTime();
  now(): ReturnType<Clock['now']> {
    return parseEpochMs(this.at);
  }
  elapsedMs(): number {
    return this.at;
  }
  wait(durationMs: number): Promise<void> {
    this.at += durationMs;
    return Promise.resolve();
  }
}

let made: string;
let config: string;
let station: Station;
let clock: SetClock;
let saved: ScrubState | undefined;
/** Payload bytes read, by vault key. */
let read: string[];
let busy: boolean;
/** What the vault does before it reads a key. */
let trouble: (key: string) => void;

beforeAll(async () => {
  const place = temporaryPlace('fast');
  made = await makeStation(join(place, 'station'));
  const files = Object.fromEntries(
    Array.from({ length: FILES }, (_, k) => [`VIDEO/${k}.mp4`, bytesOf(k + 1, FILE_BYTES)]),
  );
  await dock(made, { path: layOut(join(place, 'card'), files), case: '2026-LX-0003' });
});

beforeEach(async () => {
  config = copyStation(made, join(temporaryPlace('fast'), 'station'));
  station = await openIt(config);
  clock = new SetClock();
  saved = undefined;
  read = [];
  busy = false;
  trouble = () => undefined;
});
afterEach(async () => {
  await station[Symbol.asyncDispose]();
});

function watched(vault: Vault): Vault {
  const before = (key: string): void => trouble(key);
  return new Proxy(vault, {
    get(target, name) {
      if (name === 'digest')
        return async (...given: Parameters<Vault['digest']>) => {
          before(given[0]);
          read.push(given[0]);
          return await target.digest(...given);
        };
      if (name === 'readSmall')
        return async (...given: Parameters<Vault['readSmall']>) => {
          before(given[0]);
          return await target.readSmall(...given);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function makeScrubber(
  rules: Partial<ScrubRules> = {},
  state: ScrubState = saved ?? NEVER_SCRUBBED,
  vault: Vault = watched(station.ports.vault),
): Scrubber {
  const { ports } = station;
  const scrubPorts: ScrubPorts = {
    station: ports.station,
    keys: ports.ledger.state().keys,
    vault,
    tiles: ports.tiles,
    ledger: ports.ledger,
    catalog: ports.catalog,
    copies: () => [],
    clock,
    record: (entry) => void ports.recorder.record([entry]),
    save: (kept) => {
      saved = structuredClone(kept);
      return Promise.resolve();
    },
    isBusy: () => busy,
  };
  return new Scrubber(scrubPorts, { ...RULES, ...rules }, state);
}

/** Steps until it rests or a cycle ends; so many minutes pass with each. */
async function runOn(scrubber: Scrubber, minutes = 0): Promise<ScrubStep> {
  for (;;) {
    const step = await scrubber.step(never());
    if (step.did !== 'checked') return step;
    clock.at += minutes * MINUTE_MS;
  }
}

async function onRecord(): Promise<EntryOf<'scrub.recorded'>[]> {
  return await entriesOf(config, 'scrub.recorded');
}

async function payloadFiles(): Promise<string[]> {
  const { vault } = await placesIn(config);
  const items = await entriesOf(config, 'item.recorded');
  return items.map(({ copies }) => join(vault, copies[0]?.key ?? ''));
}

describe('a cycle', () => {
  it('reads everything on record once, and says so on record', async () => {
    const size = station.ports.ledger.size;
    expect(await runOn(makeScrubber())).toMatchObject({ did: 'cycle', findings: [] });
    expect([read.length, new Set(read).size]).toEqual([FILES, FILES]);
    const [entry, ...more] = await onRecord();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      from: 0,
      to: size,
      items: FILES,
      bytes: FILES * FILE_BYTES,
      findings: 0,
      first: [],
      cycleStartedAt: formatInstant(clock.at),
    });
    await station.ports.publisher.publish();
    await station[Symbol.asyncDispose]();
    expect((await verify(config)).findings).toEqual([]);
    station = await openIt(config);
  });

  it('is followed by the next one when half of its time is over, not before', async () => {
    await runOn(makeScrubber());
    clock.at += 89 * DAY_MS;
    expect(await makeScrubber().step(never())).toEqual({ did: 'rested', why: 'cycle' });
    clock.at += 2 * DAY_MS;
    expect(await runOn(makeScrubber())).toMatchObject({ did: 'cycle' });
    expect(read).toHaveLength(2 * FILES);
    expect(await onRecord()).toHaveLength(2);
  });

  it('says what was read at most once an hour, and each entry is in exactly one part', async () => {
    const size = station.ports.ledger.size;
    await runOn(makeScrubber(), 25);
    const parts = await onRecord();
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.length).toBeLessThanOrEqual(3);
    expect(parts[0]?.from).toBe(0);
    for (const [k, part] of parts.entries()) if (k > 0) expect(part.from).toBe(parts[k - 1]?.to);
    expect(parts.at(-1)?.to).toBeGreaterThanOrEqual(size);
    expect(parts.reduce((sum, { items }) => sum + items, 0)).toBe(FILES);
  });

  it('goes on after a restart where it was, and reads nothing twice', async () => {
    const first = makeScrubber();
    while (read.length < 2) await first.step(never());
    await first.keep();
    await runOn(makeScrubber());
    expect([read.length, new Set(read).size]).toEqual([FILES, FILES]);
    expect((await onRecord()).map(({ from, items }) => [from, items])).toEqual([[0, FILES]]);
  });

  it('begins anew when its bookmark lies beyond a ledger that was restored', async () => {
    const tally = { startedAt: formatInstant(clock.at), items: 9, bytes: 9, findings: 0 };
    await runOn(makeScrubber({}, { next: 10_000, cycle: tally, day: { date: '', bytes: 0 } }));
    expect(read).toHaveLength(FILES);
  });
});

describe('the budget of a day', () => {
  it('ends the reading of that day; what one file took too much, the next days pay', async () => {
    const rules = { bytesPerDay: FILE_BYTES * 0.75 };
    const days: number[] = [];
    for (let day = 0; day < 8; day += 1) {
      const before = read.length;
      const step = await runOn(makeScrubber(rules));
      days.push(read.length - before);
      if (step.did === 'cycle') break;
      expect(step).toEqual({ did: 'rested', why: 'budget' });
      clock.at += DAY_MS;
    }
    expect(days).toEqual([1, 1, 1, 0, 1, 1, 0]); // 0.75 files a day: never more than that and one file
    expect(await onRecord()).not.toEqual([]);
  });

  it('is not given anew by a restart', async () => {
    const rules = { bytesPerDay: FILE_BYTES };
    expect(await runOn(makeScrubber(rules))).toMatchObject({ why: 'budget' });
    expect(await runOn(makeScrubber(rules))).toMatchObject({ why: 'budget' });
    expect(read).toHaveLength(1);
  });
});

describe('the hours', () => {
  it.each([
    [21, 59, false],
    [22, 0, true],
    [23, 59, true],
    [0, 0, true],
    [5, 59, true],
    [6, 0, false],
    [12, 0, false],
  ])('from 22:00 to 06:00 across midnight: at %i:%i %s', async (hour, minute, runs) => {
    clock.at = new Date(2026, 10, 21, hour, minute).getTime();
    const step = await makeScrubber({ hours: { fromMinutes: 22 * 60, toMinutes: 6 * 60 } }).step(never());
    expect(step.did === 'rested' ? step.why : 'runs').toBe(runs ? 'runs' : 'hours');
  });

  it('hold it up only while they hold it up, and so does a camera', async () => {
    busy = true;
    expect(await makeScrubber().step(never())).toEqual({ did: 'rested', why: 'busy' });
    expect(read).toEqual([]);
    busy = false;
    expect(await runOn(makeScrubber())).toMatchObject({ did: 'cycle' });
  });
});

describe('damage', () => {
  it.each([
    ['a flipped bit', 'payload-altered'],
    ['a lost file', 'payload-missing'],
  ] as const)('%s goes on record at once, by its place', async (what, code) => {
    const [, second = ''] = await payloadFiles();
    if (what === 'a lost file') rmSync(second);
    else overwrite(second, bytesOf(99, FILE_BYTES));
    const scrubber = makeScrubber();
    let found: FindingCode[] = [];
    while (found.length === 0) {
      const step = await scrubber.step(never());
      expect(step.did).toBe('checked');
      found = step.did === 'rested' ? [] : step.findings.map((each) => each.code);
    }
    expect(found).toEqual([code]);
    const [entry, ...more] = await onRecord();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ findings: 1 });
    expect(entry?.first.map((each) => [each.code, second.endsWith(each.where.replace(/ \(.*/, ''))])).toEqual([
      [code, true],
    ]);
    expect(await runOn(scrubber)).toMatchObject({ did: 'cycle' }); // and the rest is looked at all the same
    expect(read).toHaveLength(what === 'a lost file' ? FILES - 1 : FILES);
  });

  it('of everything takes not an entry each: what follows within a minute is gathered', async () => {
    for (const file of await payloadFiles()) rmSync(file);
    await runOn(makeScrubber());
    const parts = await onRecord();
    expect(parts.map(({ findings }) => findings)).toEqual([1, FILES - 1]);
    expect(parts.flatMap(({ first }) => first)).toHaveLength(FILES);
  });

  it('of a manifest, a receipt and a statement is found too', async () => {
    const { vault } = await placesIn(config);
    const [item] = await entriesOf(config, 'item.recorded');
    const [acquisition] = await entriesOf(config, 'acquisition.recorded');
    rmSync(join(vault, item?.manifest.key ?? ''));
    overwrite(join(vault, acquisition?.receipt.key ?? ''), Buffer.from('{}'));
    const codes: string[] = [];
    const scrubber = makeScrubber();
    for (let step = await scrubber.step(never()); step.did === 'checked'; step = await scrubber.step(never()))
      codes.push(...step.findings.map((each) => each.code));
    expect(codes).toEqual(['manifest-missing', 'receipt-altered']);
  });
});

describe('trouble that passes', () => {
  const away = (): never => {
    throw new Failure('vault-unreachable', 'nothing answers there');
  };

  it('is waited for as long as it takes, and is no damage', async () => {
    const scrubber = makeScrubber();
    while (read.length < 2) await scrubber.step(never());
    trouble = away;
    for (let round = 0; round < 20; round += 1)
      expect(await scrubber.step(never())).toMatchObject({ did: 'rested', why: 'vault' });
    expect(await onRecord()).toEqual([]);
    trouble = () => undefined;
    expect(await runOn(scrubber)).toMatchObject({ did: 'cycle' });
    expect((await onRecord()).map(({ items, findings }) => [items, findings])).toEqual([[FILES, 0]]);
  });

  it('of one object in a vault that answers is damage when it stays', async () => {
    const [, , third = ''] = await payloadFiles();
    trouble = (key) => {
      if (third.endsWith(key)) away();
    };
    const scrubber = makeScrubber();
    const rests: string[] = [];
    for (;;) {
      const step = await scrubber.step(never());
      if (step.did === 'rested') rests.push(step.why);
      if (step.did === 'cycle') break;
    }
    expect(rests).toEqual(['vault', 'vault']);
    const [entry] = await onRecord();
    expect(entry?.first.map(({ code }) => code)).toEqual(['read-failed']);
  });

  it('of one vault of two is waited for too: the other does not answer for it', async () => {
    const { vault } = station.ports;
    const members = [vault, watched(vault)];
    const two = new Proxy(vault, {
      get(target, name) {
        if (name === 'members') return members;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const scrubber = makeScrubber({}, NEVER_SCRUBBED, two);
    trouble = away;
    await scrubber.step(never()); // the beginning of a cycle reads nothing here
    for (let round = 0; round < 6; round += 1)
      expect(await scrubber.step(never())).toMatchObject({ did: 'rested', why: 'vault' });
    expect(await onRecord()).toEqual([]);
  });

  it('ends in between when the service stops, and nothing is said of what was not read', async () => {
    const stop = new AbortController();
    trouble = (key) => {
      if (key.startsWith('payload/')) stop.abort(new Failure('cancelled', 'docketd is stopping'));
    };
    const scrubber = makeScrubber();
    await expectRejection(
      'cancelled',
      (async () => {
        for (;;) await scrubber.step(stop.signal);
      })(),
    );
    trouble = () => undefined;
    read = [];
    await runOn(scrubber);
    expect((await onRecord()).map(({ items, findings }) => [items, findings])).toEqual([[FILES, 0]]);
  });
});

describe('a check that somebody asks for', () => {
  it('goes as far as its budget, whatever the hour, and puts that on record', async () => {
    const scrubber = makeScrubber({ hours: { fromMinutes: 0, toMinutes: 1 }, bytesPerDay: 1 });
    const order = { budgetBytes: 2 * FILE_BYTES, clock, onCheck: () => undefined, signal: never() };
    const part = await scrubNow(scrubber, order);
    expect(part).toMatchObject({ items: 2, bytes: 2 * FILE_BYTES, complete: false, findings: [] });
    expect((await onRecord()).map(({ items }) => items)).toEqual([2]);
    expect(await scrubNow(scrubber, { ...order, budgetBytes: 1e9 })).toMatchObject({
      items: 3,
      complete: true,
      next: 0,
    });
    expect((await onRecord()).map(({ items }) => items)).toEqual([2, 3]);
  });

  it('says that the vault is away instead of waiting for it', async () => {
    trouble = () => {
      throw new Failure('vault-unreachable', 'nothing answers there');
    };
    const order = { budgetBytes: 1e9, clock, onCheck: () => undefined, signal: never() };
    await expectRejection('vault-unreachable', scrubNow(makeScrubber(), order));
    expect(await onRecord()).toEqual([]);
  });
});

describe('the state', () => {
  it('is kept as it is, and read as nothing when it is damaged', async () => {
    const path = join(config, '../state/scrub.json');
    expect(await readScrubState(path)).toEqual(NEVER_SCRUBBED);
    const [, second = ''] = await payloadFiles();
    rmSync(second);
    const scrubber = makeScrubber();
    while (read.length < 3) await scrubber.step(never());
    await writeScrubState(path, scrubber.state);
    expect(await readScrubState(path)).toEqual(JSON.parse(JSON.stringify(scrubber.state)));
    writeFileSync(path, '{"type":"docket/scrub","v":1,"next":-1}');
    expect(await readScrubState(path)).toEqual(NEVER_SCRUBBED);
  });

  it('is overdue when no cycle began although items are on record for longer than one may take', async () => {
    const [first] = await entriesOf(config, 'item.recorded');
    const at = station.ports.catalog.firstItem()?.entry.at;
    if (at === undefined) throw new Error('nothing is on record');
    expect(at).toBe(first?.at);
    expect(isOverdue(NEVER_SCRUBBED, RULES, parseEpochMs(epochOf(at) + 180 * DAY_MS), at)).toBe(false);
    expect(isOverdue(NEVER_SCRUBBED, RULES, parseEpochMs(epochOf(at) + 181 * DAY_MS), at)).toBe(true);
  });

  it('is overdue when a cycle takes longer than it may, or none follows', async () => {
    const scrubber = makeScrubber({ bytesPerDay: FILE_BYTES });
    expect(isOverdue(NEVER_SCRUBBED, RULES, clock.now())).toBe(false);
    await runOn(scrubber);
    clock.at += 180 * DAY_MS;
    expect(isOverdue(scrubber.state, RULES, clock.now())).toBe(false);
    clock.at += DAY_MS;
    expect(isOverdue(scrubber.state, RULES, clock.now())).toBe(true);
    for (let step = await runOn(scrubber); step.did === 'rested'; step = await runOn(scrubber)) clock.at += DAY_MS;
    expect(isOverdue(scrubber.state, RULES, clock.now())).toBe(false);
    clock.at += 181 * DAY_MS;
    expect(isOverdue(scrubber.state, RULES, clock.now())).toBe(true);
  });
});
