// The disk says EIO or ENOSPC at a system call of an acquisition, once or from there on: the command ends with a receipt or with one
// clear failure, never with a stack trace, and once the disk is well again nothing is missing.
// One call of every kind by default; with DOCKET_FAULTS=all every call.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, layOut, sha256Of, temporaryPlace } from './places.ts';
import { copyStation, entriesOf, makeStation } from './stations.ts';
import { type Blow, type Call, type Ended, inLanes, kindOf, nameOf, nodeArguments, run, traced } from './syscalls.ts';
import { describeError, expectWhole, type Truth } from './whole.ts';

const LANES = 3;
const CASE = '2026-LX-0003';
/** Done; not everything recorded; disk or vault; a damaged or unknown ledger. Never 70, a defect. */
const HONEST_EXITS = [0, 6, 7, 8];
const NAMES = ['a.mp4', 'b.mp4', 'copy of a.mp4'];

let place: string;
let camera: string;
let template: string;
let truth: Truth;
let calls: readonly Call[];

beforeAll(async () => {
  place = temporaryPlace('fast');
  camera = layOut(join(place, 'camera'), {
    'a.mp4': bytesOf(1, 5000),
    'b.mp4': bytesOf(2, 9000),
    'copy of a.mp4': bytesOf(1, 5000),
  });
  truth = Object.fromEntries(NAMES.map((name) => [name, sha256Of(readFileSync(join(camera, name)))]));
  template = await makeStation(join(place, 'template'));
  const reference = join(place, 'reference');
  copyStation(template, reference);
  ({ calls } = await traced(reference, docking(reference)));
});

function docking(folder: string): string[] {
  return ['dock', camera, '--case', CASE, '--json', '--config', join(folder, 'docket.toml')];
}

/** The calls to strike at: the first and the last of every kind, or all. */
function chosen(names: RegExp): readonly Call[] {
  const fitting = calls.filter(({ name, path }) => names.test(name) && !path.endsWith('-shm'));
  if (process.env['DOCKET_FAULTS'] === 'all') return fitting;
  const kinds = new Map<string, { first: Call; last: Call }>();
  for (const call of fitting) kinds.set(kindOf(call), { first: kinds.get(kindOf(call))?.first ?? call, last: call });
  return [...new Set([...kinds.values()].flatMap(({ first, last }) => [first, last]))];
}

/** What is wrong with how a command ended, or with what it left behind. */
async function strike(blow: Blow): Promise<string | undefined> {
  const { call, action, onward } = blow;
  const folder = join(place, nameOf(call, `${action} ${String(onward)}`));
  const config = copyStation(template, folder);
  const where = `${action} at ${call.name} ${call.path} (${call.times}${onward === true ? ' and on' : ''})`;
  const ended = await traced(folder, docking(folder), { blow });
  try {
    expectHonest(ended);
    await expectWhole(config, camera, truth, CASE);
    await expectKept(config, ended);
    return undefined;
  } catch (error) {
    return `${where}: exit ${ended.code} ${ended.stderr.slice(-400)}\n${describeError(error)}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function expectHonest({ code, signal, stderr }: Ended): void {
  expect(stderr).not.toMatch(/defect|\n\s+at /);
  expect(signal).toBe(null);
  expect(HONEST_EXITS).toContain(code);
  if (code === 7 || code === 8) expect(stderr, 'what is wrong, and what to do next').toMatch(/^docket: .+\n {2}.+\n$/m);
}

/** What a printed receipt calls recorded is on record. */
async function expectKept(config: string, { stdout }: Ended): Promise<void> {
  const printed = JSON.parse(stdout) as { files?: readonly { itemId: string | null; sha256: string | null }[] }; // printed by --json
  const onRecord = (await entriesOf(config, 'item.recorded')).map(({ item, payload }) => `${item} ${payload.sha256}`);
  for (const { itemId, sha256 } of printed.files ?? [])
    if (itemId !== null) expect(onRecord).toContain(`${itemId} ${String(sha256)}`);
}

async function sweep(names: RegExp, action: string, onward: boolean): Promise<void> {
  const list = chosen(names);
  expect(list.length).toBeGreaterThan(5);
  const wrong: string[] = [];
  await inLanes(list, LANES, async (call) => {
    const found = await strike({ call, action, onward });
    if (found !== undefined) wrong.push(found);
  });
  expect(wrong).toEqual([]);
}

describe('a disk that does what it is told, and says that it failed', () => {
  const preloads = ['./steady-preload.ts', './lying-preload.ts'];

  function lie(folder: string, environment: Record<string, string>): Promise<Ended> {
    return run(process.execPath, nodeArguments(docking(folder), preloads), { environment });
  }

  it('every time, at every call that changes names or makes something last', async () => {
    const reference = join(place, 'lies');
    copyStation(template, reference);
    const report = join(place, 'counts.json');
    expect((await lie(reference, { DOCKET_LIE_COUNTS: report })).code).toBe(0);
    const counts = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>; // by lying-preload.ts
    expect(counts['link']).toBeGreaterThan(5);
    expect(counts['sync']).toBeGreaterThan(30);
    const lies = Object.entries(counts).flatMap(([name, n]) => Array.from({ length: n }, (_, k) => `${name} ${k + 1}`));
    const wrong: string[] = [];
    await inLanes(lies, LANES, async (each) => {
      const folder = join(place, each.replace(' ', '-'));
      const config = copyStation(template, folder);
      const ended = await lie(folder, { DOCKET_LIE: each });
      try {
        expectHonest(ended);
        await expectWhole(config, camera, truth, CASE);
        await expectKept(config, ended);
      } catch (error) {
        wrong.push(`${each}: exit ${ended.code} ${ended.stderr.slice(-400)}\n${describeError(error)}`);
      }
      rmSync(folder, { recursive: true });
    });
    expect(wrong).toEqual([]);
  });
});

describe('a disk that fails while a camera is docked', () => {
  it('EIO from an fsync, once', () => sweep(/^f(data)?sync$/, 'error=EIO', false));
  it('EIO from a write, once', () => sweep(/^pwrite/, 'error=EIO', false));
  it('EIO from a change of names, once', () => sweep(/^(link|rename|unlink|mkdir|rmdir)/, 'error=EIO', false));
  it('EIO from opening, cutting or closing off a file, once', () =>
    sweep(/^(openat|ftruncate|f?chmod)/, 'error=EIO', false));
  it('ENOSPC wherever space is taken, once', () => sweep(/^(pwrite|openat|mkdir|link|rename)/, 'error=ENOSPC', false));
  it('EIO from one place on and for good', () => sweep(/^(fsync|pwrite|link|rename)/, 'error=EIO', true));
  it('ENOSPC from one place on and for good', () => sweep(/^(pwrite|openat)/, 'error=ENOSPC', true));
});
