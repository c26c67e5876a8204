// Which camera is in which dock, from its arrival until it is gone, and how long its officer had to wait for the receipt to stand.
// Never decides what becomes of a camera: it is told, by arrivals and by the acquisition's progress.
import { basename } from 'node:path';
import { type CameraIdentity, type EpochMs, type Failure, formatInstant } from '../evidence/index.ts';
import { isOver, type OnProgress, type Progress } from '../ingest/index.ts';
import type { Clock, Log } from '../platform/index.ts';

/** What came to a dock. */
export interface Arrived {
  /** Where it is mounted, or the folder that stands for it. */
  readonly root: string;
  readonly identity?: CameraIdentity | undefined;
  /** USB port, as sysfs names it. */
  readonly port?: string | undefined;
}

/** A camera in its dock. */
export interface Docking {
  readonly root: string;
  /** Name of the dock. */
  readonly dock: string;
  /** As the device says it; what the register adds comes with progress. */
  readonly identity: CameraIdentity;
  readonly at: EpochMs;
  /** Null for a folder somebody named: nobody notices when that is taken away. */
  readonly present: boolean | null;
  readonly progress: Progress | undefined;
  /** Why it is not taken, or why something stays on it. */
  readonly failure: Failure | undefined;
}

/** Nobody took it, and nothing of it is to be told once it is gone. */
const isRefused = (failure: Failure | undefined): boolean =>
  failure?.code === 'camera-unknown' || failure?.code === 'camera-keyboard';

/** Where whoever takes a camera reports to. */
export interface DockingReport {
  readonly onProgress: OnProgress;
  /** It was not taken, or not wholly. */
  readonly failed: (why: Failure) => void;
  /** What stays on the camera, as far as it is known. */
  readonly problem: Failure | undefined;
}

/** How long officers had to wait until they could leave, since the start. */
export interface Waits {
  readonly count: number;
  readonly totalMs: number;
  readonly lastMs: number | undefined;
}

interface Held {
  docking: Docking;
  readonly arrivedElapsedMs: number;
  waited: boolean;
}

/** What is over and gone stays visible this long, in milliseconds. */
const SHOW_GONE_MS = 600_000;

/** The dockings of a running daemon. */
export class Dockings {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #names: Readonly<Record<string, string>>;
  #held: Held[] = [];
  #waits: Waits = { count: 0, totalMs: 0, lastMs: undefined };

  /** `names` gives docks a name by their USB port. */
  constructor(clock: Clock, log: Log, names: Readonly<Record<string, string>>) {
    this.#clock = clock;
    this.#log = log;
    this.#names = names;
  }

  /** A camera arrived by itself. */
  arrived(arrived: Arrived): DockingReport {
    return this.#report(this.#hold(arrived, true));
  }

  /** Somebody asked for a folder to be taken: the camera that is mounted there, or a folder that stands for one. */
  byHand(root: string): DockingReport {
    const there = this.#held.find(({ docking }) => docking.root === root && docking.present === true);
    if (there === undefined) return this.#report(this.#hold({ root }, null));
    there.docking = { ...there.docking, failure: undefined };
    return this.#report(there);
  }

  /** What was at `root` is gone; of one that was refused nothing is left to say. */
  departed(root: string): void {
    this.#held = this.#held.filter(({ docking }) => docking.root !== root || !isRefused(docking.failure));
    for (const held of this.#held)
      if (held.docking.root === root && held.docking.present === true)
        held.docking = { ...held.docking, present: false };
    this.#forget();
  }

  /** Recovery has put on record what had waited. */
  settled(progress: Progress): void {
    const held = this.#held.find(({ docking }) => docking.progress?.acquisition === progress.acquisition);
    if (held !== undefined) held.docking = { ...held.docking, progress };
  }

  /** In the order of arrival; what is gone and over is left out after a while. */
  list(): readonly Docking[] {
    this.#forget();
    return this.#held.map(({ docking }) => docking);
  }

  /** Names that the configuration gives, each once. */
  get names(): readonly string[] {
    return [...new Set(Object.values(this.#names))];
  }

  get waits(): Waits {
    return this.#waits;
  }

  #hold({ root, identity, port }: Arrived, present: true | null): Held {
    const dock = port === undefined ? basename(root) : (this.#names[port] ?? port);
    const who = identity ?? { way: 'folder', folder: root };
    this.#held = this.#held.filter(({ docking }) => !isReplaced(docking, root, dock, who.serial));
    const docking = {
      root,
      dock,
      identity: who,
      at: this.#clock.now(),
      present,
      progress: undefined,
      failure: undefined,
    };
    const held = { docking, arrivedElapsedMs: this.#clock.elapsedMs(), waited: false };
    this.#held.push(held);
    return held;
  }

  #report(held: Held): DockingReport {
    return {
      onProgress: (progress) => {
        held.docking = { ...held.docking, progress };
        this.#countWait(held, progress);
      },
      failed: (why) => {
        held.docking = { ...held.docking, failure: why };
      },
      get problem() {
        return held.docking.failure ?? held.docking.progress?.problem;
      },
    };
  }

  /** The officer's minute: from the arrival until the receipt stands, though the copying may have to wait for its turn. */
  #countWait(held: Held, { receiptStands, acquisition }: Progress): void {
    if (held.waited || !receiptStands) return;
    held.waited = true;
    if (held.docking.present === null) return; // nobody waits who is at the keyboard
    const waitedMs = Math.round(this.#clock.elapsedMs() - held.arrivedElapsedMs);
    const { count, totalMs } = this.#waits;
    this.#waits = { count: count + 1, totalMs: totalMs + waitedMs, lastMs: waitedMs };
    this.#log.info('the officer may leave', { dock: held.docking.dock, acquisition, ms: waitedMs });
  }

  #forget(): void {
    const now = this.#clock.now();
    this.#held = this.#held.filter(({ docking }) => {
      const { present, progress, failure, at } = docking;
      const open = progress === undefined ? failure === undefined : !isOver(progress.state);
      if (present === true || open || progress?.state === 'copied') return true;
      return now - (progress?.at ?? at) <= SHOW_GONE_MS;
    });
  }
}

/** A new camera takes the place of what is gone: at the same mount, in the same dock, or the same camera elsewhere. */
function isReplaced(docking: Docking, root: string, dock: string, serial: string | undefined): boolean {
  if (docking.root === root) return true;
  if (docking.present !== false) return false;
  return docking.dock === dock || (serial !== undefined && docking.identity.serial === serial);
}

/** For status: when the docking came to stand as it does. */
export function sinceOf({ progress, at }: Docking): ReturnType<typeof formatInstant> {
  return formatInstant(progress?.since ?? at);
}
