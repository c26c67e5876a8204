// kill -9 at every system call with which docket changes a disk while a station's key is replaced: the same command again, or whatever else
// opens the station, goes on where it was; one key is in force, everything from before and after it is proven, nothing half done is left.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { showKeys } from '../../src/daemon/keys-view.ts';
import { replaceKey } from '../../src/daemon/replace-key.ts';
import { readConfig } from '../../src/platform/index.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from './places.ts';
import { copyStation, dock, entriesOf, makeStation, never } from './stations.ts';
import { type Call, inLanes, nameOf, traced } from './syscalls.ts';
import { describeError, expectClean, expectWhole } from './whole.ts';

/** Runs at a time: half of their life is waiting for the next process to start. */
const LANES = 3;
/** Every so many calls, unless DOCKET_FAULTS=all; those on the key itself are always struck. */
const STRIDE = 4;
const CASE = '沪盗罚〔2026〕3号';

let place: string;
let template: string;
let cameras: Readonly<Record<'old' | 'new', string>>;

beforeAll(async () => {
  place = temporaryPlace('fast');
  const old = layOut(join(place, 'old'), { 'a.mp4': bytesOf(1, 5000) });
  cameras = { old, new: layOut(join(place, 'new'), { 'a.mp4': bytesOf(1, 5000), 'b.mp4': bytesOf(2, 900) }) };
  template = await makeStation(join(place, 'template'));
  await dock(template, { path: old, case: CASE });
  mkdirSync(join(template, '../kept'));
});

function command(folder: string): string[] {
  const backup = join(folder, 'kept');
  return ['keys', 'replace', '--reason', '例行更换', '--backup', backup, '--config', join(folder, 'docket.toml')];
}

/** Goes on after the kill in one of two ways, and looks at everything. */
async function afterwards(config: string, way: 'same command' | 'next docking'): Promise<void> {
  const folder = join(config, '..');
  if (way === 'next docking') await dock(config, { path: cameras.old, case: CASE });
  const before = (await entriesOf(config, 'key.replaced')).length;
  const request = { reason: 'again', backup: join(folder, 'kept'), actor: 'tester' };
  if (way === 'same command' || before === 0) {
    const { verified } = await replaceKey(await readConfig(config), request, () => undefined, never());
    expect(verified.findings).toEqual([]);
  }
  const { keys } = await showKeys(await readConfig(config));
  // Killed when all was done but for the answer, the command begins anew: then there are two, in order, and that is no harm.
  expect(keys?.length).toBe((await entriesOf(config, 'key.replaced')).length + 1);
  expect(keys?.length).toBeGreaterThan(1);
  expect(readdirSync(folder).filter((name) => /station\.key/.test(name))).toEqual(['station.key']);
  const backups = readdirSync(join(folder, 'kept')).filter((name) => !name.startsWith('.'));
  const kept = backups.map((each) => readFileSync(join(folder, 'kept', each, 'station.key.next'), 'utf8'));
  expect(kept, 'the key in force is in a backup').toContain(readFileSync(join(folder, 'station.key'), 'utf8'));
  await expectClean(config);
  const truth = { 'a.mp4': sha256Of(bytesOf(1, 5000)), 'b.mp4': sha256Of(bytesOf(2, 900)) };
  await expectWhole(config, cameras.new, truth, CASE, 'at least');
}

async function strike(folder: string, call: Call, way: 'same command' | 'next docking'): Promise<string | undefined> {
  const config = copyStation(template, folder);
  const where = `${call.name} ${call.path} (${call.times}), ${way}`;
  const { signal, code, stderr } = await traced(folder, command(folder), { blow: { call, action: 'signal=KILL' } });
  if (signal !== 'SIGKILL') return `${where}: this call was not met again (exit ${code}: ${stderr.slice(-300)})`;
  const wrong = await afterwards(config, way).then(
    () => undefined,
    (error: unknown) => `${where}: ${describeError(error)}`,
  );
  rmSync(folder, { recursive: true });
  return wrong;
}

it('kill -9 while the key is replaced leaves nothing half done, whichever system call was the last', async () => {
  const reference = join(place, 'reference');
  copyStation(template, reference);
  const { code, stderr, calls: made } = await traced(reference, command(reference));
  const calls = made.filter(({ path }) => !path.includes('docket-verify-')); // a folder of another name in every run, when all is done
  expect([code, stderr.match(/defect/)]).toEqual([0, null]);
  expect(calls.length, 'calls that change something').toBeGreaterThan(80);
  const all = process.env['DOCKET_FAULTS'] === 'all';
  const some = calls.filter((call, k) => all || k % STRIDE === 0 || /^station\.key|keys\/1/.test(call.path));
  const wrong: string[] = [];
  await inLanes([...some.entries()], LANES, async ([k, call]) => {
    const way = k % 2 === 0 ? 'same command' : 'next docking';
    const found = await strike(join(place, nameOf(call, `kill-${k}`)), call, way);
    if (found !== undefined) wrong.push(found);
  });
  expect(wrong).toEqual([]);
});
