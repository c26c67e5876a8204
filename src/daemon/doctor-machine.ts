// The lines of docket doctor about the machine: service manager, programs, clock, USB, where cameras are mounted.
// Never asks a network; a program that does not answer in time is told.
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { viewRoots } from '../camera/index.ts';
import type { CheckLine } from '../cli/index.ts';
import type { Tools } from '../media/index.ts';
import { type Config, exists } from '../platform/index.ts';
import { doubtful, failed, passed } from '../vault/index.ts';

/** Longest a program may take, in milliseconds. */
const PROGRAM_MS = 10_000;
/** How each program is asked for its version. */
const VERSION_FLAGS: Readonly<Record<string, string>> = { ffmpeg: '-version', ffprobe: '-version' };
const PACKAGES: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  pdftotext: 'poppler-utils',
  pdfinfo: 'poppler-utils',
  unzip: 'unzip',
};

/** As timeout(1) exits when a program did not end in time. */
const LATE = 124;

/** What a program said, and its exit code, LATE when it did not end in time; undefined when it is not installed or does not run. */
export function ask(
  program: string,
  args: readonly string[],
  timeoutMs = PROGRAM_MS,
): Promise<{ readonly code: number; readonly said: string } | undefined> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      { timeout: timeoutMs, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        const said = `${stdout}\n${stderr}`.trim();
        if (error === null) resolve({ code: 0, said });
        else if (error.killed === true) resolve({ code: LATE, said: '' });
        else resolve(typeof error.code === 'number' ? { code: error.code, said } : undefined);
      },
    );
  });
}

/** The unit docketd.service, where systemd runs the machine: `running` is there only then. */
export async function checkService(running = '/run/systemd/system'): Promise<CheckLine[]> {
  if (!(await exists(running))) return [];
  const shown = await ask('systemctl', [
    'show',
    'docketd.service',
    '--property=LoadState,ActiveState,SubState,UnitFileState',
  ]);
  if (shown?.code !== 0)
    return [doubtful('service', 'systemd does not tell of docketd.service', 'systemctl status docketd')];
  const facts = new Map(
    shown.said.split('\n').map((line): [string, string] => [line.split('=')[0] ?? '', line.split('=')[1] ?? '']),
  );
  const [load, active, file] = [facts.get('LoadState'), facts.get('ActiveState'), facts.get('UnitFileState')];
  if (load !== 'loaded')
    return [
      doubtful('service', 'docketd.service is not installed', 'Install the package, or copy systemd/docketd.service'),
    ];
  if (active === 'failed') return [failed('service', 'docketd.service has failed', 'journalctl -u docketd')];
  const what = `docketd.service is ${active} (${facts.get('SubState')}), ${file}`;
  if (active === 'active' && file === 'enabled') return [passed('service', what)];
  return [doubtful('service', what, 'systemctl enable --now docketd')];
}

/** The programs that look inside files. Without them footage is kept all the same. `timeoutMs` is how long each may take. */
export async function checkTools(config: Config | undefined, timeoutMs?: number): Promise<CheckLine[]> {
  if (config?.media.examine === false) return [passed('media tools', 'not needed: media.examine is false')];
  const { DEFAULT_TOOLS } = await import('../media/index.ts'); // loads the image library: only here
  const tools: Tools = DEFAULT_TOOLS;
  const lines: CheckLine[] = [];
  for (const [name, program] of Object.entries<string>({ ...tools })) {
    lines.push(toolLine(name, program, await ask(program, [VERSION_FLAGS[name] ?? '-v'], timeoutMs)));
  }
  return lines;
}

function toolLine(name: string, program: string, answered: Awaited<ReturnType<typeof ask>>): CheckLine {
  if (answered?.code === LATE)
    return doubtful(name, 'does not answer in time', 'When the machine is less busy: docket doctor again');
  const version = /\d+(?:\.\d+)+/.exec(answered?.said ?? '')?.[0];
  if (version !== undefined) return passed(name, version);
  return failed(name, 'is not installed or does not run', `apt-get install ${PACKAGES[name] ?? program}`);
}

/** Whether the clock is set by something: every record carries its time. `synchronized` is what systemd-timesyncd makes when it is. */
export async function checkClock(synchronized = '/run/systemd/timesync/synchronized'): Promise<CheckLine[]> {
  if (await exists(synchronized)) return [passed('clock', 'synchronised (systemd-timesyncd)')];
  const next =
    'Set up systemd-timesyncd or chrony with a clock in your network, or set the clock by hand and check it often';
  const kernel = await ask('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (kernel?.said === 'yes') return [passed('clock', 'synchronised, as the kernel knows')];
  if (kernel?.said === 'no') return [doubtful('clock', 'is not synchronised with any other', next)];
  const chrony = await ask('chronyc', ['-n', 'tracking']);
  if (/^Leap status\s*:\s*Normal/m.test(chrony?.said ?? '')) return [passed('clock', 'synchronised (chrony)')];
  return [doubtful('clock', 'nothing on this machine says whether it is right', next)];
}

/** The USB bus, which quickens and explains; cameras are noticed by their mounts too. */
export async function checkUsb(config: Config | undefined, bus = '/sys/bus/usb/devices'): Promise<CheckLine[]> {
  if (config?.cameras.usb === false) return [passed('usb', 'not listened to: cameras.usb is false')];
  const devices = await namesIn(bus);
  if (devices === undefined)
    return [
      doubtful(
        'usb',
        'this machine shows no USB bus',
        'Without one, set cameras.usb = false; in a virtual machine pass the bus through',
      ),
    ];
  return [passed('usb', `${devices.filter((each) => /^\d+-[\d.]+$/.test(each)).length} device(s) on the bus`)];
}

/** Where cameras appear, and how those that are there now are mounted. */
export async function checkCameraRoots(config: Config): Promise<CheckLine[]> {
  const { roots } = config.cameras;
  if (roots.length === 0)
    return [doubtful('cameras', 'no folder is watched: cameras.roots is empty', 'Name one, or dock by hand')];
  const { missing, cards } = await viewRoots(roots);
  const lines = missing.map((each) =>
    doubtful('cameras', `${each} is not there: no camera is noticed in it`, 'Make it, or take it out of cameras.roots'),
  );
  lines.push(...cards.map(({ root, lacks }) => checkMount(root, lacks, config.release.enabled)));
  return lines.length > 0 ? lines : [passed('cameras', `watching ${roots.join(', ')}; none is there now`)];
}

/** How a card is mounted; one that is to be cleared may be written to. */
function checkMount(root: string, lacks: readonly string[], release: boolean): CheckLine {
  if (lacks.length === 0) return passed('cameras', `${root}: mounted read-only, without programs and devices`);
  if (release && lacks.every((each) => each === 'ro'))
    return passed('cameras', `${root}: mounted so that it can be cleared, without programs and devices`);
  const wanted = release ? 'nosuid,nodev,noexec' : 'ro,nosuid,nodev,noexec';
  return doubtful('cameras', `${root} is mounted without ${lacks.join(', ')}`, `Mount cameras with ${wanted}`);
}

/** Names in a folder; undefined when it is not there or not to be read. */
export async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  return readdir(folder).catch(() => undefined); // not there or not to be read: then nothing in it can be told
}
