// What is being copied now, and what went wrong lately: the daemon's memory for `docket status`.
// Never decides anything; problems also go to a file, so that they outlive the daemon.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { StatusView } from '../cli/index.ts';
import {
  type Failure,
  formatInstant,
  type Instant,
  instantSchema,
  isFailure,
  type Receipt,
  WAITS_TEXT,
} from '../evidence/index.ts';
import { isOnlyWaiting, isOver, type OnProgress, type Progress, type ProgressState } from '../ingest/index.ts';
import { type Clock, errorFacts, type Log, replaceFile } from '../platform/index.ts';
import { type Arrived, type Docking, type DockingReport, Dockings, sinceOf, type Waits } from './dockings.ts';

/** Problems remembered. */
const MAX_PROBLEMS = 20;
/** Finished docks stay visible this long, in milliseconds, so that an officer sees "done". */
const SHOW_DONE_MS = 600_000;

const problemsSchema = z.array(z.strictObject({ at: instantSchema, what: z.string(), next: z.string() }));
/** One remembered problem. */
export type Problem = { readonly at: Instant; readonly what: string; readonly next: string };

/** Docks and problems of a running daemon. */
export class Docks {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #path: string;
  readonly #running = new Map<string, Progress>();
  readonly #dockings: Dockings;
  #problems: Problem[] = [];
  #problemCount = 0;

  /** `names` gives docks a name by their USB port. */
  constructor(clock: Clock, log: Log, problemsPath: string, names: Readonly<Record<string, string>> = {}) {
    this.#dockings = new Dockings(clock, log, names);
    this.#clock = clock;
    this.#log = log;
    this.#path = problemsPath;
  }

  /** Hears the progress of an acquisition. */
  readonly onProgress: OnProgress = (progress) => {
    this.#running.set(progress.acquisition, progress);
    for (const [id, each] of this.#running) {
      if (isOver(each.state) && each.state !== 'copied' && this.#clock.now() - each.at > SHOW_DONE_MS)
        this.#running.delete(id);
    }
  };

  /** A camera arrived; whoever takes it reports there. */
  arrived(arrived: Arrived): DockingReport {
    return this.#heard(this.#dockings.arrived(arrived));
  }

  /** Somebody asked for a folder to be taken. */
  byHand(root: string): DockingReport {
    return this.#heard(this.#dockings.byHand(root));
  }

  /** What was mounted there is gone. */
  departed(root: string): void {
    this.#dockings.departed(root);
  }

  /** Whether a camera of this serial is in a dock, taken or not. */
  shows(serial: string): boolean {
    return this.#dockings.list().some(({ present, identity }) => present !== false && identity.serial === serial);
  }

  #heard(report: DockingReport): DockingReport {
    return {
      onProgress: (progress) => {
        report.onProgress(progress);
        this.onProgress(progress);
      },
      failed: report.failed,
      get problem() {
        return report.problem;
      },
    };
  }

  /** True while an acquisition is being copied. */
  isBusy(acquisition: string): boolean {
    const state = this.#running.get(acquisition)?.state;
    return state !== undefined && !isOver(state);
  }

  /** True while any camera is being copied. */
  get busy(): boolean {
    return [...this.#running.keys()].some((each) => this.isBusy(each));
  }

  /** Recovery has put on record what had waited in the spool. */
  settled(receipt: Receipt): void {
    const progress = this.#running.get(receipt.acquisition);
    if (progress === undefined) return; // an earlier daemon copied it
    const now = this.#clock.now();
    const settled: Progress = { ...progress, state: isOnlyWaiting(receipt) ? 'done' : 'problem', since: now, at: now };
    this.#running.set(receipt.acquisition, settled);
    this.#dockings.settled(settled);
  }

  /** Logs a problem and remembers it. */
  async problem(what: string, error: unknown): Promise<void> {
    this.#log.error(what, errorFacts(error));
    this.#problemCount += 1;
    const sentence = error instanceof Error ? `${what}: ${error.message}` : what;
    this.#problems = [
      {
        at: formatInstant(this.#clock.now()),
        what: sentence,
        next: isFailure(error) ? error.next : 'Look at the log: journalctl -u docketd',
      },
      ...this.#problems,
    ].slice(0, MAX_PROBLEMS);
    await replaceFile(this.#path, Buffer.from(JSON.stringify(this.#problems))).catch((cause: unknown) =>
      this.#log.warn('the problem could not be written down', errorFacts(cause)),
    );
  }

  /** Problems since this daemon started. */
  get problemCount(): number {
    return this.#problemCount;
  }

  /** Acquisitions that somebody works on now. */
  get busyCount(): number {
    return [...this.#running.values()].filter((each) => !isOver(each.state)).length;
  }

  /** How long officers had to wait. */
  get waits(): Waits {
    return this.#dockings.waits;
  }

  /** For `docket status`: what is docked, then what is taken without a dock. */
  view(): Pick<StatusView, 'docks' | 'dockNames' | 'problems'> {
    const dockings = this.#dockings.list();
    const docked = new Set(dockings.map(({ progress }) => progress?.acquisition));
    const others = [...this.#running.values()].filter(({ acquisition }) => !docked.has(acquisition));
    return {
      docks: [
        ...dockings.map((each) => viewDocking(each, this.#clock)),
        ...others.map((each) => viewProgress(each, this.#clock)),
      ],
      dockNames: this.#dockings.names,
      problems: this.#problems,
    };
  }

  /** Takes up the problems an earlier daemon wrote down. */
  async load(): Promise<void> {
    this.#problems = await readProblems(this.#path);
  }
}

/** Problems as written down; none when the file is missing or not readable. */
export async function readProblems(path: string): Promise<Problem[]> {
  try {
    return problemsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return []; // a courtesy, not a record
  }
}

/** A state as people read it. */
export function stateText(state: ProgressState): string {
  if (state === 'storing') return 'copied; goes into the vault';
  return state === 'copied' ? WAITS_TEXT : state;
}

/** Rate and time left of an acquisition. */
export function paceOf(
  progress: Progress,
  clock: Clock,
): { readonly rate?: number | undefined; readonly secondsLeft?: number | undefined } {
  const seconds = (clock.elapsedMs() - progress.startedElapsedMs) / 1000;
  if (seconds < 1 || progress.bytesDone <= 0) return { rate: undefined, secondsLeft: undefined };
  const rate = progress.bytesDone / seconds;
  return { rate, secondsLeft: Math.max(0, (progress.bytesTotal - progress.bytesDone) / rate) };
}

type DockView = StatusView['docks'][number];

function viewDocking(docking: Docking, clock: Clock): DockView {
  const { dock, present, progress, failure, identity } = docking;
  const seen = progress === undefined ? viewUntaken(docking) : viewProgress(progress, clock);
  return {
    ...seen,
    dock,
    present,
    model: progress?.camera.model ?? identity.model ?? null,
    problem: failure === undefined ? seen.problem : viewFailure(failure),
  };
}

/** A camera of which nothing was read yet, or that is not taken at all. */
function viewUntaken(docking: Docking): DockView {
  const { identity, failure } = docking;
  const phase = failure === undefined ? 'waiting' : 'problem';
  return {
    dock: docking.dock,
    present: docking.present,
    camera: identity.serial ?? identity.folder ?? identity.way,
    model: identity.model ?? null,
    officer: null,
    state: phase,
    phase,
    since: sinceOf(docking),
    receiptStands: false,
    toClear: false,
    filesDone: 0,
    filesTotal: 0,
    bytesDone: 0,
    bytesTotal: 0,
    rate: null,
    secondsLeft: null,
    problem: null,
  };
}

function viewProgress(progress: Progress, clock: Clock): DockView {
  const { camera, state, filesDone, filesTotal, bytesDone, bytesTotal, problem } = progress;
  const { rate, secondsLeft } = state === 'copying' ? paceOf(progress, clock) : {};
  return {
    dock: null,
    present: null,
    camera: camera.serial ?? camera.folder ?? camera.way,
    model: camera.model ?? null,
    officer: camera.officer?.name ?? null,
    state: stateText(state),
    phase: state,
    since: formatInstant(progress.since),
    receiptStands: progress.receiptStands,
    toClear: progress.toClear === true,
    filesDone,
    filesTotal,
    bytesDone,
    bytesTotal,
    rate: rate ?? null,
    secondsLeft: secondsLeft ?? null,
    problem: problem === undefined ? null : viewFailure(problem),
  };
}

function viewFailure({ code, message, next }: Failure): DockView['problem'] {
  return { code, what: message, next };
}
