// The disk says EIO when docket reads its own station: while verifying, while docking what is on record already, while recovering.
// The command names the place or ends with one clear failure; nothing is called damaged for good, and nothing is changed by it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, layOut, sha256Of, temporaryPlace } from './places.ts';
import { copyStation, dock, makeStation } from './stations.ts';
import { type Call, type Ended, inLanes, kindOf, nameOf, traced } from './syscalls.ts';
import { describeError, expectWhole, type Truth } from './whole.ts';

const LANES = 3;
const CASE = '2026-LX-0003';
const FILES = { 'a.mp4': bytesOf(1, 5000), 'b.mp4': bytesOf(2, 80_000) };
const TRUTH: Truth = Object.fromEntries(Object.entries(FILES).map(([name, bytes]) => [name, sha256Of(bytes)]));

let place: string;
let camera: string;
/** A station on which everything is on record. */
let full: string;
/** A station whose docking was killed while an item was sealed and waited in the spool. */
let interrupted: string;

beforeAll(async () => {
  place = temporaryPlace('fast');
  camera = layOut(join(place, 'camera'), FILES);
  const template = await makeStation(join(place, 'template'));
  full = copyStation(template, join(place, 'full'));
  await dock(full, { path: camera, case: CASE });
  interrupted = copyStation(template, join(place, 'interrupted'));
  const folder = join(interrupted, '..');
  const { calls } = await traced(
    join(copyStation(template, join(place, 'reference')), '..'),
    docking(join(place, 'reference')),
  );
  const call = calls.find(({ name, to }) => name === 'link' && to?.startsWith('vault/payload/') === true);
  if (call === undefined) throw new Error('no payload was placed');
  const { signal } = await traced(folder, docking(folder), { blow: { call, action: 'signal=KILL' } });
  expect(signal).toBe('SIGKILL');
});

function docking(folder: string): string[] {
  return ['dock', camera, '--case', CASE, '--json', '--config', join(folder, 'docket.toml')];
}

function expectHonest({ code, signal, stderr }: Ended, exits: readonly number[]): void {
  expect(stderr).not.toMatch(/defect|\n\s+at /);
  expect(signal).toBe(null);
  expect(exits).toContain(code);
}

async function sweep(station: string, docket: (folder: string) => string[], exits: readonly number[]): Promise<void> {
  const name = `reading-${docket('')[0]}`;
  const reference = join(copyStation(station, join(place, `${name}-${sha256Of(station).slice(0, 6)}`)), '..');
  const { calls } = await traced(reference, docket(reference), { reading: true });
  const kinds = new Map<string, Call>();
  const all = process.env['DOCKET_FAULTS'] === 'all';
  const names = all ? /read|openat|getdents/ : /read/;
  const fitting = calls.filter(({ name, path }) => names.test(name) && !/-shm$|\.toml$/.test(path));
  for (const call of fitting)
    if (all) kinds.set(`${kindOf(call)} ${call.times} ${call.path}`, call);
    else if (!kinds.has(kindOf(call))) kinds.set(kindOf(call), call);
  expect(kinds.size).toBeGreaterThan(5); // a trace that found nothing to break would prove nothing
  const wrong: string[] = [];
  await inLanes([...kinds.values()], LANES, async (call) => {
    const folder = join(place, nameOf(call, `${name} ${station}`));
    const config = copyStation(station, folder);
    const ended = await traced(folder, docket(folder), { blow: { call, action: 'error=EIO' }, reading: true });
    try {
      expectHonest(ended, exits);
      // What still waited when the camera was docked again is on record twice then, with one payload: more than enough, never less.
      await expectWhole(config, camera, TRUTH, CASE, 'at least');
    } catch (error) {
      const said = ended.stderr.slice(-500);
      wrong.push(
        `EIO at ${call.name} ${call.path} (${call.times}): exit ${ended.code} ${said}\n${describeError(error)}`,
      );
    }
    rmSync(folder, { recursive: true });
  });
  expect(wrong).toEqual([]);
}

describe('a disk that cannot be read', () => {
  it('while all is verified: named, or one clear failure', () =>
    sweep(full, (folder) => ['verify', '--json', '--config', join(folder, 'docket.toml')], [0, 1, 2, 7, 8]));
  it('while a camera is docked that is on record already', () => sweep(full, docking, [0, 2, 6, 7, 8]));
  it('while what was interrupted is taken up again', () => sweep(interrupted, docking, [0, 2, 6, 7, 8]));
  it('while the catalog is made again', () =>
    sweep(full, (folder) => ['rebuild', '--config', join(folder, 'docket.toml')], [0, 2, 7, 8]));
  it('while head and catalog are made again from the vault', () =>
    sweep(full, (folder) => ['rebuild', '--from-vault', '--config', join(folder, 'docket.toml')], [0, 2, 7, 8]));
});
