// Watching a station's sockets and drop folders: USB events, mounts under the configured roots, files that came to rest.
// USB and folder events only wake the loops that look; what was missed by an event is found by the next look. Nothing is acted upon here.
import { errnoOf, Failure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Arrival, ArrivalProblem } from './arrival.ts';
import { type DropMemory, lookAtDrop } from './drop-look.ts';
import { watchFolders } from './folder-watch.ts';
import { lookForLocked } from './locked-devices.ts';
import {
  compareCards,
  fixedParent,
  lookForCards,
  type MountLookOptions,
  type PresentCards,
  patternDepth,
} from './mount-watch.ts';
import type { Profile } from './profile.ts';
import { BoundedQueue } from './queue.ts';
import { compareRefusals, lookForRefusals, type PresentRefusals } from './refusal-watch.ts';
import { runUnlock } from './unlock-run.ts';
import { Unlocker } from './unlock-watch.ts';
import { watchUsb } from './usb-watch.ts';
import { Wake } from './wake.ts';

/** What to watch. */
export interface ArrivalOptions extends MountLookOptions {
  readonly clock: Clock;
  /** Folder of the system's notes about volumes it did not mount; none if absent. */
  readonly refusals?: string | undefined;
  /** Drop folder: it holds a folder for each case, named by its number; none if absent. */
  readonly inbox?: string | undefined;
  /** How long a file's size and time must stay the same before it is taken, in milliseconds. */
  readonly settleMs?: number | undefined;
  /** Whether to listen for USB devices; yes if absent. */
  readonly usb?: boolean | undefined;
  /** Script of the USB listener, and of what unlocks a camera; others in tests. */
  readonly usbScript?: URL | undefined;
  readonly unlockScript?: URL | undefined;
  /** Profiles as they are now: some cameras are unlocked by an exchange that theirs names. */
  readonly profiles?: (() => readonly Profile[]) | undefined;
  /** Ends the watch like close(). */
  readonly signal?: AbortSignal | undefined;
}

/** A running watch, for one consumer. Whoever started it closes it; leaving its loop closes it too. */
export interface ArrivalWatch extends AsyncIterable<Arrival>, AsyncDisposable {
  /** Offers again what lies in a drop folder (as named in its arrival): for when taking it failed. */
  offerAgain(folder: string): void;
  close(): Promise<void>;
}

/** Values noticed and not yet taken; a consumer that is busy holds the loops back, not the memory. */
const MAX_WAITING = 256;
/** How often mounts are looked at without being told: mountinfo cannot be watched from here, and is one small file. */
const LOOK_EVERY_MS = 1000;
/** How often drop folders are looked at without being told: for network shares, whose changes make no events. */
const DROP_LOOK_EVERY_MS = 30_000;
const DEFAULT_SETTLE_MS = 3000;
/** Longest a file is held back for others of its case: a minute keeps one drop one acquisition and never blocks for long. */
const HOLD_MS = 60_000;

/** Starts watching. Problems are values of the iteration; only a defect makes it throw. */
export function watchArrivals(options: ArrivalOptions): ArrivalWatch {
  const watch = new Watch(options);
  watch.start();
  return watch;
}

interface DropPlace {
  readonly folder: string;
  memory: DropMemory;
}

class Watch implements ArrivalWatch {
  readonly #options: ArrivalOptions;
  readonly #queue = new BoundedQueue<Arrival>(MAX_WAITING);
  readonly #stop = new AbortController();
  readonly #mountWake = new Wake();
  readonly #dropWake = new Wake();
  readonly #unlocker: Unlocker;
  readonly #told = new Set<string>();
  readonly #again = new Set<string>();
  #loops: readonly Promise<void>[] = [];
  #lostEvents = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ArrivalOptions) {
    this.#options = options;
    const { clock, unlockScript } = options;
    this.#unlocker = new Unlocker(
      (locked) => runUnlock(locked, clock, this.#stop.signal, unlockScript),
      () => clock.elapsedMs(),
    );
  }

  start(): void {
    const { signal, usb } = this.#options;
    const loops = [this.#watchMounts(), this.#watchDrops(), usb === false ? Promise.resolve() : this.#watchUsb()];
    this.#loops = loops.map((loop) => loop.catch((error: unknown) => this.#queue.fail(error)));
    if (signal?.aborted === true) void this.close();
    else signal?.addEventListener('abort', () => void this.close(), { once: true });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Arrival, void, undefined> {
    try {
      for (let next = await this.#queue.take(); next !== undefined; next = await this.#queue.take()) yield next;
    } finally {
      await this.close();
    }
  }

  offerAgain(folder: string): void {
    this.#again.add(folder);
    this.#dropWake.wake();
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#stop.abort();
    this.#queue.end();
    await Promise.all(this.#loops);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #watchMounts(): Promise<void> {
    const { clock, refusals, roots } = this.#options;
    const stop = this.#watchFolders(
      'mounts',
      [...roots.map(fixedParent), ...(refusals === undefined ? [] : [refusals])],
      Math.max(0, ...roots.map((root) => patternDepth(root) - 1)),
      this.#mountWake,
    );
    try {
      let present: PresentCards = new Map();
      let refused: PresentRefusals = new Map();
      while (!this.#stop.signal.aborted) {
        const now = await this.#attempt('mounts', () => lookForCards(this.#options, present), present);
        for (const change of compareCards(present, now)) await this.#queue.put(change);
        present = now;
        refused = await this.#lookAtRefusals(refused);
        await this.#lookAtLocked();
        await this.#tellLost();
        await this.#mountWake.nap(clock, LOOK_EVERY_MS, this.#stop.signal);
      }
    } finally {
      await stop();
      await this.#unlocker.idle();
    }
  }

  async #lookAtLocked(): Promise<void> {
    const { profiles, sysRoot, usb } = this.#options;
    if (profiles === undefined || usb === false) return;
    const view = await this.#attempt('usb', () => lookForLocked(profiles(), sysRoot), undefined);
    if (view === undefined) return;
    for (const change of this.#unlocker.look(view)) await this.#queue.put(change);
  }

  async #lookAtRefusals(before: PresentRefusals): Promise<PresentRefusals> {
    const { refusals } = this.#options;
    if (refusals === undefined) return before;
    const now = await this.#attempt('mounts', () => lookForRefusals(refusals, before), before);
    for (const change of compareRefusals(before, now)) await this.#queue.put(change);
    return now;
  }

  async #watchDrops(): Promise<void> {
    const { clock, inbox, settleMs = DEFAULT_SETTLE_MS } = this.#options;
    if (inbox === undefined) return;
    const place: DropPlace = { folder: inbox, memory: new Map() };
    const stop = this.#watchFolders('inbox', [inbox], undefined, this.#dropWake);
    try {
      while (!this.#stop.signal.aborted) {
        const again = [...this.#again];
        this.#again.clear();
        const moving = await this.#lookAtDrop(place, again, settleMs);
        // While something moves every write would wake us: then the looks keep their own pace.
        if (moving) await new Wake().nap(clock, Math.max(50, settleMs / 4), this.#stop.signal);
        else await this.#dropWake.nap(clock, DROP_LOOK_EVERY_MS, this.#stop.signal);
      }
    } finally {
      await stop();
    }
  }

  async #lookAtDrop(place: DropPlace, again: readonly string[], settleMs: number): Promise<boolean> {
    const { folder, memory } = place;
    for (const [path, resting] of memory)
      if (again.some((each) => path.startsWith(`${each}/`))) resting.offered = false;
    const empty = { memory, arrivals: [], moving: false, problems: [] };
    const look = await this.#attempt(
      'inbox',
      () => lookAtDrop(folder, memory, () => this.#options.clock.elapsedMs(), { settleMs, holdMs: HOLD_MS }),
      empty,
    );
    for (const problem of look.problems) await this.#tell('inbox', problem);
    for (const arrival of look.arrivals) await this.#queue.put(arrival);
    place.memory = look.memory;
    return look.moving;
  }

  async #watchUsb(): Promise<void> {
    const { sysRoot, usbScript } = this.#options;
    const stop = await watchUsb({
      sysRoot,
      script: usbScript,
      onChange: (change) => {
        if (!this.#queue.tryPut(change)) this.#lostEvents += 1; // status only: the mounts are looked at whatever happens
        this.#mountWake.wake();
      },
      onProblem: (message) => void this.#tell('usb', message),
    });
    await aborted(this.#stop.signal);
    await stop();
  }

  #watchFolders(
    where: ArrivalProblem['where'],
    folders: readonly string[],
    depth: number | undefined,
    wake: Wake,
  ): () => Promise<void> {
    return watchFolders({
      folders,
      depth,
      onChange: () => wake.wake(),
      onProblem: (message) => void this.#tell(where, message),
    });
  }

  /** One try at looking; an expected error is told and the state before stands. */
  async #attempt<T>(where: ArrivalProblem['where'], look: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof Failure) && errnoOf(error) === undefined) throw error;
      await this.#tell(where, error instanceof Error ? error.message : String(error));
      return otherwise;
    }
  }

  async #tellLost(): Promise<void> {
    const lost = this.#lostEvents;
    this.#lostEvents = 0;
    if (lost > 0)
      await this.#queue.put({
        kind: 'problem',
        where: 'usb',
        message: `${lost} changes of USB devices were not told, since nobody took them; mounts are not affected`,
      });
  }

  /** Tells a problem once; a thousand different ones are enough to know that something is wrong. */
  async #tell(where: ArrivalProblem['where'], message: string): Promise<void> {
    const key = `${where} ${message}`;
    if (this.#told.has(key) || this.#told.size >= 1000) return;
    this.#told.add(key);
    await this.#queue.put({ kind: 'problem', where, message });
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
