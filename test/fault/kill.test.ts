// kill -9 at every system call with which docket changes a disk, while a camera is docked and while a head is made again from the
// vault: after each, the next command finds everything, once. The real command is killed by strace on entering the call; the other side
// of each call is the entering of the next one.
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { readConfig } from '../../src/platform/index.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from './places.ts';
import { copyStation, dock, makeStation, never } from './stations.ts';
import { type Call, inLanes, nameOf, traced } from './syscalls.ts';
import { describeError, expectClean, expectOnce, expectWhole, type Truth } from './whole.ts';

/** Runs at a time: half of their life is waiting for the next process to start. */
const LANES = 3;
const CASE = '沪盗罚〔2026〕3号';
/** Every so many calls on the real disk, where each takes longer; which ones they are changes as calls come and go. */
const DISK_STRIDE = 17;
/** Every so many calls of a rebuild, unless DOCKET_FAULTS=all. */
const REBUILD_STRIDE = 4;

let place: string;
let camera: string;
let template: string;
let truth: Truth;

beforeAll(async () => {
  place = temporaryPlace('fast');
  // Two files of the same bytes: the second finds its payload in the vault.
  const names = ['VIDEO/a.mp4', 'VIDEO/b.mp4', 'VIDEO/copy of a.mp4'];
  camera = layOut(join(place, 'camera'), {
    'VIDEO/a.mp4': bytesOf(1, 5000),
    'VIDEO/b.mp4': bytesOf(2, 9000),
    'VIDEO/copy of a.mp4': bytesOf(1, 5000),
  });
  truth = Object.fromEntries(names.map((name) => [name, sha256Of(readFileSync(join(camera, name)))]));
  template = await makeStation(join(place, 'template'));
});

function docking(folder: string): string[] {
  return ['dock', camera, '--case', CASE, '--config', join(folder, 'docket.toml')];
}

/** A command that is killed, on which station, and what must hold after the next one. */
interface Killing {
  readonly station: string;
  readonly command: (folder: string) => string[];
  readonly afterwards: (config: string) => Promise<void>;
}

/** Every changing call of a command that is not killed. */
async function callsOf({ station, command }: Killing, folder: string): Promise<readonly Call[]> {
  copyStation(station, folder);
  const { code, stderr, calls } = await traced(folder, command(folder));
  expect([code, stderr.match(/defect/)]).toEqual([0, null]);
  rmSync(folder, { recursive: true });
  return calls;
}

/** Kills a command at a call and goes on after it; what is wrong then, or undefined. */
async function strike(
  { station, command, afterwards }: Killing,
  folder: string,
  call: Call,
): Promise<string | undefined> {
  const config = copyStation(station, folder);
  const where = `${call.name} ${call.path} (${call.times})`;
  const { signal, code, stderr } = await traced(folder, command(folder), { blow: { call, action: 'signal=KILL' } });
  if (signal !== 'SIGKILL') return `${where}: this call was not met again (exit ${code}: ${stderr.slice(-300)})`;
  const wrong = await afterwards(config).then(
    () => undefined,
    (error: unknown) => `${where}: ${describeError(error)}`,
  );
  rmSync(folder, { recursive: true });
  return wrong;
}

/** Kills a command at each of the calls; everything that was wrong then. */
async function strikeAll(killing: Killing, base: string, calls: readonly Call[]): Promise<string[]> {
  const wrong: string[] = [];
  await inLanes(calls, LANES, async (call) => {
    const found = await strike(killing, join(base, nameOf(call, 'kill')), call);
    if (found !== undefined) wrong.push(found);
  });
  return wrong;
}

describe('kill -9 while a camera is docked', () => {
  const afterwards = (config: string): Promise<void> => expectWhole(config, camera, truth, CASE);

  it('loses and doubles nothing, whichever system call was the last', async () => {
    const killing = { station: template, command: docking, afterwards };
    const calls = await callsOf(killing, join(place, 'reference'));
    expect(calls.length, 'calls that change something').toBeGreaterThan(250);
    expect(await strikeAll(killing, place, calls)).toEqual([]);
  });

  it('is the same on the real disk', async () => {
    const disk = temporaryPlace('disk');
    const killing = { station: copyStation(template, join(disk, 'template')), command: docking, afterwards };
    const calls = await callsOf(killing, join(disk, 'reference'));
    const some = calls.filter((_, k) => k % DISK_STRIDE === 0);
    expect(some.length).toBeGreaterThan(10);
    expect(await strikeAll(killing, disk, some)).toEqual([]);
  });
});

describe('kill -9 while head and catalog are made again from the vault', () => {
  async function afterwards(config: string): Promise<void> {
    await rebuild(await readConfig(config), { fromVault: true, actor: 'tester' }, () => undefined, never());
    await expectOnce(config, truth);
    await expectClean(config);
    await expectWhole(config, camera, truth, CASE);
  }

  it('leaves a vault from which they can be made again, whichever system call was the last', async () => {
    // The last publication is lost too, so that records are taken up again from the vault.
    const station = copyStation(template, join(place, 'lost'));
    await dock(station, { path: camera, case: CASE });
    const folder = join(station, '..');
    for (const each of ['state', 'vault/ledgers', 'vault/cases']) rmSync(join(folder, each), { recursive: true });
    cpSync(join(template, '../vault/ledgers'), join(folder, 'vault/ledgers'), { recursive: true });
    const command = (of: string): string[] => ['rebuild', '--from-vault', '--config', join(of, 'docket.toml')];
    const killing = { station, command, afterwards };
    const calls = await callsOf(killing, join(place, 'rebuilt'));
    expect(calls.length, 'calls that change something').toBeGreaterThan(150);
    const some = process.env['DOCKET_FAULTS'] === 'all' ? calls : calls.filter((_, k) => k % REBUILD_STRIDE === 0);
    expect(await strikeAll(killing, place, some)).toEqual([]);
  });
});
