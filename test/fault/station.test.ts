// A station that is not in order: configuration, key, head, vault, another docket at work, a clock that goes back, a daemon killed.
// It refuses with one line and the right exit code, touches nothing, and the way back that it names leads back.
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DockResult } from '../../src/cli/index.ts';
import type { VerifyResult } from '../../src/custody/index.ts';
import { type EpochMs, epochOf } from '../../src/evidence/index.ts';
import { type Clock, systemClock } from '../../src/platform/index.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from './places.ts';
import { Daemon, startDaemon } from './services.ts';
import { copyStation, dock, entriesOf, makeStation, outcomesOf, placesIn, verify } from './stations.ts';
import { type Ended, nodeArguments, run } from './syscalls.ts';
import { expectClean, expectOnce } from './whole.ts';

const MIB = 1_048_576;
const TRUTH = { 'a.mp4': sha256Of(bytesOf(1, 5000)), 'b.mp4': sha256Of(bytesOf(2, 9000)) };

let place: string;
let template: string;
let camera: string;
let config: string;

beforeAll(async () => {
  place = temporaryPlace('fast');
  template = await makeStation(join(place, 'template'));
  camera = layOut(join(place, 'camera'), { 'a.mp4': bytesOf(1, 5000), 'b.mp4': bytesOf(2, 9000) });
});

beforeEach(() => {
  config = copyStation(template, join(place, randomBytes(4).toString('hex')));
});

function docket(...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, nodeArguments([...args, '--config', config]));
}

/** One line that says what is wrong, one that says what to do, and nothing else on stderr but progress. */
function expectRefused({ code, stderr }: Ended, exit: number, what: RegExp): void {
  expect(stderr).not.toMatch(/defect/);
  expect(stderr).toMatch(what);
  expect(stderr).toMatch(/^docket: [^\n]+\n {2}[^\n]+\n$/m);
  expect(code).toBe(exit);
}

/** Every file of the station with its digest, to see that nothing was touched. */
function snapshot(): Record<string, string> {
  const root = join(config, '..');
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return Object.fromEntries(
    files
      .map((each) => join(each.parentPath, each.name))
      .filter((path) => !/station\.lock|-shm$|-wal$|state\/ledger\.db/.test(path)) // SQLite counts openings in the head's header
      .map((path) => [path, sha256Of(readFileSync(path))]),
  );
}

function findingsOf({ stdout }: Ended): string[] {
  return (JSON.parse(stdout) as VerifyResult).findings.map(({ code }) => code); // printed by docket verify --json
}

describe('a configuration', () => {
  it.each([
    ['no TOML', '[station\n', /line/],
    ['an unknown key', '\n[vaults]\npath = "x"\n', /unknown key vaults/],
    ['a wrong value', '\n[retention]\nfootage = { days = 1 }\n', /./],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x0a]), /UTF-8/],
  ])('with %s: exit 2, one line, nothing touched', async (_, text, what) => {
    appendFileSync(config, text);
    const before = snapshot();
    for (const command of [['dock', camera], ['verify'], ['status'], ['rebuild'], ['config', 'check']])
      expectRefused(await docket(...command), 2, what);
    expect(snapshot()).toEqual(before);
  });

  it('that is not there: exit 2, and how to name or make one', async () => {
    rmSync(config);
    expectRefused(await docket('verify'), 2, /there is no .*docket\.toml\n.*docket init/);
  });
});

describe('a key', () => {
  it.each([
    ['missing', (key: string) => rmSync(key), /station\.key/, 'key-missing'],
    ['that others can read', (key: string) => chmodSync(key, 0o644), /chmod 600/, 'key-exposed'],
    ['cut off', (key: string) => writeFileSync(key, readFileSync(key).subarray(0, 40)), /station\.key/, 'key-missing'],
  ] as const)('%s: nothing is sealed, exit 8, and verify names it', async (_, spoil, what, finding) => {
    await dock(config, { path: camera });
    spoil(join(config, '../station.key'));
    const before = snapshot();
    expectRefused(await docket('dock', camera), 8, what);
    expectRefused(await docket('camera', 'add', 'X1'), 8, what);
    const verified = await docket('verify', '--json');
    expect([verified.code, findingsOf(verified)]).toEqual([1, [finding]]);
    expect(snapshot()).toEqual(before);
  });

  it('of another station: nothing is sealed with it, and verify names it', async () => {
    await dock(config, { path: camera });
    const other = await makeStation(join(place, randomBytes(4).toString('hex')));
    copyFileSync(join(other, '../station.key'), join(config, '../station.key'));
    chmodSync(join(config, '../station.key'), 0o600);
    const before = snapshot();
    expectRefused(await docket('dock', camera), 8, /key/);
    const verified = await docket('verify', '--json');
    expect(verified.code).toBe(1);
    expect(findingsOf(verified)).toEqual(['key-foreign']);
    expect(snapshot()).toEqual(before);
  });
});

describe('a ledger head', () => {
  beforeEach(async () => {
    await dock(config, { path: camera });
  });

  const heads = ['ledger.db', 'ledger.db-wal', 'ledger.db-shm', 'ledger.db.sha256'];

  it('that is missing: exit 8, the command that makes it again, and after it all is as before', async () => {
    const { head } = await placesIn(config);
    for (const each of heads) rmSync(join(head, '..', each), { force: true });
    const before = snapshot();
    expectRefused(await docket('dock', camera), 8, /docket rebuild --from-vault/);
    const verified = await docket('verify', '--json');
    expect([verified.code, findingsOf(verified)]).toEqual([1, expect.arrayContaining(['head-missing']) as string[]]);
    expect(snapshot()).toEqual(before);
    expect((await docket('rebuild', '--from-vault')).code).toBe(0);
    await expectClean(config);
    const { receipt } = await dock(config, { path: camera });
    expect(outcomesOf(receipt)).toEqual({ 'a.mp4': 'already-recorded', 'b.mp4': 'already-recorded' });
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('that is an old copy: nothing is written, verify says that the head is behind, and rebuild heals it', async () => {
    const { head, catalog } = await placesIn(config);
    const kept = join(config, '../kept');
    cpSync(join(head, '..'), kept, { recursive: true });
    await dock(config, { path: layOut(`${config}-more`, { 'c.mp4': bytesOf(3, 100) }) });
    for (const each of readdirSync(kept).filter((name) => name.startsWith('ledger.db')))
      copyFileSync(join(kept, each), join(head, '..', each));
    const before = snapshot();
    expectRefused(await docket('dock', camera), 8, /old copy was put back: docket rebuild --from-vault/);
    expectRefused(await docket('camera', 'add', 'X1'), 8, /rebuild --from-vault/);
    const verified = await docket('verify', '--json');
    expect(verified.code).toBe(1);
    expect(findingsOf(verified)).toContain('head-behind');
    expect(snapshot()).toEqual(before);
    expect(existsSync(catalog)).toBe(true);
    expect((await docket('rebuild', '--from-vault')).code).toBe(0);
    rmSync(kept, { recursive: true });
    await expectOnce(config, { ...TRUTH, 'c.mp4': sha256Of(bytesOf(3, 100)) });
    await expectClean(config);
  });

  it('that is an old copy, with everything else of the state folder: the same', async () => {
    const state = join(config, '../state');
    cpSync(state, `${state}-kept`, { recursive: true });
    await dock(config, { path: layOut(`${config}-more`, { 'c.mp4': bytesOf(3, 100) }) });
    rmSync(state, { recursive: true });
    renameSync(`${state}-kept`, state);
    expectRefused(await docket('dock', camera), 8, /rebuild --from-vault/);
    expect(findingsOf(await docket('verify', '--json'))).toContain('head-behind');
    expect((await docket('rebuild', '--from-vault')).code).toBe(0);
    await expectOnce(config, { ...TRUTH, 'c.mp4': sha256Of(bytesOf(3, 100)) });
    await expectClean(config);
  });

  it('of another station: refused, verify names it, rebuild puts our own in its place', async () => {
    const other = await makeStation(join(place, randomBytes(4).toString('hex')));
    const { head } = await placesIn(config);
    for (const each of heads) rmSync(join(head, '..', each), { force: true });
    for (const each of ['ledger.db', 'ledger.db.sha256'])
      copyFileSync(join(other, '../state', each), join(head, '..', each));
    const before = snapshot();
    expectRefused(await docket('dock', camera), 8, /another station|key/);
    const codes = findingsOf(await docket('verify', '--json'));
    expect(codes.some((code) => code === 'head-foreign' || code === 'key-foreign')).toBe(true);
    expect(snapshot()).toEqual(before);
    expect((await docket('rebuild', '--from-vault')).code).toBe(0);
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('that lost what was recorded but not yet published: rebuild takes it up again from the vault', async () => {
    const { head } = await placesIn(config);
    // The checkpoint before this docking is put back, as if the station had died before it published.
    const older = copyStation(template, `${config}-older`);
    const station = readdirSync(join(older, '../vault/ledgers'))[0] ?? '';
    rmSync(join(config, '../vault/ledgers'), { recursive: true });
    cpSync(join(older, '../vault/ledgers', station), join(config, '../vault/ledgers', station), { recursive: true });
    for (const each of heads) rmSync(join(head, '..', each), { force: true });
    expect((await docket('rebuild', '--from-vault')).code).toBe(0);
    await expectOnce(config, TRUTH);
    const receipts = await entriesOf(config, 'acquisition.recorded');
    expect(receipts.map(({ recovered, outcomes }) => [recovered, outcomes.recorded])).toEqual([[true, 2]]);
    expect((await verify(config)).findings).toEqual([]);
  });
});

describe('a vault', () => {
  it('whose folder is missing: exit 7, nothing is made in its place, and it is found again', async () => {
    await dock(config, { path: camera });
    const { vault } = await placesIn(config);
    renameSync(vault, `${vault}-away`);
    for (const command of [
      ['dock', camera],
      ['verify'],
      ['rebuild'],
      ['rebuild', '--from-vault'],
      ['find'],
      ['status'],
    ])
      expectRefused(await docket(...command), 7, /vault/);
    expect(existsSync(vault)).toBe(false);
    renameSync(`${vault}-away`, vault);
    await expectClean(config);
  });
});

describe('a clock', () => {
  function clockAt(start: string, stepMs: number): Clock {
    let now = epochOf(start as never); // an instant in the text of the test
    return {
      now: () => (now = (now + stepMs) as EpochMs), // what this clock says
      elapsedMs: () => systemClock.elapsedMs(),
      wait: (durationMs, signal) => systemClock.wait(durationMs, signal),
    };
  }

  it('that went back between two dockings: both are on record, in the order of the ledger', async () => {
    await dock(config, { path: camera }, { clock: clockAt('2026-11-21T08:00:00.000Z', 1) });
    const more = layOut(`${config}-more`, { 'c.mp4': bytesOf(3, 100) });
    await dock(config, { path: more }, { clock: clockAt('1999-01-01T00:00:00.000Z', 1) });
    const again = await dock(config, { path: camera }, { clock: clockAt('2020-01-01T00:00:00.000Z', 1) });
    expect(outcomesOf(again.receipt)).toEqual({ 'a.mp4': 'already-recorded', 'b.mp4': 'already-recorded' });
    await expectOnce(config, { ...TRUTH, 'c.mp4': sha256Of(bytesOf(3, 100)) });
    await expectClean(config);
  });

  it('that goes back during a docking: all is on record, also after the head was lost', async () => {
    await dock(config, { path: camera }, { clock: clockAt('2026-11-21T08:00:00.000Z', -60_000) });
    await expectOnce(config, TRUTH);
    await expectClean(config);
    const { head } = await placesIn(config);
    const older = copyStation(template, `${config}-older`);
    const station = readdirSync(join(older, '../vault/ledgers'))[0] ?? '';
    rmSync(join(config, '../vault/ledgers'), { recursive: true });
    cpSync(join(older, '../vault/ledgers', station), join(config, '../vault/ledgers', station), { recursive: true });
    for (const each of ['ledger.db', 'ledger.db.sha256']) rmSync(join(head, '..', each), { force: true });
    expect((await docket('rebuild', '--from-vault')).code).toBe(0);
    await expectOnce(config, TRUTH);
    expect(await entriesOf(config, 'acquisition.recorded')).toHaveLength(1);
    await expectClean(config);
  });

  it('that is far beyond any year: still a record', async () => {
    await dock(config, { path: camera }, { clock: clockAt('9999-12-31T23:59:59.990Z', 1000) });
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });
});

describe('two dockets', () => {
  it('a second daemon: exit 5, and the process that has the station is named', async () => {
    await using first = await startDaemon(config);
    await using second = new Daemon(config);
    const { code, said } = await second.ended();
    expect(code).toBe(5);
    expect(said).toMatch(new RegExp(`\\b${first.pid}\\b`));
    expect((await first.stop()).code).toBe(0);
    await expectClean(config);
  });

  it('commands while docketd runs go through it, and reading goes on beside it', async () => {
    await using daemon = await startDaemon(config);
    const docked = await docket('dock', camera, '--json');
    expect(docked.code).toBe(0);
    expect((JSON.parse(docked.stdout) as DockResult).onRecord).toBe(true); // printed by docket dock --json
    expect((await docket('camera', 'add', 'X1', '--officer', '李四')).code).toBe(0);
    expect((await docket('verify')).code).toBe(0);
    expect((await docket('find', 'mp4')).code).toBe(0);
    const { said } = await daemon.stop();
    expect(said).not.toMatch(/defect/);
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('ten commands at once without a daemon: all are done, or say who is at work', { timeout: 120_000 }, async () => {
    const ended = await Promise.all(
      Array.from({ length: 10 }, (_, k) => docket('camera', 'add', `CAM${k}`, '--officer', `officer ${k}`)),
    );
    for (const { code, stderr } of ended) {
      expect(stderr).not.toMatch(/defect/);
      expect([0, 5]).toContain(code);
    }
    const done = ended.filter(({ code }) => code === 0).length;
    expect(done).toBeGreaterThan(0);
    expect(await entriesOf(config, 'camera.registered')).toHaveLength(done);
    await expectClean(config);
  });

  it('docketd killed -9 in the middle of a large docking goes on where it was', async () => {
    const big = layOut(
      `${config}-big`,
      Object.fromEntries(Array.from({ length: 40 }, (_, k) => [`v${k}.mp4`, bytesOf(k, 2 * MIB)])),
    );
    const truth = Object.fromEntries(
      Array.from({ length: 40 }, (_, k) => [`v${k}.mp4`, sha256Of(bytesOf(k, 2 * MIB))]),
    );
    await using daemon = await startDaemon(config);
    const { vault } = await placesIn(config);
    const asked = docket('dock', big);
    await untilSomeRecorded(vault);
    await daemon.stop('SIGKILL');
    const { code, stderr } = await asked;
    expect(stderr).toMatch(/docketd went away/);
    expect(code).toBe(5);
    await using restarted = await startDaemon(config);
    const again = await docket('dock', big, '--json');
    expect(again.code).toBe(0);
    expect((JSON.parse(again.stdout) as DockResult).files).toHaveLength(40); // printed by docket dock --json
    expect((await restarted.stop()).code).toBe(0);
    await expectOnce(config, truth);
    await expectClean(config);
  });
});

/** Resolves when some items of the acquisition in hand are on record, that is, when it is in the middle. */
async function untilSomeRecorded(vault: string): Promise<void> {
  const seen = (): number =>
    readdirSync(vault, { recursive: true, encoding: 'utf8' }).filter((name) => /^manifests\/.*\d\.json$/.test(name))
      .length;
  for await (const _ of watch(vault, { recursive: true })) if (seen() >= 5) return;
}
