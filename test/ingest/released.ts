// A station that knows one camera, and the folder of its card: what the tests of release and clearing begin with.
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FolderCard, openCard, TAKE_EVERYTHING } from '../../src/camera/index.ts';
import type { Station } from '../../src/daemon/station.ts';
import { registerCamera } from '../../src/filing/index.ts';
import type { AcquisitionResult } from '../../src/ingest/index.ts';
import { temporaryPlace } from '../fault/places.ts';
import { makeStation, openIt } from '../fault/stations.ts';

/** Settings of a station that clears cameras. */
export const ON = '\n[release]\nenabled = true\n';

/** A station with camera BC01 registered, and the folder of its card with two recordings and one in the making. */
export async function stationWithCamera(toml = ''): Promise<{ config: string; card: string; place: string }> {
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

/** Names of the recordings on a card. */
export function recordingsOn(card: string): string[] {
  return readdirSync(join(card, 'VIDEO'));
}

/** Opens the folder of a card that was docked, as docking does. The caller closes it. */
export function openAt(root: string, { listing }: AcquisitionResult, { ports }: Station): Promise<FolderCard> {
  return openCard({ root, identity: listing.camera, profile: TAKE_EVERYTHING, limits: ports.cardLimits });
}
