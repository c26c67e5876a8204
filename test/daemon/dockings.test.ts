// The officer's minute and the docks: what a running daemon knows of who may leave, told by arrivals and progress.
import { describe, expect, it } from 'vitest';
import { Docks } from '../../src/daemon/docks.ts';
import { Failure, parseEpochMs } from '../../src/evidence/index.ts';
import type { Progress, ProgressState } from '../../src/ingest/index.ts';
import { type Log, silentLog } from '../../src/platform/index.ts';
import { ManualClock } from '../camera/manual-clock.ts';

const ROOT = '/run/docket/cameras/sdb1';
const CAMERA = { way: 'usb', serial: 'BC01', model: 'DSJ' } as const;

function progressOf(acquisition: string, state: ProgressState, facts: Partial<Progress> = {}): Progress {
  const at = parseEpochMs(0);
  return {
    acquisition,
    camera: { ...CAMERA, officer: { name: '张伟' } },
    state,
    filesTotal: 2,
    filesDone: 0,
    bytesTotal: 1000,
    bytesDone: 0,
    receiptStands: state !== 'waiting' && state !== 'listing',
    since: at,
    startedElapsedMs: 0,
    at,
    ...facts,
  };
}

function makeDocks() {
  const clock = new ManualClock();
  const said: { what: string; facts: unknown }[] = [];
  const log: Log = { ...silentLog, info: (what, facts) => said.push({ what, facts }) };
  return { clock, said, docks: new Docks(clock, log, '/nonexistent/problems.json', { '1-2': 'A1', '2-2': 'A1' }) };
}

describe('an officer', () => {
  it('has waited from the arrival until the receipt stands, told once, though the copying waits for its turn', () => {
    const { clock, said, docks } = makeDocks();
    const report = docks.arrived({ root: ROOT, identity: CAMERA, port: '1-2' });
    clock.advance(700);
    report.onProgress(progressOf('X', 'listing'));
    expect(docks.waits).toEqual({ count: 0, totalMs: 0, lastMs: undefined });
    clock.advance(800);
    report.onProgress(progressOf('X', 'waiting', { receiptStands: true }));
    clock.advance(5000);
    report.onProgress(progressOf('X', 'copying'));
    expect(docks.waits).toEqual({ count: 1, totalMs: 1500, lastMs: 1500 });
    expect(said).toEqual([{ what: 'the officer may leave', facts: { dock: 'A1', acquisition: 'X', ms: 1500 } }]);
    const again = docks.arrived({ root: ROOT, identity: CAMERA, port: '1-2' });
    clock.advance(500);
    again.onProgress(progressOf('Y', 'copying'));
    expect(docks.waits).toEqual({ count: 2, totalMs: 2000, lastMs: 500 });
  });

  it('does not wait for a folder that somebody takes by hand, or for documents', () => {
    const { docks } = makeDocks();
    docks.byHand('/home/x/card').onProgress(progressOf('X', 'copying'));
    docks.onProgress(progressOf('Y', 'copying'));
    expect(docks.waits.count).toBe(0);
    expect(docks.view().docks.map(({ dock, present }) => [dock, present])).toEqual([
      ['card', null],
      [null, null],
    ]);
  });
});

describe('a dock', () => {
  it('is named by the configuration, else by its port, else by its folder', () => {
    const { docks } = makeDocks();
    docks.arrived({ root: '/m/a', port: '2-2' });
    docks.arrived({ root: '/m/b', port: '1-4.3' });
    docks.arrived({ root: '/m/c' });
    expect(docks.view()).toMatchObject({
      docks: [{ dock: 'A1' }, { dock: '1-4.3' }, { dock: 'c' }],
      dockNames: ['A1'],
    });
  });

  it('shows a camera from its arrival, whose it is once that is known, and why it is not taken', () => {
    const { docks } = makeDocks();
    const report = docks.arrived({ root: ROOT, identity: CAMERA, port: '1-2' });
    const [arrived] = docks.view().docks;
    expect(arrived).toMatchObject({ camera: 'BC01', model: 'DSJ', officer: null, phase: 'waiting', present: true });
    expect(arrived).toMatchObject({ receiptStands: false, problem: null });
    report.failed(new Failure('camera-unknown', 'camera BC01 is not registered'));
    expect(docks.view().docks).toMatchObject([
      {
        phase: 'problem',
        state: 'problem',
        problem: { code: 'camera-unknown', what: 'camera BC01 is not registered' },
      },
    ]);
    docks.byHand(ROOT).onProgress(progressOf('X', 'copying'));
    expect(docks.view().docks).toMatchObject([
      { dock: 'A1', phase: 'copying', officer: '张伟', receiptStands: true, problem: null },
    ]);
  });

  it('says of a camera whose card is yet to be cleared that it stays, and no longer once that has ended', () => {
    const { docks } = makeDocks();
    const report = docks.arrived({ root: ROOT, identity: CAMERA, port: '1-2' });
    const told = (): unknown => docks.view().docks.map(({ phase, toClear }) => [phase, toClear]);
    expect(told()).toEqual([['waiting', false]]);
    for (const state of ['copying', 'storing', 'done', 'releasing'] as const) {
      report.onProgress(progressOf('X', state, { toClear: true }));
      expect(told()).toEqual([[state, true]]);
    }
    report.onProgress(progressOf('X', 'done', { toClear: false }));
    expect(told()).toEqual([['done', false]]);
  });

  it('forgets a refused camera that is gone, and keeps one that was pulled too early until something else is docked there', () => {
    const { docks } = makeDocks();
    docks.arrived({ root: '/m/a', port: '1-4' }).failed(new Failure('camera-unknown', 'x'));
    docks.departed('/m/a');
    expect(docks.view().docks).toEqual([]);
    const report = docks.arrived({ root: ROOT, identity: CAMERA, port: '1-2' });
    report.onProgress(progressOf('X', 'copying'));
    docks.departed(ROOT);
    expect(docks.view().docks).toMatchObject([{ phase: 'copying', present: false }]);
    report.onProgress(progressOf('X', 'problem', { problem: new Failure('camera-gone', 'pulled') }));
    expect(report.problem?.code).toBe('camera-gone');
    expect(docks.view().docks).toMatchObject([{ phase: 'problem', present: false, problem: { code: 'camera-gone' } }]);
    docks.arrived({ root: '/run/docket/cameras/sdc1', identity: { ...CAMERA, serial: 'BC02' }, port: '2-2' });
    const { docks: now } = docks.view();
    expect(now.filter(({ dock }) => dock === 'A1')).toMatchObject([{ camera: 'BC02', phase: 'waiting' }]);
  });

  it('stays a place of two volumes as long as both are there', () => {
    const { docks } = makeDocks();
    docks.arrived({ root: '/m/a', identity: CAMERA, port: '1-2' });
    docks.arrived({ root: '/m/b', identity: CAMERA, port: '1-2' });
    expect(docks.view().docks).toHaveLength(2);
  });

  it('lets go of what is over and gone after ten minutes, of what waits for the vault never before it is on record', () => {
    const { clock, docks } = makeDocks();
    const [done, waiting] = ['/m/a', '/m/b'].map((root) => docks.arrived({ root }));
    done?.onProgress(progressOf('X', 'done'));
    waiting?.onProgress(progressOf('Y', 'copied'));
    for (const root of ['/m/a', '/m/b']) docks.departed(root);
    clock.advance(600_000);
    expect(docks.view().docks).toHaveLength(2);
    clock.advance(1);
    docks.onProgress(progressOf('Z', 'copying', { at: clock.now() }));
    expect(docks.view().docks.map(({ phase }) => phase)).toEqual(['copied', 'copying']);
  });
});
