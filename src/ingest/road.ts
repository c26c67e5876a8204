// The road from the spool to the record for many items: a few are stored side by side, all are recorded in the order they were sent.
// Holds only what is under way. Once the vault itself does not answer, the rest waits in the spool without being tried one by one.
import type { Listing } from '../acquire/index.ts';
import {
  Failure,
  isFailure,
  ledgerPrefix,
  type RecordedItem,
  type SealedItem,
  type StoredItem,
} from '../evidence/index.ts';
import { CHECKPOINT_PATH } from '../ledger/index.ts';
import { type Gate, makeGate } from '../platform/index.ts';
import type { IngestPorts } from './ports.ts';
import { recordItem, storeItem } from './settle.ts';

/** Items that may be stored and not yet recorded, for each lane of the vault: one large file must not let all behind it idle. */
const AHEAD_PER_LANE = 8;
/** With items up to this size a lane mostly waits for answers, so several share it, in bytes. */
const SMALL_BYTES = 1_048_576;
const SMALL_PER_LANE = 3;

/** Where an item's travel ended. */
export type RoadEnd =
  | { readonly recorded: RecordedItem }
  /** It stays in the spool; why. */
  | { readonly waits: Failure }
  /** The station has to stop; `Road.stopped` says why. */
  | { readonly stopped: true };

/** An item to send. */
export interface Parcel {
  readonly listing: Listing;
  readonly sizeBytes: number;
  /** Its sealed manifest, read from the spool when its turn comes. */
  load(): Promise<SealedItem>;
  /** Hears the end; for recorded items in the order they were sent. Must not throw. */
  arrived(end: RoadEnd): void;
}

/** A road; one for each acquisition under way, and one for each round of recovery. */
export class Road {
  readonly #ports: IngestPorts;
  readonly #signal: AbortSignal;
  readonly #window: Gate;
  readonly #lanes: Gate;
  readonly #smallLanes: Gate;
  #last: Promise<void> = Promise.resolve();
  #confirming: Promise<void> | undefined;
  #probing: Promise<boolean> | undefined;
  #away: Failure | undefined;
  /** The smallest item that the vault had no space for, or does not take at this hour: what is as large is not tried, what is smaller is. */
  #tooLarge: { readonly sizeBytes: number; readonly failure: Failure } | undefined;
  #stopped: Error | undefined;

  constructor(ports: IngestPorts, signal: AbortSignal) {
    const lanes = ports.vault.lanes ?? 1;
    this.#ports = ports;
    this.#signal = signal;
    this.#lanes = makeGate(lanes);
    this.#smallLanes = ports.vault.lanes === undefined ? this.#lanes : makeGate(lanes * SMALL_PER_LANE); // a disk does not answer faster for that
    this.#window = makeGate(lanes * AHEAD_PER_LANE);
  }

  /** Why the vault as a whole cannot be used now; undefined as long as it answers. */
  get away(): Failure | undefined {
    return this.#away;
  }

  /** What stops the station. */
  get stopped(): Error | undefined {
    return this.#stopped;
  }

  /** Notes what stops the station; nothing more is stored or recorded. */
  stop(error: unknown): void {
    this.#stopped ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Sends an item; resolves once it has arrived, or stays in the spool. Never rejects. */
  send(parcel: Parcel): Promise<void> {
    const before = this.#last;
    const travel = this.#window.run(() => this.#travel(parcel, before));
    this.#last = Promise.all([before, travel]).then(() => undefined);
    return travel;
  }

  /** Waits until nothing is under way. */
  drain(): Promise<void> {
    return this.#last;
  }

  /** Asks the vault something that any vault answers; false, and `away` says why, when it does not. Rejects with what stops the station. */
  async probe(): Promise<boolean> {
    const { vault, station } = this.#ports;
    try {
      await this.#confirm();
      await vault.stat(ledgerPrefix(station) + CHECKPOINT_PATH);
      return true;
    } catch (error) {
      if (!isFailure(error) || error.policy === 'stop') throw error;
      this.#away ??= error;
      return false;
    }
  }

  async #travel(parcel: Parcel, before: Promise<void>): Promise<void> {
    parcel.arrived(await this.#journey(parcel, before));
  }

  async #journey(parcel: Parcel, before: Promise<void>): Promise<RoadEnd> {
    try {
      const lanes = parcel.sizeBytes > SMALL_BYTES ? this.#lanes : this.#smallLanes;
      const stored = await lanes.run(() => this.#ports.stores.run(() => this.#store(parcel)));
      await before;
      if (this.#stopped !== undefined) return { stopped: true };
      return { recorded: recordItem(this.#ports, parcel.listing, stored) };
      // Crash here: it is on record; its bytes are dropped from the spool by whoever hears of its arrival, or by recovery.
    } catch (error) {
      return await this.#judge(error, parcel);
    }
  }

  async #store(parcel: Parcel): Promise<StoredItem> {
    this.#demandOpen(parcel);
    await this.#confirm();
    return await storeItem(this.#ports, await parcel.load(), this.#signal);
  }

  /** Before anything is written for a head that may be an old copy. */
  async #confirm(): Promise<void> {
    this.#confirming ??= this.#ports.standing.confirm().finally(() => {
      this.#confirming = undefined;
    });
    try {
      await this.#confirming; // several items that start at once ask once
    } catch (error) {
      if (isFailure(error) && error.policy !== 'stop') this.#away ??= error;
      throw error;
    }
  }

  #demandOpen({ sizeBytes }: Parcel): void {
    this.#signal.throwIfAborted();
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#away !== undefined) throw this.#away;
    if (this.#tooLarge !== undefined && sizeBytes >= this.#tooLarge.sizeBytes) throw this.#tooLarge.failure;
  }

  async #judge(error: unknown, { sizeBytes }: Parcel): Promise<RoadEnd> {
    if (this.#signal.aborted && error === this.#signal.reason)
      return { waits: isFailure(error) ? error : new Failure('cancelled', 'it was ended', { cause: error }) };
    if (!isFailure(error) || error.policy === 'stop') {
      this.stop(error);
      return { stopped: true };
    }
    const isOfSize = error.code === 'vault-full' || error.code === 'vault-waiting';
    if (isOfSize && sizeBytes < (this.#tooLarge?.sizeBytes ?? Number.POSITIVE_INFINITY))
      this.#tooLarge = { sizeBytes, failure: error };
    await this.#lookForVault(error);
    return this.#stopped === undefined ? { waits: error } : { stopped: true };
  }

  /** A vault that answers otherwise has something against this item only: the next one is tried. */
  async #lookForVault(failure: Failure): Promise<void> {
    if (this.#away !== undefined) return;
    if (failure.code !== 'vault-unreachable' && failure.code !== 'vault-refused') return;
    this.#probing ??= this.probe().finally(() => {
      this.#probing = undefined;
    });
    try {
      await this.#probing; // what fails at the same time asks once
    } catch (cause) {
      this.stop(cause);
    }
  }
}
