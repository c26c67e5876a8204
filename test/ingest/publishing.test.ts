// What is on record is published beside the rest of a docking: whoever docks hears how that ended, and not before it has.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Failure } from '../../src/evidence/index.ts';
import { dockFolder } from '../../src/ingest/index.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, makeStation, never, openIt, verify } from '../fault/stations.ts';

it('ends a docking with what stops the station, though all else went well', async () => {
  const place = temporaryPlace('fast');
  const config = await makeStation(join(place, 'station'));
  const path = layOut(join(place, 'card'), { 'a.mp4': bytesOf(1, 1000) });
  {
    await using station = await openIt(config);
    let times = 0;
    const publish = (): Promise<void> => {
      times += 1;
      return times > 1
        ? station.ports.publisher.publish()
        : Promise.reject(new Failure('ledger-corrupt', 'the first publication finds damage'));
    };
    const ports = { ...station.ports, publisher: { publish } };
    const docking = dockFolder(ports, { path, actor: ACTOR }, () => undefined, never());
    await expect(docking).rejects.toMatchObject({ code: 'ledger-corrupt' });
    expect(times).toBe(2); // the receipt did not wait for it
  }
  expect((await verify(config)).findings).toEqual([]);
});
