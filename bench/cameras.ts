// Eight cameras at once into a running docketd: what it keeps in memory, and how fast it takes them.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/platform/index.ts';
import type { Context } from './context.ts';
import { makeCameras } from './footage.ts';
import { atMost, type Report } from './report.ts';
import { DOCKET, makeStation, peakMiB, startDaemon } from './station.ts';
import { runQuietly } from './timed.ts';

const CAMERAS = 8;
/** Bytes of one camera, in GiB. */
const CAMERA_GIB = 1;

/** Measures the memory of docketd. */
export async function benchCameras({ folder, say }: Context): Promise<Report> {
  const cameras = await makeCameras(folder, CAMERAS);
  const station = join(folder, 'station-cameras');
  const config = await makeStation(station, { examine: true });
  await runQuietly(['sync'], folder);
  await using daemon = await startDaemon(config);
  const idle = await peakMiB(daemon.pid);
  say(`docketd takes ${CAMERAS} cameras of ${CAMERA_GIB} GiB at once`);
  const started = systemClock.elapsedMs();
  const dock = (camera: string, n: number): Promise<void> =>
    runQuietly([DOCKET, 'dock', camera, '--camera', `BC${n + 1}`, '--config', config], folder);
  await Promise.all(cameras.map(dock));
  const seconds = (systemClock.elapsedMs() - started) / 1000;
  const peak = await peakMiB(daemon.pid);
  await daemon[Symbol.asyncDispose]();
  await rm(station, { recursive: true, force: true });
  return {
    name: 'cameras',
    title: `${CAMERAS} cameras of ${CAMERA_GIB} GiB at once into a running docketd`,
    lines: [
      { what: 'peak memory of docketd before', value: `${idle.toFixed(0)} MiB` },
      atMost('peak memory of docketd', peak, 250, 'MiB', 0),
      {
        what: 'until all is on record',
        value: `${seconds.toFixed(1)} s, ${((CAMERAS * CAMERA_GIB * 1024) / seconds).toFixed(0)} MiB/s`,
      },
    ],
    notes: ['VmHWM of the daemon process; default configuration, media are examined.'],
  };
}
