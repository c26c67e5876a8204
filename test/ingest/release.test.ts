// Release: the only step that deletes. Off by default; on, it clears what is recorded, published and just read again, and nothing else.
import { appendFileSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCard, TAKE_EVERYTHING } from '../../src/camera/index.ts';
import { registerCamera } from '../../src/filing/index.ts';
import { dockFolder, releaseCamera } from '../../src/ingest/index.ts';
import { temporaryPlace } from '../fault/places.ts';
import { ACTOR, dock, entriesOf, makeStation, never, openIt, verify } from '../fault/stations.ts';

const ON = '\n[release]\nenabled = true\n';

/** A station with camera BC01 registered, and the folder of its card with two recordings and one in the making. */
async function stationWithCamera(toml = ''): Promise<{ config: string; card: string; place: string }> {
  const place = temporaryPlace();
  const config = await makeStation(join(place, 'station'));
  appendFileSync(config, toml);
  {
    await using station = await openIt(config);
    const { clock, recorder } = station.ports;
    registerCamera({ clock, recorder, isRegistered: () => false, profiles: [] }, { serial: 'BC01', actor: 'tester' });
  }
  const card = join(place, 'card');
  for (const each of ['VIDEO', 'Temp']) mkdirSync(join(card, each), { recursive: true });
  writeFileSync(join(card, 'VIDEO/BC_BC01_7_20260131_080000.mp4'), 'first');
  writeFileSync(join(card, 'VIDEO/BC_BC01_7_20260131_080500.mp4'), 'other');
  writeFileSync(join(card, 'Temp/BC_BC01_7_20260131_081000.mp4'), 'unfinished');
  return { config, card, place };
}

describe('release', () => {
  it('is off by default: a docked camera keeps everything', async () => {
    const { config, card } = await stationWithCamera();
    await dock(config, { path: card, serial: 'BC01' });
    expect(readdirSync(join(card, 'VIDEO'))).toHaveLength(2);
    expect(await entriesOf(config, 'camera.released')).toEqual([]);
  });

  it('clears what is on record, keeps what is not, and is on record itself', async () => {
    const { config, card } = await stationWithCamera(ON);
    await dock(config, { path: card, serial: 'BC01' });
    expect(readdirSync(join(card, 'VIDEO'))).toEqual([]);
    expect(readdirSync(join(card, 'Temp'))).toHaveLength(1);
    expect(await entriesOf(config, 'camera.released')).toMatchObject([{ files: 2, sizeBytes: 10 }]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('is told before the first file is cleared and after the last, so that nobody pulls the camera meanwhile', async () => {
    const { config, card } = await stationWithCamera(ON);
    await using station = await openIt(config);
    const told: [string, number][] = [];
    await dockFolder(
      station.ports,
      { path: card, serial: 'BC01', actor: ACTOR },
      ({ state }) => told.push([state, readdirSync(join(card, 'VIDEO')).length]),
      never(),
    );
    expect(told.slice(-3)).toEqual([
      ['done', 2],
      ['releasing', 2],
      ['done', 0],
    ]);
  });

  it('never clears a plain folder, which belongs to somebody', async () => {
    const { config, card } = await stationWithCamera(ON);
    await dock(config, { path: card });
    expect(readdirSync(join(card, 'VIDEO'))).toHaveLength(2);
  });

  it('clears at the next docking what an earlier one left, after proving it again', async () => {
    const { config, card } = await stationWithCamera();
    await dock(config, { path: card, serial: 'BC01' });
    appendFileSync(config, ON);
    const { receipt } = await dock(config, { path: card, serial: 'BC01' });
    expect(receipt.files.filter((file) => file.outcome === 'already-recorded')).toHaveLength(2);
    expect(readdirSync(join(card, 'VIDEO'))).toEqual([]);
  });

  it('leaves a file whose bytes changed behind the same name, size and time, even to bytes that are on record elsewhere', async () => {
    const { config, card } = await stationWithCamera();
    const { listing, receipt } = await dock(config, { path: card, serial: 'BC01' });
    const swapped = join(card, 'VIDEO/BC_BC01_7_20260131_080000.mp4');
    const at = new Date((listing.files.find((file) => file.path.text.endsWith('080000.mp4'))?.modifiedAtMs ?? 0) + 0.5);
    writeFileSync(swapped, 'other');
    utimesSync(swapped, at, at);
    await using station = await openIt(config);
    const limits = station.ports.cardLimits;
    await using opened = await openCard({ root: card, identity: listing.camera, profile: TAKE_EVERYTHING, limits });
    expect(await releaseCamera(station.ports, opened, card, listing, receipt, never())).toBe(1);
    expect(readdirSync(join(card, 'VIDEO'))).toEqual(['BC_BC01_7_20260131_080000.mp4']);
  });

  it('leaves everything when the vault has lost a payload', async () => {
    const { config, card } = await stationWithCamera();
    const { listing, receipt } = await dock(config, { path: card, serial: 'BC01' });
    await using station = await openIt(config);
    const { ports } = station;
    const vault = {
      ...ports.vault,
      stat: () => Promise.resolve(undefined),
      putOnce: ports.vault.putOnce.bind(ports.vault),
    };
    await using opened = await openCard({
      root: card,
      identity: listing.camera,
      profile: TAKE_EVERYTHING,
      limits: ports.cardLimits,
    });
    expect(await releaseCamera({ ...ports, vault }, opened, card, listing, receipt, never())).toBe(0);
    expect(readdirSync(join(card, 'VIDEO'))).toHaveLength(2);
  });
});
