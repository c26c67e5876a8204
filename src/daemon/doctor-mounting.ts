// The lines of docket doctor about what mounts cameras where docket was installed as a package: rule, units, list, what was refused, and room
// for what MTP cameras send. Never mounts anything, never asks a unit to.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lookForRefusals } from '../camera/index.ts';
import type { CheckLine } from '../cli/index.ts';
import { freeBytes, isInMemory } from '../platform/index.ts';
import { doubtful, failed, passed } from '../vault/index.ts';
import { ask, namesIn } from './doctor-machine.ts';

/** Where udev looks for a rule, in this order: the first of a name is the one that counts. */
const UDEV_FOLDERS = ['/etc/udev/rules.d', '/run/udev/rules.d', '/usr/lib/udev/rules.d', '/lib/udev/rules.d'];
const RULE = '90-docket.rules';
/** Where jmtpfs puts an object while it is read: tmpfile(3) asks no environment. */
const FETCHED = '/tmp';
/** Room below which one recording may not fit: of cards cameras cut them at 4 GiB, by MTP they need not. */
const FETCHED_GIB = 16;
const GIB = 1_073_741_824;
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
  return [await checkRule(), ...(await checkUnits()), ...(await checkAdmission(MOUNTS)), ...(await checkFetching())];
}

/** The rule that has cameras mounted, as udev finds it. */
export async function checkRule(folders = UDEV_FOLDERS): Promise<CheckLine> {
  for (const folder of folders) {
    if (!((await namesIn(folder)) ?? []).includes(RULE)) continue;
    const rule = join(folder, RULE);
    const facts = await stat(rule).catch(() => undefined); // a link that leads nowhere
    if (facts?.isFile() === true && facts.size > 0) return passed('udev', rule);
    return doubtful(
      'udev',
      `${rule} is empty or leads to /dev/null: no camera is mounted`,
      'Remove it, then: udevadm control --reload && udevadm trigger; or mount cameras by other means',
    );
  }
  return doubtful('udev', 'no rule of docket has cameras mounted', AGAIN);
}

/** Room for what jmtpfs fetches of cameras that speak MTP, where it is installed. */
export async function checkFetching(folder = FETCHED, enoughGib = FETCHED_GIB): Promise<CheckLine[]> {
  if ((await ask('sh', ['-c', 'command -v jmtpfs']))?.code !== 0) return [];
  const why = 'jmtpfs fetches each file of an MTP camera whole into it';
  if (await isInMemory(folder))
    return [
      doubtful(
        'mtp',
        `${folder} lies in memory, and ${why}: long recordings cannot be read`,
        'systemctl mask tmp.mount and start the machine again, or give it a disk of its own',
      ),
    ];
  const gib = (await freeBytes(folder)) / GIB;
  if (gib >= enoughGib) return [passed('mtp', `${gib.toFixed(0)} GiB free in ${folder} for what jmtpfs fetches`)];
  return [
    doubtful(
      'mtp',
      `only ${gib.toFixed(1)} GiB free in ${folder}, and ${why}: what is larger cannot be read`,
      'Free space there, or give it a disk of its own',
    ),
  ];
}

/** The units that the rule has started. */
export async function checkUnits(): Promise<CheckLine[]> {
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
