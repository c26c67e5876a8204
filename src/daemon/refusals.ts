// What the system did not mount, told as what docketd refuses itself: on record once for each plug, in the log, in the status, on the screen.
// Never decides who is refused: that is admission, and the card of a camera that is admitted by now is mounted without a word from here.
import type { CameraRefused, CameraUnlock } from '../camera/index.ts';
import { Failure, formatInstant } from '../evidence/index.ts';
import { refusedKeyboard, refuseUnmounted } from '../ingest/index.ts';
import type { Docks } from './docks.ts';
import type { Station } from './station.ts';

/** Refusals on record that are looked at to find the one of a plug from before this start. */
const RECENT = 100;

/** The refusals of a running station. */
export class Refusals {
  readonly #station: Station;
  readonly #docks: Docks;
  /** Plugs that are on record, by note. The kernel counts devices up to 127 and begins anew, so they are known as long as they stand. */
  readonly #told = new Map<string, string>();
  readonly #startedAt: number;

  constructor(station: Station, docks: Docks) {
    this.#station = station;
    this.#docks = docks;
    this.#startedAt = station.ports.clock.now();
  }

  /** Tells of a volume that was not mounted. Failures: those of recording, when they stop the station. */
  async tell(refused: CameraRefused): Promise<void> {
    const failure = refused.cause === 'failed' ? unmountable(refused) : await this.#refuse(refused);
    if (failure === undefined) return;
    const { note: root, identity, port } = refused;
    this.#docks.arrived({ root, identity, port }).failed(failure.why);
    if (failure.isNew) await this.#docks.problem(failure.what, failure.why);
  }

  /** Tells how a camera was made to show its card, or was not. */
  async unlock({ state, note: root, port, identity, profile, reason }: CameraUnlock): Promise<void> {
    const { log } = this.#station.ports;
    const facts = { port, profile, serial: identity.serial ?? null, vendorId: identity.vendorId ?? null };
    if (state !== 'failed') {
      log.info(state === 'begun' ? 'a camera is being unlocked' : 'a camera was unlocked', facts);
      return;
    }
    const why = new Failure(
      'camera-locked',
      `the exchange of the profile ${profile} did not unlock it: ${reason ?? 'no reason is known'}`,
      { facts },
    );
    this.#docks.arrived({ root, identity, port }).failed(why);
    await this.#docks.problem(`camera ${identity.serial ?? identity.model ?? port} does not show its card`, why);
  }

  /** It is gone, or mounted after all. */
  withdraw(note: string): void {
    this.#told.delete(note);
    this.#docks.departed(note);
  }

  /** Two volumes of one device are one refusal; so is the same plug before and after a start of docketd. */
  async #refuse(refused: CameraRefused): Promise<Told | undefined> {
    const { identity, plug, note } = refused;
    const key = `${plug ?? note} ${refused.cause} ${identity.serial ?? ''}`;
    const isNew = ![...this.#told.values()].includes(key) && !this.#isOnRecord(refused);
    this.#told.set(note, key);
    const why = await this.#record(refused, isNew);
    return why === undefined ? undefined : { what: 'a camera was not mounted', why, isNew };
  }

  #record({ identity, reason, cause }: CameraRefused, isNew: boolean): Promise<Failure | undefined> {
    const { ports, config } = this.#station;
    const keyboard = cause === 'keyboard' ? reason : undefined;
    if (isNew) return refuseUnmounted(ports, identity, { kind: 'station', name: config.station.name }, keyboard);
    return Promise.resolve(
      keyboard === undefined ? new Failure('camera-unknown', reason) : refusedKeyboard(identity, reason),
    );
  }

  #isOnRecord({ at, identity }: CameraRefused): boolean {
    if (at >= this.#startedAt) return false;
    const since = formatInstant(at);
    return this.#station.ports.catalog
      .recentRefusals(RECENT)
      .some(({ entry }) => entry.at >= since && entry.camera.serial === identity.serial);
  }
}

interface Told {
  readonly what: string;
  readonly why: Failure;
  readonly isNew: boolean;
}

function unmountable({ identity, reason }: CameraRefused): Told {
  const what = `the card of camera ${identity.serial ?? 'without serial'} was not mounted`;
  return {
    what,
    why: new Failure('source-unreadable', reason, { facts: { serial: identity.serial ?? null } }),
    isNew: true,
  };
}
