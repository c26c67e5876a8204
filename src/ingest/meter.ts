// Counts an acquisition for people: bytes and files done of how many. Reports at most every REPORT_MS, and every change of state.
// Never decides anything.
import type { Docking } from '../acquire/index.ts';
import type { Failure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { OnProgress, Progress } from './ports.ts';

/** Shortest time between two reports of the same state, in milliseconds. */
const REPORT_MS = 200;

/** Where an acquisition reports how far it is. */
export interface Meter {
  state(state: Progress['state']): void;
  /** The listing is durable: so many files and bytes are to be answered for. */
  listed(files: number, bytes: number, filesDone: number): void;
  /** Something stays on the camera; the first reason is kept. */
  problem(why: Failure): void;
  file(path: string): void;
  bytes(count: number): void;
  fileDone(): void;
}

/** A meter that tells `onProgress`. */
export function startMeter(clock: Clock, docking: Docking, onProgress: OnProgress): Meter {
  let now: Omit<Progress, 'at'> = {
    acquisition: docking.acquisition,
    camera: docking.camera,
    state: 'waiting',
    filesTotal: 0,
    filesDone: 0,
    bytesTotal: 0,
    bytesDone: 0,
    receiptStands: false,
    since: clock.now(),
    startedElapsedMs: clock.elapsedMs(),
  };
  let toldMs = Number.NEGATIVE_INFINITY;
  const tell = (force: boolean): void => {
    const elapsed = clock.elapsedMs();
    if (!force && elapsed - toldMs < REPORT_MS) return;
    toldMs = elapsed;
    onProgress({ ...now, at: clock.now() });
  };
  const change = (part: Partial<Progress>, force = false): void => {
    now = { ...now, ...part };
    tell(force);
  };
  tell(true);
  return {
    state: (state) => {
      const begun = state === 'copying' ? { startedElapsedMs: clock.elapsedMs() } : { file: undefined };
      change({ state, since: clock.now(), ...begun }, true);
    },
    listed: (filesTotal, bytesTotal, filesDone) => change({ filesTotal, bytesTotal, filesDone, receiptStands: true }),
    problem: (why) => change({ problem: now.problem ?? why }),
    file: (file) => change({ file }),
    bytes: (count) => change({ bytesDone: now.bytesDone + count }),
    fileDone: () => change({ filesDone: now.filesDone + 1 }),
  };
}
