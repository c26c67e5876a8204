// The service as the package leaves it on a machine with systemd: ready when it says so, as its own user, in its sandbox.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { Station } from '../station.ts';

const MAX_EXPOSURE = 2;
const doctorSchema = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ check: z.string(), state: z.enum(['ok', 'warn', 'fail']), what: z.string() })),
});

it('runs as its user, told systemd that it is ready, and is little exposed', async () => {
  await using station = await Station.open();
  const { vm } = station;
  const shown = await vm.sh(
    'systemctl show docketd --property=Type,ActiveState,SubState,User,StatusText,UnitFileState',
  );
  expect(shown.split('\n').toSorted()).toEqual([
    'ActiveState=active',
    expect.stringMatching(/^StatusText=station dock-\w+ takes cameras$/),
    'SubState=running',
    'Type=notify',
    'UnitFileState=enabled',
    'User=docket',
  ]);
  expect(await vm.sh('stat --format=%U /proc/$(systemctl show --property=MainPID --value docketd)')).toBe('docket');
  const analysed = await vm.sh('systemd-analyze security docketd --no-pager | tail -n 1');
  const exposure =
    /Overall exposure level for docketd\.service: (\d+\.\d+)/.exec(analysed)?.[1] ?? expect.fail(analysed);
  expect(Number(exposure)).toBeLessThanOrEqual(MAX_EXPOSURE);
  expect(await vm.sh('systemctl --failed --no-legend')).toBe('');
});

it('is in order for docket doctor, but for what nobody has set up yet, and a small /tmp', async () => {
  await using station = await Station.open();
  const { ok, checks } = doctorSchema.parse(await station.docket('doctor'));
  expect(ok).toBe(true);
  const [fine, doubtful] = [checks.filter(({ state }) => state === 'ok'), checks.filter(({ state }) => state !== 'ok')];
  expect(fine.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['docketd', 'service', 'usb', 'udev', 'cameras']),
  );
  expect(doubtful.map(({ check }) => check)).toEqual(['vault: lock', 'backup', 'clock', 'mtp']);
});
