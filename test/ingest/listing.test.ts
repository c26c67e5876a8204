// Listing a card: the receipt stands before anything is copied and waits for nobody; a card that lists too long gives its place back.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Card, openCard, TAKE_EVERYTHING } from '../../src/camera/index.ts';
import { Failure, makeAcquisitionId, type SourceFile } from '../../src/evidence/index.ts';
import { acquireCard } from '../../src/ingest/acquire-card.ts';
import { type DockPorts, dockFolder, type Progress, recoverSpool } from '../../src/ingest/index.ts';
import { makeGate } from '../../src/platform/index.ts';
import { ManualClock } from '../camera/manual-clock.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, copyStation, entriesOf, makeStation, never, openIt, outcomesOf, verify } from '../fault/stations.ts';

const HOUR_MS = 3_600_000;

let origin: string;
let place: string;
let config: string;

beforeAll(async () => {
  origin = await makeStation(join(temporaryPlace(), 'station'));
});

beforeEach(() => {
  place = temporaryPlace();
  config = copyStation(origin, join(place, 'station'));
});

function cameraOf(name: string): string {
  return layOut(join(place, name), { 'a.mp4': bytesOf(name.length, 1000), 'b.mp4': bytesOf(name.length + 50, 2000) });
}

/** Docks a folder; `listed` resolves when its receipt stands while it waits to be copied. */
function dockIt(ports: DockPorts, path: string, signal = never()) {
  const listed = Promise.withResolvers<Progress>();
  const docking = dockFolder(
    ports,
    { path, actor: ACTOR },
    (progress) => {
      if (progress.state === 'waiting' && progress.receiptStands) listed.resolve(progress);
    },
    signal,
  );
  docking.catch(listed.reject);
  return { docking, listed: listed.promise };
}

/** A station where one camera may be copied at a time, and one is until `end` is called. */
function oneAtATime(ports: DockPorts): { readonly ports: DockPorts; readonly end: () => Promise<void> } {
  const cameras = makeGate(1);
  const copying = Promise.withResolvers<void>();
  const other = cameras.run(() => copying.promise);
  return {
    ports: { ...ports, cameras },
    end: () => {
      copying.resolve();
      return other;
    },
  };
}

it('is not told to wait where it is its turn at once', async () => {
  await using station = await openIt(config);
  const told: string[] = [];
  const order = { path: cameraOf('card'), actor: ACTOR };
  await dockFolder(station.ports, order, ({ state }) => told.push(state), never());
  expect([...new Set(told)].slice(0, 4)).toEqual(['waiting', 'listing', 'copying', 'storing']);
  expect(told.lastIndexOf('waiting')).toBeLessThan(told.indexOf('listing'));
});

describe('a camera that waits for its turn to be copied', () => {
  it('is on its receipt, file by file, however many wait, and is copied when others are done', async () => {
    {
      await using station = await openIt(config);
      const { ports, end } = oneAtATime(station.ports);
      const names = ['card', 'another', 'one more'];
      const docked = names.map((name) => dockIt(ports, cameraOf(name)));
      const progress = await Promise.all(docked.map(({ listed }) => listed));
      expect(progress.map(({ filesTotal, bytesTotal }) => [filesTotal, bytesTotal])).toEqual(
        names.map(() => [2, 3000]),
      );
      const listings = (await ports.spool.leftovers()).map(({ listing }) => listing?.files.length);
      expect(listings).toEqual([2, 2, 2]);
      expect(await recoverSpool(ports, { isBusy: () => true })).toEqual({ finished: [], waiting: [] });
      await end();
      for (const { docking } of docked)
        expect(outcomesOf((await docking).receipt)).toEqual({ 'a.mp4': 'recorded', 'b.mp4': 'recorded' });
    }
    expect((await verify(config)).findings).toEqual([]);
  });

  it('is answered for when the station stops before', async () => {
    {
      await using station = await openIt(config);
      const { ports, end } = oneAtATime(station.ports);
      const stop = new AbortController();
      const { docking, listed } = dockIt(ports, cameraOf('card'), stop.signal);
      await listed;
      stop.abort(new Failure('cancelled', 'docketd is stopping'));
      await expectRejection('cancelled', docking);
      await end();
    }
    await using station = await openIt(config);
    const [receipt] = (await recoverSpool(station.ports)).finished;
    expect(receipt === undefined ? {} : outcomesOf(receipt)).toEqual({
      'a.mp4': 'interrupted',
      'b.mp4': 'interrupted',
    });
    expect(await entriesOf(config, 'acquisition.recorded')).toHaveLength(1);
  });

  it('is answered for when it is taken away before', async () => {
    await using station = await openIt(config);
    const { ports, end } = oneAtATime(station.ports);
    const path = cameraOf('card');
    const { docking, listed } = dockIt(ports, path);
    await listed;
    rmSync(path, { recursive: true });
    await end();
    expect(outcomesOf((await docking).receipt)).toEqual({ 'a.mp4': 'interrupted', 'b.mp4': 'interrupted' });
  });

  it('has all its time to be copied, however long it waited', async () => {
    await using station = await openIt(config);
    const clock = new ManualClock();
    const { ports, end } = oneAtATime({ ...station.ports, clock });
    const { docking, listed } = dockIt(ports, cameraOf('card'));
    await listed;
    clock.advance(1000 * HOUR_MS);
    await end();
    expect(outcomesOf((await docking).receipt)).toEqual({ 'a.mp4': 'recorded', 'b.mp4': 'recorded' });
  });
});

describe('a card that takes longer to list than an acquisition may', () => {
  const HOURS = 48;

  /** A card that needs an hour for each entry. */
  async function slowCard(path: string, clock: ManualClock, limits: DockPorts['cardLimits']): Promise<Card> {
    const identity = { way: 'folder', folder: path } as const;
    const card = await openCard({ root: path, identity, profile: TAKE_EVERYTHING, limits });
    async function* list(signal?: AbortSignal): AsyncGenerator<SourceFile> {
      for await (const file of card.list(signal)) {
        yield file;
        clock.advance(HOUR_MS);
      }
    }
    const close = (): Promise<void> => card.close();
    return {
      identity,
      list,
      open: (file) => card.open(file),
      isPresent: () => card.isPresent(),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  it('is not taken, says so, and keeps no other from being listed', async () => {
    const names = Array.from({ length: HOURS }, (_, k) => [`${k}.mp4`, 'x'] as const);
    const path = layOut(join(place, 'slow'), Object.fromEntries(names));
    await using station = await openIt(config);
    const clock = new ManualClock();
    const ports = { ...station.ports, clock, listings: makeGate(1) };
    await using card = await slowCard(path, clock, ports.cardLimits);
    const docking = {
      acquisition: makeAcquisitionId(clock.now(), '00000001'),
      camera: card.identity,
      cameraOffsetMs: 'unknown' as const,
      actor: ACTOR,
    };
    const told: Progress[] = [];
    const taken = acquireCard(ports, docking, card, (progress) => told.push(progress), never());
    const { message } = await expectRejection('limit-exceeded', taken);
    expect(message).toBe('listing the card took longer than the limit of 24 h');
    expect(clock.elapsedMs()).toBeLessThan(HOURS * HOUR_MS);
    expect(told.at(-1)).toMatchObject({ state: 'problem', problem: { code: 'limit-exceeded' }, receiptStands: false });
    expect(existsSync(join(ports.spool.path, docking.acquisition))).toBe(false);
    expect(await ports.listings.run(() => Promise.resolve('free'))).toBe('free');
  });

  it('is not taken either when so much time goes into choosing its profile', async () => {
    await using station = await openIt(config);
    const clock = { ...station.ports.clock, now: () => station.ports.clock.now(), wait: () => Promise.resolve() };
    const told: Progress[] = [];
    const order = { path: cameraOf('card'), actor: ACTOR };
    const taken = dockFolder({ ...station.ports, clock }, order, (progress) => told.push(progress), never());
    await expectRejection('limit-exceeded', taken);
    expect(told).toEqual([]);
  });
});
