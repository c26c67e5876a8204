// A registered camera that hangs on USB while no card of it is mounted: told after a while, or nobody would learn that it is not taken.
// Never touches the device; a station that mounts nothing itself does not ask.
import type { UsbChange } from '../camera/index.ts';
import { Failure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Docks } from './docks.ts';

/** From the plug to the mount, in milliseconds: many times what the slowest card and machine that were seen take. */
const SHOWS_WITHIN_MS = 60_000;

/** What is asked and told. */
export interface UnseenPorts {
  readonly clock: Pick<Clock, 'wait'>;
  readonly docks: Pick<Docks, 'shows' | 'problem'>;
  isRegistered(serial: string): boolean;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** Cameras whose cards are waited for. */
export class Unseen {
  readonly #ports: UnseenPorts;
  readonly #waiting = new Map<string, AbortController>();

  constructor(ports: UnseenPorts) {
    this.#ports = ports;
  }

  /** A USB device came or went; resolves when nothing is waited for, or it was told. */
  async changed({ event, serial }: Pick<UsbChange, 'event' | 'serial'>): Promise<void> {
    const { clock, docks, signal } = this.#ports;
    if (serial === undefined) return;
    this.#waiting.get(serial)?.abort();
    this.#waiting.delete(serial);
    if (event === 'disconnected' || !this.#ports.isRegistered(serial)) return;
    const gone = new AbortController();
    this.#waiting.set(serial, gone);
    try {
      await clock.wait(SHOWS_WITHIN_MS, AbortSignal.any([gone.signal, signal]));
    } catch {
      return; // it left, or docketd stops
    }
    this.#waiting.delete(serial);
    if (docks.shows(serial)) return;
    const why =
      'it is plugged in, and no card of it was mounted: plug it in again; why is in journalctl -u "docket-mount@*"';
    await docks.problem(`camera ${serial} is not taken`, new Failure('source-unreadable', why, { facts: { serial } }));
  }
}
