// Release: the only step that deletes. Off by default; on, it clears what is recorded, published and just read again, and nothing else.
import { appendFileSync, chmodSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSha256, payloadKey } from '../../src/evidence/index.ts';
import { removeCamera } from '../../src/filing/index.ts';
import { type AcquisitionResult, dockFolder, releaseCamera } from '../../src/ingest/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { sha256Of } from '../fault/places.ts';
import { ACTOR, dock, entriesOf, never, openIt, placesIn, verify } from '../fault/stations.ts';
import { ON, openAt, recordingsOn, stationWithCamera } from './released.ts';

describe('release', () => {
  it('is off by default: a docked camera keeps everything', async () => {
    const { config, card } = await stationWithCamera();
    await dock(config, { path: card, serial: 'BC01' });
    expect(recordingsOn(card)).toHaveLength(2);
    expect(await entriesOf(config, 'camera.released')).toEqual([]);
  });

  it('clears what is on record, keeps what is not, and is on record itself', async () => {
    const { config, card } = await stationWithCamera(ON);
    await dock(config, { path: card, serial: 'BC01' });
    expect(recordingsOn(card)).toEqual([]);
    expect(readdirSync(join(card, 'Temp'))).toHaveLength(1);
    expect(await entriesOf(config, 'camera.released')).toMatchObject([{ files: 2, sizeBytes: 10 }]);
    expect(await entriesOf(config, 'camera.cleared')).toMatchObject([{ files: 2, sizeBytes: 10, left: 0, first: [] }]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('is told from the first word to after the last file is cleared, so that nobody pulls the camera meanwhile', async () => {
    const { config, card } = await stationWithCamera(ON);
    await using station = await openIt(config);
    const told: [string, boolean | undefined, number][] = [];
    await dockFolder(
      station.ports,
      { path: card, serial: 'BC01', actor: ACTOR },
      ({ state, toClear }) => told.push([state, toClear, recordingsOn(card).length]),
      never(),
    );
    expect(told.slice(-3)).toEqual([
      ['done', true, 2],
      ['releasing', true, 2],
      ['done', false, 0],
    ]);
    expect(told.slice(0, -1).filter(([, toClear]) => toClear !== true)).toEqual([]);
  });

  it('that will not happen is told as soon as that is known: the vault went away, or the docking failed', async () => {
    const { config, card } = await stationWithCamera(ON);
    const { vault } = await placesIn(config);
    await using station = await openIt(config);
    const told: [string, boolean | undefined][] = [];
    const take = (stop: AbortController): Promise<AcquisitionResult> =>
      dockFolder(
        station.ports,
        { path: card, serial: 'BC01', actor: ACTOR },
        ({ state, toClear }) => {
          told.push([state, toClear]);
          if (told.length === 2) stop.abort();
        },
        stop.signal,
      );
    await expectRejection('cancelled', take(new AbortController()));
    expect(told).toEqual([
      ['waiting', true],
      ['listing', true],
      ['problem', true],
      ['problem', false],
    ]);
    renameSync(vault, `${vault}-away`);
    expect((await take(new AbortController())).final).toBe(false);
    renameSync(`${vault}-away`, vault);
    expect(told.slice(-2)).toEqual([
      ['copied', true],
      ['copied', false],
    ]);
    expect(recordingsOn(card)).toHaveLength(2);
  });

  it('never clears a plain folder, which belongs to somebody', async () => {
    const { config, card } = await stationWithCamera(ON);
    await dock(config, { path: card });
    expect(recordingsOn(card)).toHaveLength(2);
  });

  it('never clears a camera that is taken without being registered, nor one that was removed', async () => {
    const { config, card } = await stationWithCamera(ON);
    const told: unknown[] = [];
    {
      await using station = await openIt(config);
      const { clock, recorder } = station.ports;
      removeCamera({ clock, recorder, isRegistered: () => true, profiles: [] }, 'BC01', 'tester');
      for (const serial of ['BC01', 'BC02']) {
        const order = { path: card, serial, actor: ACTOR };
        await dockFolder(station.ports, order, ({ toClear }) => told.push(toClear), never());
      }
    }
    expect(new Set(told)).toEqual(new Set([undefined]));
    expect(recordingsOn(card)).toHaveLength(2);
    expect(await entriesOf(config, 'camera.released')).toEqual([]);
  });

  it('never clears a folder of the station itself, whatever serial somebody gives it', async () => {
    const { config, card } = await stationWithCamera();
    await dock(config, { path: card, serial: 'BC01' });
    appendFileSync(config, ON);
    const { vault } = await placesIn(config);
    for (const path of [vault, join(vault, 'payload/sha256')]) await dock(config, { path, serial: 'BC01' });
    expect(await entriesOf(config, 'camera.released')).toEqual([]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('clears at the next docking what an earlier one left, after proving it again', async () => {
    const { config, card } = await stationWithCamera();
    await dock(config, { path: card, serial: 'BC01' });
    appendFileSync(config, ON);
    const { receipt } = await dock(config, { path: card, serial: 'BC01' });
    expect(receipt.files.filter((file) => file.outcome === 'already-recorded')).toHaveLength(2);
    expect(recordingsOn(card)).toEqual([]);
  });

  it('leaves a file whose bytes changed behind the same name, size and time, even to bytes that are on record elsewhere', async () => {
    const { config, card } = await stationWithCamera();
    const docked = await dock(config, { path: card, serial: 'BC01' });
    const { listing, receipt } = docked;
    const swapped = join(card, 'VIDEO/BC_BC01_7_20260131_080000.mp4');
    const at = new Date((listing.files.find((file) => file.path.text.endsWith('080000.mp4'))?.modifiedAtMs ?? 0) + 0.5);
    writeFileSync(swapped, 'other');
    utimesSync(swapped, at, at);
    await using station = await openIt(config);
    await using opened = await openAt(card, docked, station);
    expect(await releaseCamera(station.ports, opened, listing, receipt, never())).toBe(1);
    expect(recordingsOn(card)).toEqual(['BC_BC01_7_20260131_080000.mp4']);
  });

  it('leaves everything when the vault has lost a payload', async () => {
    const { config, card } = await stationWithCamera();
    const docked = await dock(config, { path: card, serial: 'BC01' });
    await using station = await openIt(config);
    const { ports } = station;
    const vault = {
      ...ports.vault,
      stat: () => Promise.resolve(undefined),
      putOnce: ports.vault.putOnce.bind(ports.vault),
    };
    await using opened = await openAt(card, docked, station);
    expect(await releaseCamera({ ...ports, vault }, opened, docked.listing, docked.receipt, never())).toBe(0);
    expect(recordingsOn(card)).toHaveLength(2);
  });

  it('leaves a file whose copy in the vault was altered since an earlier docking: the camera has the last that is right', async () => {
    const { config, card } = await stationWithCamera();
    await dock(config, { path: card, serial: 'BC01' });
    const { vault } = await placesIn(config);
    const first = join(vault, payloadKey(parseSha256(sha256Of('first'))));
    chmodSync(first, 0o644);
    writeFileSync(first, 'firsT');
    chmodSync(first, 0o444);
    appendFileSync(config, ON);
    await dock(config, { path: card, serial: 'BC01' });
    expect(recordingsOn(card)).toEqual(['BC_BC01_7_20260131_080000.mp4']);
    expect((await verify(config)).findings.map(({ code }) => code)).toEqual(['payload-altered']);
  });
});
