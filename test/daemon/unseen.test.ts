// A camera that is plugged in and whose card nobody mounts is told; one that is taken, refused, pulled out or unknown is not.
import { expect, it } from 'vitest';
import { Docks } from '../../src/daemon/docks.ts';
import { Unseen } from '../../src/daemon/unseen.ts';
import { Failure } from '../../src/evidence/index.ts';
import { silentLog } from '../../src/platform/index.ts';
import { ManualClock } from '../camera/manual-clock.ts';

const CAMERA = { way: 'usb', serial: 'BC01' } as const;
const MINUTE_MS = 60_000;

function watching() {
  const clock = new ManualClock();
  const docks = new Docks(clock, silentLog, '/nonexistent/problems.json');
  const stop = new AbortController();
  const unseen = new Unseen({ clock, docks, isRegistered: (serial) => serial === 'BC01', signal: stop.signal });
  return { clock, docks, unseen, stop, told: () => docks.view().problems.map(({ what }) => what) };
}

it('is told when no card of it was mounted within a minute, and once for each plug', async () => {
  const { clock, unseen, told } = watching();
  for (const times of [1, 2]) {
    const waiting = unseen.changed({ event: 'connected', serial: 'BC01' });
    clock.advance(MINUTE_MS - 1);
    expect(told()).toHaveLength(times - 1);
    clock.advance(1);
    await waiting;
    expect(told()).toHaveLength(times);
    await unseen.changed({ event: 'disconnected', serial: 'BC01' });
  }
  expect(told()[0]).toMatch(/^camera BC01 is not taken: .*plug it in again/);
});

it.each([
  ['is taken', (docks: Docks) => void docks.arrived({ root: '/run/docket/cameras/sdb1', identity: CAMERA })],
  [
    'is refused',
    (docks: Docks) =>
      docks
        .arrived({ root: '/run/docket/refused/sdb1', identity: CAMERA })
        .failed(new Failure('camera-keyboard', 'it types')),
  ],
])('is not told of a camera that %s', async (_, happens) => {
  const { clock, docks, unseen, told } = watching();
  const waiting = unseen.changed({ event: 'connected', serial: 'BC01' });
  happens(docks);
  clock.advance(MINUTE_MS);
  await waiting;
  expect(told()).toEqual([]);
});

it('is told although a card of it was there at the plug before', async () => {
  const { clock, docks, unseen, told } = watching();
  docks.arrived({ root: '/run/docket/cameras/sdb1', identity: CAMERA });
  docks.departed('/run/docket/cameras/sdb1');
  const waiting = unseen.changed({ event: 'connected', serial: 'BC01' });
  clock.advance(MINUTE_MS);
  await waiting;
  expect(told()).toHaveLength(1);
});

it('is not told of what is pulled out, not registered or without a serial, nor once docketd stops', async () => {
  const { clock, unseen, stop, told } = watching();
  await unseen.changed({ event: 'connected', serial: 'BC09' });
  await unseen.changed({ event: 'connected', serial: undefined });
  const pulled = unseen.changed({ event: 'connected', serial: 'BC01' });
  await unseen.changed({ event: 'disconnected', serial: 'BC01' });
  await pulled;
  const stopped = unseen.changed({ event: 'connected', serial: 'BC01' });
  stop.abort();
  await stopped;
  clock.advance(MINUTE_MS);
  expect(told()).toEqual([]);
});
