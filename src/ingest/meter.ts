// Counts an acquisition for people: bytes and files done of how many. Reports at most every REPORT_MS, and every change of state.
// Never decides anything.
import type { Docking } from '../acquire/index.ts';
import type { Clock } from '../platform/index.ts';
import type { OnProgress, Progress } from './ports.ts';

/** Shortest time between two reports of the same state, in milliseconds. */
const REPORT_MS = 200;

/** Where an acquisition reports how far it is. */
export interface Meter {
  state(state: Progress['state']): void;
  total(files: number, bytes: number, filesDone: number): void;
  file(path: string): void;
  bytes(count: number): void;
  fileDone(): void;
}

/** A meter that tells `onProgress`. */
export function startMeter(clock: Clock, docking: Docking, onProgress: OnProgress): Meter {
  const startedElapsedMs = clock.elapsedMs();
  let now: Omit<Progress, 'at'> = {
    acquisition: docking.acquisition,
    camera: docking.camera,
    state: 'waiting',
    filesTotal: 0,
    filesDone: 0,
    bytesTotal: 0,
    bytesDone: 0,
    startedElapsedMs,
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
    state: (state) => change(state === 'copying' ? { state } : { state, file: undefined }, true),
    total: (filesTotal, bytesTotal, filesDone) => change({ filesTotal, bytesTotal, filesDone }),
    file: (file) => change({ file }),
    bytes: (count) => change({ bytesDone: now.bytesDone + count }),
    fileDone: () => change({ filesDone: now.filesDone + 1 }),
  };
}
