// A configuration that is read again changes what the next camera meets, and never what is being copied; a broken one changes nothing.
// systemd hears of a reload and of life, and hears nothing from a docketd that is stuck or whose ledger does not answer.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeReloadable } from '../../src/daemon/reload.ts';
import { askDaemon } from '../../src/daemon/socket.ts';
import { feedWatchdog, watchdogEveryMs } from '../../src/daemon/watchdog.ts';
import { Failure } from '../../src/evidence/index.ts';
import { dockFolder } from '../../src/ingest/index.ts';
import { type AdjustableLog, readConfig, silentLog, systemClock } from '../../src/platform/index.ts';
import { Daemon, startDaemon } from '../fault/services.ts';
import { ACTOR, copyStation, makeStation, never, openIt, outcomesOf, placesIn, verify } from '../fault/stations.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const PROFILE = 'name = "our-own"\ndescription = "a camera of our own"\n';

let base: TempFolder;
let original: string;
let count = 0;

beforeAll(async () => {
  base = await makeTempFolder();
  original = await makeStation(base.at('original'));
  return () => base[Symbol.asyncDispose]();
});

afterEach(() => vi.unstubAllEnvs());

function fresh(): string {
  count += 1;
  return copyStation(original, base.at(`station-${count}`));
}

function edit(config: string, ...edits: readonly (readonly [RegExp, string])[]): void {
  let text = readFileSync(config, 'utf8');
  for (const [from, to] of edits) {
    expect(text).toMatch(from);
    text = text.replace(from, to);
  }
  writeFileSync(config, text);
}

/** A log that keeps its lines. */
function keepingLog(): AdjustableLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const say = (message: string, facts: unknown): void => void lines.push(`${message} ${JSON.stringify(facts)}`);
  return { level: 'info', lines, debug: () => undefined, info: say, warn: say, error: say };
}

function card(name: string, files: number): string {
  const folder = base.at('cards', name);
  mkdirSync(folder, { recursive: true });
  for (let k = 0; k < files; k += 1) writeFileSync(join(folder, `${k}.mp4`), `${name} ${k} `.repeat(5000));
  return folder;
}

describe('reading the configuration again', () => {
  it('in the middle of a copy drops nothing of it; the next camera meets the new rules', async () => {
    const config = fresh();
    {
      await using station = await openIt(config);
      const log = keepingLog();
      const reloadable = makeReloadable(station.ports, station.config, log);
      let state: 'before' | 'reading' | 'read' = 'before';
      let copiedAfter = 0;
      const take = (name: string, files: number): ReturnType<typeof dockFolder> =>
        dockFolder(
          reloadable.ports,
          { path: card(name, files), actor: ACTOR },
          (progress) => {
            if (progress.state !== 'copying') return;
            if (state === 'read') copiedAfter += 1;
            if (state !== 'before') return;
            state = 'reading';
            edit(
              config,
              [/unknown = "allow"/, 'unknown = "refuse"'],
              [/\[limits\]\n/, '[limits]\nfiles_per_camera = 2\n'],
            );
            void reloadable.reload().then(() => (state = 'read'));
          },
          never(),
        );
      const { receipt } = await take('first', 60);
      expect(copiedAfter).toBeGreaterThan(0); // it was read in the middle
      expect(Object.values(outcomesOf(receipt))).toEqual(Array.from({ length: 60 }, () => 'recorded'));
      expect(log.lines).toEqual([expect.stringContaining('["cameras.unknown","limits.files_per_camera"]')]);
      expect(reloadable.ports.unknownCameras).toBe('refuse');
      const { receipt: second } = await take('second', 4);
      expect(Object.values(outcomesOf(second)).toSorted()).toEqual(['recorded', 'recorded', 'refused']); // the limit stands on the receipt
    }
    expect((await verify(config)).findings).toEqual([]);
  });

  it('takes up camera profiles, even where docket.toml is the same', async () => {
    const config = fresh();
    const folder = base.at(`profiles-${count}`);
    mkdirSync(folder);
    edit(config, [/\[cameras\]\n/, `[cameras]\nprofiles = ["${folder}"]\n`]);
    await using station = await openIt(config);
    const { ports, reload } = reloadableOf(station);
    expect(ports.profiles.map(({ name }) => name)).not.toContain('our-own');
    writeFileSync(join(folder, 'own.toml'), PROFILE);
    expect(await reload()).toEqual({ changed: ['camera profiles'], atNextStart: [] });
    expect(ports.profiles.map(({ name }) => name)).toContain('our-own');
    expect(await reload()).toEqual({ changed: [], atNextStart: [] });
  });

  it('tells in one line what waits for the next start, each time, and leaves it', async () => {
    const config = fresh();
    await using station = await openIt(config);
    const log = keepingLog();
    const { ports, reload } = reloadableOf(station, log);
    edit(
      config,
      [/path = "vault"/, 'path = "elsewhere"'],
      [/^\[retention\]\nfootage = .*$/m, '[retention]\nfootage = { days = 400 }'],
    );
    for (const _ of [1, 2]) {
      log.lines.length = 0;
      expect(await reload()).toEqual({ changed: [], atNextStart: ['vault', 'retention.footage'] });
      expect(log.lines).toEqual([expect.any(String), expect.stringContaining('["vault","retention.footage"]')]);
    }
    expect(ports.rules.retention.footage).toEqual({ days: 183 });
  });

  it.each([
    ['is no TOML', 'nonsense\n'],
    ['has a key that is not known', '[limit]\nx = 1\n'],
    ['names a folder of profiles that is not there', '[cameras]\nprofiles = ["/nowhere"]\n'],
  ])('is refused with one line when the file %s; everything stays', async (_, text) => {
    const config = fresh();
    await using station = await openIt(config);
    const log = keepingLog();
    const { ports, reload } = reloadableOf(station, log);
    const whole = readFileSync(config, 'utf8').replace('unknown = "allow"', 'unknown = "refuse"');
    writeFileSync(config, text.startsWith('[cameras]') ? whole.replace('[cameras]\n', text) : whole + text);
    expect(await reload()).toBeUndefined();
    expect(log.lines).toEqual([expect.stringContaining('config-invalid')]);
    expect(ports.unknownCameras).toBe('allow');
    writeFileSync(config, whole);
    expect(await reload()).toMatchObject({ changed: ['cameras.unknown'] });
    expect(ports.unknownCameras).toBe('refuse');
  });
});

function reloadableOf(station: Awaited<ReturnType<typeof openIt>>, log = keepingLog()) {
  const reloadable = makeReloadable(station.ports, station.config, log);
  return { ports: reloadable.ports, reload: () => reloadable.reload() };
}

/** systemd's own program, as docketd calls it: writes down what it is told. */
function stubSystemd(): { readonly told: () => string } {
  count += 1;
  const folder = base.at(`systemd-${count}`);
  mkdirSync(folder);
  const file = join(folder, 'told');
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\nprintf '%s|' "$@" >> ${file}\necho >> ${file}\n`);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  vi.stubEnv('NOTIFY_SOCKET', join(folder, 'socket'));
  return { told: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
}

describe('docketd', () => {
  it('reads its configuration at SIGHUP, tells systemd before and after, and goes on', async () => {
    const { told } = stubSystemd();
    const config = fresh();
    await using daemon = await startDaemon(config);
    edit(config, [/unknown = "allow"/, 'unknown = "refuse"']);
    const before = Number(process.hrtime.bigint() / 1000n);
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.says(/the configuration was read again/);
    await vi.waitFor(
      () => expect(told()).toMatch(/^RELOADING=1\|MONOTONIC_USEC=\d+\|\nREADY=1\|STATUS=station /m),
      10_000,
    );
    const micros = Number(/MONOTONIC_USEC=(\d+)/.exec(told())?.[1]);
    expect(micros).toBeGreaterThan(before);
    expect(micros).toBeLessThan(Number(process.hrtime.bigint() / 1000n));
    writeFileSync(config, 'nonsense');
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.says(/the configuration was not read again/);
    await vi.waitFor(() => expect(told()).toMatch(/READY=1\|STATUS=the changed configuration was refused/), 10_000);
    expect((await daemon.stop()).code).toBe(0);
  });

  it('is not ended by SIGHUP while it starts', async () => {
    const config = fresh();
    await using daemon = new Daemon(config);
    const places = await placesIn(config);
    await vi.waitFor(() => expect(existsSync(`${places.lock}.json`)).toBe(true), 20_000);
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.says(/the configuration was read again/);
    expect((await daemon.stop()).code).toBe(0);
  });

  it('changes how much it says through its socket', async () => {
    const config = fresh();
    const { socket } = await placesIn(config);
    const ask = (level: string): ReturnType<typeof askDaemon> =>
      askDaemon(socket, 'logLevel', { level }, () => undefined, never());
    await using daemon = await startDaemon(config);
    expect(await ask('error')).toEqual({ result: { before: 'info', level: 'error' } });
    await expect(ask('loud')).rejects.toMatchObject({ code: 'invalid' });
    process.kill(daemon.pid, 'SIGHUP'); // the file says info: it is in effect again, and the next line is heard
    await vi.waitFor(async () => expect(await ask('info')).toMatchObject({ result: { before: 'info' } }), 10_000);
    expect((await daemon.stop()).said).toMatch(/docketd has stopped/);
  });

  it('feeds the watchdog while it works, and not while its main thread is stuck', async () => {
    const { told } = stubSystemd();
    vi.stubEnv('WATCHDOG_USEC', '200000');
    const fed = (): number => told().split('WATCHDOG=1').length - 1;
    await using daemon = await startDaemon(fresh());
    await vi.waitFor(() => expect(fed()).toBeGreaterThan(2), 20_000);
    process.kill(daemon.pid, 'SIGSTOP');
    await systemClock.wait(300); // one that was on its way
    const stuck = fed();
    await systemClock.wait(1000);
    expect(fed()).toBe(stuck);
    process.kill(daemon.pid, 'SIGCONT');
    await vi.waitFor(() => expect(fed()).toBeGreaterThan(stuck), 20_000);
    expect((await daemon.stop()).code).toBe(0);
  });
});

describe('the watchdog', () => {
  it('is fed at half the interval, only in the process it is meant for', () => {
    expect(watchdogEveryMs({ WATCHDOG_USEC: '30000000' }, 7)).toBe(15_000);
    expect(watchdogEveryMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7)).toBe(15_000);
    expect(watchdogEveryMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7)).toBeUndefined();
    for (const WATCHDOG_USEC of ['', '0', '-5', 'x', '1.5'])
      expect(watchdogEveryMs({ WATCHDOG_USEC }, 7)).toBeUndefined();
    expect(watchdogEveryMs({}, 7)).toBeUndefined();
  });

  it('hears nothing while the ledger does not answer, which is said once', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const log = keepingLog();
    let rounds = 0;
    const clock = {
      ...systemClock,
      wait: () => {
        rounds += 1;
        if (rounds === 6) stop.abort();
        return Promise.resolve();
      },
    };
    const confirm = (): void => {
      if (rounds >= 1 && rounds <= 3) throw new Failure('ledger-unknown', 'not known');
    };
    const notify = (state: string): Promise<void> => Promise.resolve(void told.push(`${rounds} ${state}`));
    await feedWatchdog({ clock, log, confirm, notify }, 10, stop.signal);
    expect(told).toEqual(['0 WATCHDOG=1', '4 WATCHDOG=1', '5 WATCHDOG=1']);
    expect(log.lines).toHaveLength(1);
  });

  it('asks the ledger itself: one whose file holds something else does not answer', async () => {
    const config = fresh();
    const { head } = await placesIn(config);
    await using station = await openIt(config, { log: silentLog });
    station.ports.ledger.confirmHead();
    const { default: Database } = await import('better-sqlite3');
    const other = new Database(head);
    other.exec("UPDATE head SET checkpoint = checkpoint || 'x'");
    expect(() => station.ports.ledger.confirmHead()).toThrow(Failure);
    other.close();
    expect((await readConfig(config)).station.name).toBe(station.config.station.name);
  });
});
