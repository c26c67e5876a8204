// docket doctor names what is wrong with an installation and what to do, one line each; it fails only for what keeps a station from working.
// Each line is shown by a station that is sound and by one that is not.
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { viewRoots } from '../../src/camera/index.ts';
import type { CheckLine, DoctorView } from '../../src/cli/index.ts';
import { backupStation } from '../../src/daemon/backup.ts';
import { examineInstallation } from '../../src/daemon/doctor.ts';
import { scrubLines } from '../../src/daemon/doctor-daemon.ts';
import { checkTools } from '../../src/daemon/doctor-machine.ts';
import { checkAdmission } from '../../src/daemon/doctor-mounting.ts';
import { type Clock, readConfig, systemClock } from '../../src/platform/index.ts';
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
    writeFileSync(folder.at('admission/list'), 'docket admission 1\nunknown allow\n');
    expect((await states())[0]).toBe('ok: any camera is mounted');
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
