// The lines of docket doctor about what mounts cameras where docket was installed as a package: rule, units, list, and what was refused.
// Never mounts anything, never asks a unit to.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lookForRefusals } from '../camera/index.ts';
import type { CheckLine } from '../cli/index.ts';
import { doubtful, failed, passed } from '../vault/index.ts';
import { ask, namesIn } from './doctor-machine.ts';

const UDEV_FOLDERS = ['/etc/udev/rules.d', '/usr/lib/udev/rules.d', '/lib/udev/rules.d'];
/** Where the package's service lets cameras be mounted; see systemd/docketd.service. */
const MOUNTS = '/run/docket';
/** What to do about what is not mounted, by its cause. */
const NEXT = {
  unknown: 'docket camera add SERIAL',
  keyboard: 'Unplug it and look at it; man docketd, Cameras, if it is a camera all the same',
  failed: "journalctl -u 'docket-m*'",
} as const;
const AGAIN = 'Install the package again, or mount cameras by other means';

/** What mounts cameras, where docket was installed as a package. */
export async function checkMounting(): Promise<CheckLine[]> {
  if (!import.meta.url.startsWith('file:///usr/')) return [];
  return [await checkRule(), ...(await checkUnits()), ...(await checkAdmission(MOUNTS))];
}

async function checkRule(): Promise<CheckLine> {
  for (const folder of UDEV_FOLDERS)
    for (const name of (await namesIn(folder)) ?? [])
      if (/docket.*\.rules$/.test(name)) return passed('udev', `${folder}/${name}`);
  return doubtful('udev', 'no rule of docket has cameras mounted', AGAIN);
}

async function checkUnits(): Promise<CheckLine[]> {
  const shown = await ask('systemctl', [
    'show',
    '--property=LoadState',
    'docket-mount@sda1.service',
    'docket-admission.path',
  ]);
  if (shown?.code !== 0) return []; // no systemd; the line of the service has told
  const missing = shown.said.split('\n').filter((line) => line !== '' && line !== 'LoadState=loaded');
  return missing.length === 0 ? [] : [failed('mounting', 'the units that mount cameras are not installed', AGAIN)];
}

/** Whether docketd has said who is admitted, and what is refused now. */
export async function checkAdmission(mounts: string): Promise<CheckLine[]> {
  const list = join(mounts, 'admission/list');
  const lines = (await readFile(list, 'utf8').catch(() => '')).split('\n'); // not there, or not to be read: nothing is said
  if (lines[0] !== 'docket admission 1')
    return [doubtful('mounting', `${list} does not say which cameras may be mounted`, 'systemctl restart docketd')];
  const serials = lines.filter((line) => line.startsWith('serial ')).length;
  const who = lines.includes('unknown allow')
    ? 'any camera is mounted'
    : `${serials} camera(s) are mounted when they are plugged in`;
  const refused = [...(await lookForRefusals(join(mounts, 'refused'), new Map())).values()];
  return [
    passed('mounting', who),
    ...refused.map(({ identity, reason, cause }) =>
      doubtful('mounting', `camera ${identity.serial ?? 'without serial'} is not mounted: ${reason}`, NEXT[cause]),
    ),
  ];
}
