// docket doctor names what is wrong with an installation and what to do, one line each; it fails only for what keeps a station from working.
// Each line is shown by a station that is sound and by one that is not.
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { viewRoots } from '../../src/camera/index.ts';
import type { CheckLine, DoctorView } from '../../src/cli/index.ts';
import { backupStation } from '../../src/daemon/backup.ts';
import { examineInstallation } from '../../src/daemon/doctor.ts';
import { scrubLines } from '../../src/daemon/doctor-daemon.ts';
import { checkClock, checkService, checkTools, checkUsb } from '../../src/daemon/doctor-machine.ts';
import { checkAdmission, checkFetching, checkRule, checkUnits } from '../../src/daemon/doctor-mounting.ts';
import { type Clock, readConfig, systemClock } from '../../src/platform/index.ts';
import { ROOT } from '../architecture/rooms.ts';
import { startDaemon } from '../fault/services.ts';
import { copyStation, dock, makeStation, never, placesIn } from '../fault/stations.ts';
import { nodeArguments, run } from '../fault/syscalls.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const DAY_MS = 86_400_000;

let base: TempFolder;
let original: string;
let count = 0;

beforeAll(async () => {
  base = await makeTempFolder();
  original = await makeStation(base.at('original'));
  mkdirSync(base.at('card'));
  writeFileSync(base.at('card', 'a.mp4'), 'footage');
  await dock(original, { path: base.at('card') });
  return () => base[Symbol.asyncDispose]();
});

afterEach(() => vi.unstubAllEnvs());

function fresh(): string {
  count += 1;
  return copyStation(original, base.at(`station-${count}`));
}

function edit(config: string, from: string, to: string): void {
  const text = readFileSync(config, 'utf8');
  expect(text).toContain(from);
  writeFileSync(config, text.replace(from, to));
}

function examine(config: string): Promise<DoctorView> {
  return examineInstallation(config, never());
}

/** The lines of one check. */
async function linesOf(config: string, check: string): Promise<readonly CheckLine[]> {
  return (await examine(config)).checks.filter((each) => each.check === check);
}

async function lineOf(config: string, check: string): Promise<CheckLine> {
  const [line] = await linesOf(config, check);
  if (line === undefined) throw new Error(`no line ${check}`);
  return line;
}

describe('a sound station', () => {
  it('fails nowhere; every line that is not ok says what to do, in one line', async () => {
    const config = fresh();
    edit(config, 'examine = false', 'examine = true');
    const { ok, checks } = await examine(config);
    expect(checks.filter(({ state }) => state === 'fail')).toEqual([]);
    expect(ok).toBe(true);
    for (const name of ['config', 'key', 'ledger', 'ledger and vault', 'catalog', 'ffmpeg', 'pdftotext'])
      expect([name, checks.find(({ check }) => check === name)?.state]).toEqual([name, 'ok']);
    for (const { check, state, what, next } of checks) {
      expect([check, next !== undefined]).toEqual([check, state !== 'ok']);
      expect(`${what} ${next ?? ''}`).not.toContain('\n');
    }
  });

  it('shows whether docketd answers', async () => {
    const config = fresh();
    expect(await lineOf(config, 'docketd')).toMatchObject({ state: 'warn', next: 'systemctl enable --now docketd' });
    await using daemon = await startDaemon(config);
    expect(await lineOf(config, 'docketd')).toMatchObject({ state: 'ok' });
    expect((await daemon.stop()).code).toBe(0);
  });

  it('is reminded of its backup: never, of today, of two months ago', async () => {
    const config = fresh();
    const out = base.at(`out-${count}`);
    mkdirSync(out);
    expect(await lineOf(config, 'backup')).toMatchObject({
      state: 'warn',
      what: expect.stringContaining('never') as string,
    });
    await backupStation(await readConfig(config), out);
    expect(await lineOf(config, 'backup')).toMatchObject({ state: 'ok' });
    const old: Clock = { ...systemClock, now: () => (systemClock.now() - 60 * DAY_MS) as ReturnType<Clock['now']> }; // a test may be at any hour
    await backupStation(await readConfig(config), out, old);
    expect(await lineOf(config, 'backup')).toMatchObject({
      state: 'warn',
      what: expect.stringMatching(/^60 day/) as string,
    });
    writeFileSync((await placesIn(config)).lastBackup, '{"type":"docket/last-backup"');
    expect(await lineOf(config, 'backup')).toMatchObject({
      state: 'warn',
      what: expect.stringContaining('never') as string,
    });
  });
});

describe('what is wrong', () => {
  it.each<[string, string, (config: string) => void, RegExp]>([
    [
      'a key that others can read',
      'key',
      (config) => chmodSync(join(dirname(config), 'station.key'), 0o644),
      /chmod 600/,
    ],
    ['no key', 'key', (config) => rmSync(join(dirname(config), 'station.key')), /backup of the station key/],
    ['no ledger head', 'ledger', (config) => rmSync(join(dirname(config), 'state/ledger.db')), /rebuild --from-vault/],
    [
      'no state folder',
      'state',
      (config) => rmSync(join(dirname(config), 'state'), { recursive: true }),
      /docket restore/,
    ],
    [
      'no vault',
      'vault: folder',
      (config) => rmSync(join(dirname(config), 'vault'), { recursive: true }),
      /Mount the disk of the vault/,
    ],
    [
      'a vault that is another disk',
      'ledger and vault',
      (config) => {
        rmSync(join(dirname(config), 'vault'), { recursive: true });
        mkdirSync(join(dirname(config), 'vault'));
      },
      /right disk is mounted/,
    ],
    [
      'no room for footage',
      'state',
      (config) => edit(config, 'spool_reserve_mib = 0', 'spool_reserve_mib = 1000000000'),
      /no camera is copied/,
    ],
  ])('fails with %s, and the line says what to do', async (_, check, spoil, next) => {
    const config = fresh();
    spoil(config);
    const { ok, checks } = await examine(config);
    expect(ok).toBe(false);
    expect(checks.find((each) => each.check === check && each.state === 'fail')?.next).toMatch(next);
  });

  it('is an old copy of the state: the vault is ahead', async () => {
    const config = fresh();
    const { head } = await placesIn(config);
    cpSync(dirname(head), `${dirname(head)}-old`, { recursive: true });
    writeFileSync(base.at('card', `b${count}.mp4`), 'more');
    await dock(config, { path: base.at('card') });
    for (const suffix of ['', '.sha256']) cpSync(`${dirname(head)}-old/ledger.db${suffix}`, `${head}${suffix}`);
    expect(await lineOf(config, 'ledger and vault')).toMatchObject({
      state: 'fail',
      next: expect.stringContaining('docket rebuild --from-vault') as string,
    });
  });

  it('is a configuration that cannot be read: the machine is looked at all the same', async () => {
    const config = fresh();
    edit(config, '[retention]', '[retentoin]');
    const { ok, checks } = await examine(config);
    expect(ok).toBe(false);
    expect(checks[0]).toMatchObject({
      check: 'config',
      state: 'fail',
      what: expect.stringContaining('retentoin') as string,
    });
    expect(checks.map(({ check }) => check)).toEqual(expect.arrayContaining(['ffmpeg', 'clock']));
  });

  it('is a camera folder that nobody made, and none at all', async () => {
    const config = fresh();
    expect(await lineOf(config, 'cameras')).toMatchObject({
      state: 'warn',
      what: expect.stringContaining('roots is empty') as string,
    });
    edit(config, 'roots = []', 'roots = ["/nowhere/cameras/*"]');
    expect(await lineOf(config, 'cameras')).toMatchObject({
      state: 'warn',
      what: expect.stringContaining('/nowhere/cameras is not there') as string,
    });
  });

  it('is only a warning where docket helps itself: the catalog', async () => {
    const config = fresh();
    const { catalog } = await placesIn(config);
    writeFileSync(catalog, 'nonsense');
    const { ok, checks } = await examine(config);
    expect(checks.find(({ check }) => check === 'catalog')).toMatchObject({
      state: 'warn',
      next: expect.stringContaining('docket rebuild') as string,
    });
    expect(ok).toBe(true);
  });

  it('is a program that a busy machine has not started in time: it is not said to be missing', async () => {
    await using busy = await makeTempFolder();
    writeFileSync(busy.at('ffprobe'), '#!/bin/sh\nexec /bin/sleep 60\n', { mode: 0o755 });
    vi.stubEnv('PATH', busy.path);
    const lines = await checkTools(undefined, 100);
    expect(lines.find(({ check }) => check === 'ffprobe')).toMatchObject({
      state: 'warn',
      what: 'does not answer in time',
    });
    expect(lines.find(({ check }) => check === 'ffmpeg')).toMatchObject({ state: 'fail' });
  });

  it('is a program that is not installed: the line names its package; none is needed where nothing is looked into', async () => {
    const config = fresh();
    vi.stubEnv('PATH', '/nowhere');
    expect(await lineOf(config, 'media tools')).toMatchObject({ state: 'ok' });
    edit(config, 'examine = false', 'examine = true');
    expect(await lineOf(config, 'pdftotext')).toMatchObject({ state: 'fail', next: 'apt-get install poppler-utils' });
    expect(await lineOf(config, 'ffprobe')).toMatchObject({ state: 'fail', next: 'apt-get install ffmpeg' });
  });
});

describe('the rolling check', () => {
  const sound = { enabled: true, overdue: false, findings: 0, lastCycleAt: '2026-11-01T00:00:00.000Z', more: 1 };

  it.each([
    [sound, 'ok', undefined],
    [{ ...sound, lastCycleAt: null }, 'ok', undefined],
    [{ ...sound, overdue: true }, 'warn', /docket status/],
    [{ ...sound, enabled: false }, 'warn', /docket\.toml/],
    [{ ...sound, overdue: true, findings: 2 }, 'fail', /docket verify/],
  ])('%o is told', (scrub, state, next) => {
    const [line, ...others] = scrubLines({ station: 's', scrub });
    expect([line?.check, line?.state, others]).toEqual(['scrub', state, []]);
    expect(line?.next).toEqual(next === undefined ? undefined : expect.stringMatching(next));
  });

  it('of a docketd that knows none is not told', () => {
    expect([scrubLines({ station: 's' }), scrubLines(undefined)]).toEqual([[], []]);
  });
});

describe('a card', () => {
  it('that could run programs or be written to is told with the options it lacks', async () => {
    await using folder = await makeTempFolder();
    mkdirSync(folder.at('proc/self'), { recursive: true });
    const mount = (id: number, at: string, options: string): string =>
      `${id} 1 8:${id} / ${folder.at('cameras', at)} ${options} - vfat /dev/sd${id} rw\n`;
    const text = mount(50, 'safe', 'ro,nosuid,nodev,noexec,relatime') + mount(51, 'a\\040b', 'rw,nosuid,nodev');
    writeFileSync(folder.at('proc/self/mountinfo'), text);
    const machine = { procRoot: folder.at('proc'), sysRoot: folder.at('sys') };
    expect(await viewRoots([folder.at('cameras/*'), '/nowhere/*'], machine)).toEqual({
      missing: [folder.at('cameras'), '/nowhere'],
      cards: [
        { root: folder.at('cameras/safe'), lacks: [] },
        { root: folder.at('cameras/a b'), lacks: ['ro', 'noexec'] },
      ],
    });
  });
});

describe('what the system mounts', () => {
  it('is told: nothing before docketd has said so, then whom, and what it refused', async () => {
    await using folder = await makeTempFolder();
    const states = async (): Promise<readonly string[]> =>
      (await checkAdmission(folder.path)).map(({ state, what }) => `${state}: ${what}`);
    expect(await states()).toEqual([`warn: ${folder.at('admission/list')} does not say which cameras may be mounted`]);
    mkdirSync(folder.at('admission'));
    writeFileSync(folder.at('admission/list'), 'docket admission 1\nunknown refuse\nserial BC01\nserial BC02\n');
    mkdirSync(folder.at('refused'));
    writeFileSync(
      folder.at('refused/sdb1'),
      'docket refusal 1\ncause unknown\nreason camera X is not registered\nserial X\n',
    );
    expect(await states()).toEqual([
      'ok: 2 camera(s) are mounted when they are plugged in',
      'warn: camera X is not mounted: camera X is not registered',
    ]);
    writeFileSync(folder.at('refused/sdb1'), 'docket refusal 1\ncause keyboard\nreason it can type\nserial X\n');
    expect((await checkAdmission(folder.path))[1]).toMatchObject({
      next: expect.stringMatching(/^Unplug it/) as string,
    });
    writeFileSync(folder.at('admission/list'), 'docket admission 1\nunknown allow\n');
    expect((await states())[0]).toBe('ok: any camera is mounted');
  });
});

describe('the machine', () => {
  let machine: TempFolder;

  /** A program of the machine that answers like this; none but these are installed. */
  function put(name: string, script: string): void {
    writeFileSync(machine.at(name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  beforeEach(async () => {
    machine = await makeTempFolder();
    symlinkSync('/bin/sh', machine.at('sh'));
    vi.stubEnv('PATH', machine.path);
  });

  afterEach(() => machine[Symbol.asyncDispose]());

  it.each<[string, RegExp | undefined, string]>([
    ['LoadState=loaded\\nActiveState=active\\nSubState=running\\nUnitFileState=enabled', undefined, 'ok'],
    [
      'LoadState=loaded\\nActiveState=active\\nSubState=running\\nUnitFileState=disabled',
      /enable --now docketd/,
      'warn',
    ],
    ['LoadState=loaded\\nActiveState=inactive\\nSubState=dead\\nUnitFileState=enabled', /enable --now docketd/, 'warn'],
    [
      'LoadState=loaded\\nActiveState=failed\\nSubState=failed\\nUnitFileState=enabled',
      /journalctl -u docketd/,
      'fail',
    ],
    ['LoadState=not-found\\nActiveState=inactive', /Install the package/, 'warn'],
    ["' && exit 1 #", /systemctl status docketd/, 'warn'],
  ])('is told how its service is: %s', async (facts, next, state) => {
    put('systemctl', `printf '${facts}\\n'`);
    const [line, ...others] = await checkService(machine.path);
    expect([line?.check, line?.state, others]).toEqual(['service', state, []]);
    expect(line?.next).toEqual(next === undefined ? undefined : expect.stringMatching(next));
    expect(await checkService('/nowhere')).toEqual([]);
  });

  it('is told whether its clock is set by something: timesyncd, the kernel, chrony, none of them', async () => {
    const told = async (): Promise<string> => {
      const { state, what } = (await checkClock(machine.at('synchronized')))[0] ?? expect.fail();
      return `${state}: ${what}`;
    };
    expect(await told()).toBe('warn: nothing on this machine says whether it is right');
    put('chronyc', "echo 'Leap status     : Not synchronised'");
    expect(await told()).toBe('warn: nothing on this machine says whether it is right');
    put('chronyc', "echo 'Leap status     : Normal'");
    expect(await told()).toBe('ok: synchronised (chrony)');
    put('timedatectl', 'echo no');
    expect(await told()).toBe('warn: is not synchronised with any other');
    put('timedatectl', 'echo yes');
    expect(await told()).toBe('ok: synchronised, as the kernel knows');
    put('timedatectl', 'echo no');
    writeFileSync(machine.at('synchronized'), '');
    expect(await told()).toBe('ok: synchronised (systemd-timesyncd)');
  });

  it('is told what is on its USB bus, and that it has none', async () => {
    for (const each of ['usb1', '1-0:1.0', '1-2', '1-2:1.0', '1-2.4'])
      mkdirSync(machine.at('bus', each), { recursive: true });
    expect(await checkUsb(undefined, machine.at('bus'))).toMatchObject([
      { state: 'ok', what: '2 device(s) on the bus' },
    ]);
    expect(await checkUsb(undefined, '/nowhere')).toMatchObject([
      { state: 'warn', what: 'this machine shows no USB bus' },
    ]);
    const config = await readConfig(fresh());
    const deaf = { ...config, cameras: { ...config.cameras, usb: false } };
    expect(await checkUsb(deaf, '/nowhere')).toMatchObject([{ state: 'ok' }]);
  });

  it('is told which rule has cameras mounted: none, one, one that is masked before it, and by an empty file', async () => {
    const [etc, lib] = [machine.at('etc'), machine.at('lib')];
    const rule = (): Promise<CheckLine> => checkRule([etc, lib]);
    for (const each of [etc, lib]) mkdirSync(each);
    writeFileSync(join(etc, '10-docket-sticks.rules'), 'ENV{ID_FS_LABEL}=="COPIES", ENV{DOCKET_IGNORE}="1"\n');
    expect(await rule()).toMatchObject({
      check: 'udev',
      state: 'warn',
      next: expect.stringContaining('Install') as string,
    });
    writeFileSync(join(lib, '90-docket.rules'), 'LABEL="docket_end"\n');
    expect(await rule()).toEqual({ check: 'udev', state: 'ok', what: join(lib, '90-docket.rules') });
    symlinkSync('/dev/null', join(etc, '90-docket.rules'));
    const masked = {
      state: 'warn',
      what: `${join(etc, '90-docket.rules')} is empty or leads to /dev/null: no camera is mounted`,
    };
    expect(await rule()).toMatchObject({ ...masked, next: expect.stringContaining('Remove it') as string });
    rmSync(join(etc, '90-docket.rules'));
    writeFileSync(join(etc, '90-docket.rules'), '');
    expect(await rule()).toMatchObject(masked);
  });

  it('is told that the units which mount cameras are missing, and nothing where they are not', async () => {
    put('systemctl', "printf 'LoadState=loaded\\n\\nLoadState=loaded\\n'");
    expect(await checkUnits()).toEqual([]);
    put('systemctl', "printf 'LoadState=loaded\\n\\nLoadState=masked\\n'");
    expect(await checkUnits()).toMatchObject([
      { check: 'mounting', state: 'fail', next: expect.stringContaining('Install') as string },
    ]);
  });

  it('is told, where jmtpfs is installed, what it has no room to fetch: on a small disk, in memory', async () => {
    expect(await checkFetching('/dev/shm')).toEqual([]);
    put('jmtpfs', 'exit 0');
    expect(await checkFetching(ROOT, 0)).toMatchObject([{ check: 'mtp', state: 'ok' }]);
    expect(await checkFetching(ROOT, 1e9)).toMatchObject([
      { state: 'warn', what: expect.stringMatching(/^only [\d.]+ GiB free/) as string },
    ]);
    expect(await checkFetching('/dev/shm', 0)).toMatchObject([
      { state: 'warn', next: expect.stringContaining('tmp.mount') as string },
    ]);
  });
});

describe('the command', () => {
  it('exits 0 with warnings and 1 with a failure, prints a checklist, and the same facts as JSON', async () => {
    const config = fresh();
    const ask = (...more: string[]): ReturnType<typeof run> =>
      run(process.execPath, nodeArguments(['doctor', '--config', config, ...more]));
    const sound = await ask();
    expect([sound.code, sound.stderr]).toEqual([0, '']);
    expect(sound.stdout).toMatch(/^ok {4}config +\//);
    expect(sound.stdout).toMatch(/\nNothing fails; \d+ warning\(s\)\.\n$/);
    chmodSync(join(dirname(config), 'station.key'), 0o644);
    const spoilt = await ask();
    expect(spoilt.code).toBe(1);
    expect(spoilt.stdout).toMatch(/\nFAIL {2}key +others than the owner may read.*\n +-> chmod 600/);
    const { code, stdout } = await ask('--json');
    expect([code, (JSON.parse(stdout) as DoctorView).ok]).toEqual([1, false]); // printed by --json
  });
});
