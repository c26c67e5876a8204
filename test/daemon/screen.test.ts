// docket screen on a real terminal, beside a real docketd: it follows what happens, outlives docketd, and gives the terminal back.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from '../child.ts';
import { startDaemon } from '../fault/services.ts';
import { makeStation, placesIn } from '../fault/stations.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { Terminal } from './terminal.ts';

/** Takes a terminal over, and gives it back: another screen, no cursor, no wrapping. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';

/** A station whose docks are folders below `docks/`. */
async function makeDockingStation(folder: TempFolder, unknown: 'allow' | 'refuse'): Promise<string> {
  const config = await makeStation(folder.at('station'));
  mkdirSync(folder.at('docks'));
  const cameras = `[cameras]\nunknown = "${unknown}"\nroots = ["${folder.at('docks')}/*"]\nplain_folders = true\nusb = false\n`;
  const text = readFileSync(config, 'utf8').replace(/^\[cameras\]\n(?:[^[\n].*\n)*/m, cameras);
  writeFileSync(config, `${text}\n[docks]\n"1-2" = "A1"\n`);
  return config;
}

/** A camera is filled elsewhere and comes whole. */
function dockCamera(folder: TempFolder, name: string): void {
  mkdirSync(folder.at(name));
  writeFileSync(folder.at(name, 'a.mp4'), Buffer.alloc(100_000, name));
  renameSync(folder.at(name), folder.at('docks', name));
}

describe('docket screen', () => {
  it('shows docks as cameras come and go, outlives docketd, and ends at SIGTERM with the terminal as it was', async () => {
    await using folder = await makeTempFolder();
    const config = await makeDockingStation(folder, 'allow');
    await using screen = new Terminal(folder.path, { columns: 100, rows: 30 }, 'xterm', [
      'screen',
      '--language',
      'both',
      '--config',
      config,
    ]);
    await screen.shows(/NO SERVICE 服务未运行[^]*docketd does not run/);
    await using daemon = await startDaemon(config);
    await screen.shows(/ A1 空闲/);
    dockCamera(folder, 'cam1');
    await screen.shows(/cam1 可以取走[^]*Copied\. Take your camera/);
    expect(screen.frame.split('\r\n').map((row) => row.trimEnd())[0]).toMatch(
      /^ docket {2}\S+ +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
    );
    expect(screen.frame.split('\r\n')).toHaveLength(30);
    screen.type('what is typed is not seen');
    rmSync(folder.at('docks/cam1'), { recursive: true });
    await screen.shows(/^(?![^]*cam1)[^]* A1 空闲/);
    const { socket: socketPath } = await placesIn(config);
    const metrics = await run('curl', ['--silent', '--unix-socket', socketPath, 'http://docket/metrics']);
    expect(metrics.stdout).toMatch(/^docket_officer_waits_total 1$/m);
    expect(metrics.stdout).toMatch(/^docket_officer_wait_last_seconds \d+(?:\.\d+)?$/m);
    expect((await daemon.stop()).said).toMatch(/"ms":\d+[^\n]*"msg":"the officer may leave"/);
    await screen.shows(/NO SERVICE/);
    expect(screen.output).not.toContain('typed');
    screen.signal('SIGTERM');
    expect(await screen.end()).toEqual({ exit: 0, isAsBefore: true });
    expect(screen.output).toContain(ENTER);
    expect(screen.output.trimEnd().endsWith(LEAVE)).toBe(true);
  });

  it('says of a camera that nobody registered whom to call, in ASCII on the console of Linux; Ctrl-C ends it', async () => {
    await using folder = await makeTempFolder();
    const config = await makeDockingStation(folder, 'refuse');
    await using daemon = await startDaemon(config);
    await using screen = new Terminal(folder.path, { columns: 80, rows: 24 }, 'linux', ['screen', '--config', config]);
    dockCamera(folder, '记录仪');
    await screen.shows(/Not registered: call the archivist/);
    expect(screen.output).toMatch(/^[\r\n\u001b -~]*$/);
    screen.type('\u0003');
    expect(await screen.end()).toEqual({ exit: 0, isAsBefore: true });
    expect((await daemon.stop()).code).toBe(0);
  });

  it('prints one frame where there is no terminal, and refuses to paint there', async () => {
    await using folder = await makeTempFolder();
    const config = await makeDockingStation(folder, 'allow');
    const docket = (...args: string[]) =>
      run('env', ['TERM=xterm', 'COLUMNS=60', 'LINES=12', 'bin/docket', 'screen', '--config', config, ...args]);
    expect(await docket()).toMatchObject({ status: 2, stdout: '' });
    const none = await docket('--once', '--language', 'zh');
    expect([none.status, none.stdout.split('\n').length]).toEqual([5, 13]);
    expect(none.stdout).toContain('服务未运行');
    await using _daemon = await startDaemon(config);
    const once = await docket('--once');
    expect([once.status, once.stdout]).toEqual([0, expect.stringMatching(/A1/) as string]);
    expect(JSON.parse((await docket('--once', '--json')).stdout)).toMatchObject({ dockNames: ['A1'], docks: [] });
  });
});
