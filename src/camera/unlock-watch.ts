// Unlocks cameras as they are plugged in: one exchange for each plug, with a time limit; done when another device stands at the port, as
// the same camera as mass storage does, or none for a while. Never tries a second time at the same plug: a device that comes back as it was is told and left alone.
import type { CameraUnlock, RefusalWithdrawn } from './arrival.ts';
import type { LockedDevice, LockedView } from './locked-devices.ts';

/** How long a device may take to come back as mass storage after its exchange, in milliseconds. */
const RETURN_MS = 20_000;

/** Runs one exchange; resolves with why it failed, or undefined. It may have worked all the same: what counts is what the device does. */
export type Exchange = (locked: LockedDevice) => Promise<string | undefined>;

interface Try {
  device: number;
  /** While the exchange runs, and until the device may have come back as it was. */
  state: 'trying' | 'waiting' | 'failed';
  untilMs: number;
  why: string | undefined;
  readonly locked: LockedDevice;
}

/** The tries of a station, by port. */
export class Unlocker {
  readonly #exchange: Exchange;
  readonly #elapsedMs: () => number;
  readonly #tries = new Map<string, Try>();
  readonly #running = new Set<Promise<void>>();

  constructor(exchange: Exchange, elapsedMs: () => number) {
    this.#exchange = exchange;
    this.#elapsedMs = elapsedMs;
  }

  /** Acts on one look at the bus: begins exchanges, and tells what began, ended, failed and left since the look before. */
  look(view: LockedView): (CameraUnlock | RefusalWithdrawn)[] {
    const told = [...this.#tries].flatMap(([port, each]) => this.#follow(port, each, view));
    const begun = [...view.locked].filter(([port]) => !this.#tries.has(port)).map(([, locked]) => this.#begin(locked));
    return [...told, ...begun];
  }

  /** Resolves when no exchange runs. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  #begin(locked: LockedDevice): CameraUnlock {
    const { port, device } = locked;
    const each: Try = { device, state: 'trying', untilMs: Number.POSITIVE_INFINITY, why: undefined, locked };
    this.#tries.set(port, each);
    const running = this.#exchange(locked).then((why) => {
      each.state = 'waiting';
      each.why = why;
      each.untilMs = this.#elapsedMs() + RETURN_MS;
    });
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
    return tell(locked, 'begun');
  }

  #follow(port: string, each: Try, { locked, occupied }: LockedView): (CameraUnlock | RefusalWithdrawn)[] {
    const now = locked.get(port);
    if (each.state === 'trying') return [];
    if (each.state === 'failed') {
      if (now !== undefined && now.device === each.device) return [];
      this.#tries.delete(port); // pulled; when it is plugged in again it is tried again
      return [{ kind: 'withdrawn', note: placeOf(port) }];
    }
    const over = this.#elapsedMs() >= each.untilMs;
    if (now === undefined) {
      if (!over && !occupied.has(port)) return []; // on its way back
      this.#tries.delete(port);
      return [tell(each.locked, 'done')];
    }
    if (now.device === each.device && !over) return [];
    const cameBack = now.device !== each.device;
    each.device = now.device;
    each.state = 'failed';
    return [tell(each.locked, 'failed', each.why ?? (cameBack ? 'it came back as it was' : 'it did not change'))];
  }
}

function tell(locked: LockedDevice, state: CameraUnlock['state'], reason?: string): CameraUnlock {
  const { port, identity, profile } = locked;
  return {
    kind: 'unlock',
    state,
    note: placeOf(port),
    port,
    identity,
    profile,
    ...(reason === undefined ? {} : { reason }),
  };
}

function placeOf(port: string): string {
  return `usb ${port}`;
}
