// What is being copied now, and what went wrong lately: the daemon's memory for `docket status`.
// Never decides anything; problems also go to a file, so that they outlive the daemon.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { StatusView } from '../cli/index.ts';
import { formatInstant, type Instant, instantSchema, isFailure, type Receipt, WAITS_TEXT } from '../evidence/index.ts';
import { isOver, type OnProgress, type Progress, type ProgressState } from '../ingest/index.ts';
import { type Clock, errorFacts, type Log, replaceFile } from '../platform/index.ts';

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
  #problems: Problem[] = [];
  #problemCount = 0;

  constructor(clock: Clock, log: Log, problemsPath: string) {
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
  settled({ acquisition, ended }: Receipt): void {
    const progress = this.#running.get(acquisition);
    if (progress === undefined) return; // an earlier daemon copied it
    this.#running.set(acquisition, {
      ...progress,
      state: ended === 'complete' ? 'done' : 'problem',
      at: this.#clock.now(),
    });
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

  /** For `docket status`. */
  view(): Pick<StatusView, 'docks' | 'problems'> {
    return { docks: [...this.#running.values()].map((each) => viewDock(each, this.#clock)), problems: this.#problems };
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

/** A state as people read it; in the last two the camera may go. */
export function stateText(state: ProgressState): string {
  if (state === 'storing') return 'copied; goes into the vault';
  return state === 'copied' ? WAITS_TEXT : state;
}

/** Rate and time left of an acquisition. */
export function paceOf(
  progress: Progress,
  clock: Clock,
): { readonly rate: number | undefined; readonly secondsLeft: number | undefined } {
  const seconds = (clock.elapsedMs() - progress.startedElapsedMs) / 1000;
  if (seconds < 1 || progress.bytesDone <= 0) return { rate: undefined, secondsLeft: undefined };
  const rate = progress.bytesDone / seconds;
  return { rate, secondsLeft: Math.max(0, (progress.bytesTotal - progress.bytesDone) / rate) };
}

function viewDock(progress: Progress, clock: Clock): StatusView['docks'][number] {
  const { camera, state, filesDone, filesTotal, bytesDone, bytesTotal } = progress;
  return {
    camera: camera.serial ?? camera.folder ?? camera.way,
    officer: camera.officer?.name ?? null,
    state: stateText(state),
    filesDone,
    filesTotal,
    bytesDone,
    bytesTotal,
    secondsLeft: state === 'copying' ? (paceOf(progress, clock).secondsLeft ?? null) : null,
  };
}
