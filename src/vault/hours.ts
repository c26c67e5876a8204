// A vault that takes footage only at certain hours, so that the line is free by day. What is small passes at any time: records, receipts,
// the ledger. Never refuses for good: outside its hours footage waits in the spool, and is tried again.
import { Failure, type VaultReceipt } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Copies, Follows, PutSource, PutTerms, StoredObject, StoreGuard, Vault } from './port.ts';

/** Up to this size a put passes at any time, in bytes. */
const SMALL_BYTES = 1_048_576;

/** A span of the day in local time, in minutes since midnight; it goes across midnight where it ends before it begins. */
export interface Hours {
  readonly fromMinutes: number;
  readonly toMinutes: number;
}

/** Reads `22:00-06:00`. Throws Failure 'config-invalid'. */
export function parseHours(text: string): Hours {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null)
    throw new Failure('config-invalid', `${JSON.stringify(text)} is no span of the day like "22:00-06:00"`);
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  return { fromMinutes: fromHour * 60 + fromMinute, toMinutes: toHour * 60 + toMinute };
}

/** True within the span: its first minute counts, its end does not. A span that ends where it begins is the whole day. */
export function isWithin({ fromMinutes, toMinutes }: Hours, epochMs: number): boolean {
  const local = new Date(epochMs);
  const minutes = local.getHours() * 60 + local.getMinutes();
  if (fromMinutes === toMinutes) return true;
  if (fromMinutes < toMinutes) return minutes >= fromMinutes && minutes < toMinutes;
  return minutes >= fromMinutes || minutes < toMinutes;
}

class HoursVault implements Vault {
  readonly name: string;
  readonly lanes: number;
  readonly guard?: StoreGuard;
  readonly #vault: Vault;
  readonly #hours: Hours;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(vault: Vault, hours: Hours, clock: Pick<Clock, 'now'>) {
    this.name = vault.name;
    this.lanes = vault.lanes ?? 1;
    if (vault.guard !== undefined) this.guard = vault.guard;
    this.#vault = vault;
    this.#hours = hours;
    this.#clock = clock;
  }

  async putOnce(key: string, source: PutSource, terms: PutTerms, signal?: AbortSignal): Promise<VaultReceipt> {
    if (source.sizeBytes > SMALL_BYTES && !isWithin(this.#hours, this.#clock.now()))
      throw new Failure('vault-waiting', `the vault ${this.name} takes footage only from ${formatHours(this.#hours)}`);
    return await this.#vault.putOnce(key, source, terms, signal);
  }

  stat(key: string, copies?: Copies): Promise<StoredObject | undefined> {
    return this.#vault.stat(key, copies);
  }

  digest(key: string, copies?: Copies, signal?: AbortSignal, mostBytes?: number): ReturnType<Vault['digest']> {
    return this.#vault.digest(key, copies, signal, mostBytes);
  }

  read(key: string, signal?: AbortSignal, copies?: Copies): AsyncIterable<Uint8Array> {
    return this.#vault.read(key, signal, copies);
  }

  readSmall(key: string, maxBytes: number): Promise<Buffer | undefined> {
    return this.#vault.readSmall(key, maxBytes);
  }

  list(prefix: string): AsyncIterable<StoredObject> {
    return this.#vault.list(prefix);
  }

  async holdsCheckpoint(key: string, bytes: Uint8Array): Promise<boolean> {
    return (await this.#vault.holdsCheckpoint?.(key, bytes)) ?? false;
  }

  replaceCheckpoint(key: string, bytes: Uint8Array, follows?: Follows): Promise<void> {
    return this.#vault.replaceCheckpoint(key, bytes, follows);
  }

  close(): Promise<void> {
    return this.#vault.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function formatHours({ fromMinutes, toMinutes }: Hours): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return `${time(fromMinutes)} to ${time(toMinutes)}`;
}

/** The vault, open for footage within `hours` of the clock's local time only; closes it. */
export function withHours(vault: Vault, hours: Hours, clock: Pick<Clock, 'now'>): Vault {
  return new HoursVault(vault, hours, clock);
}
