// Receipts of copies that stand while others of the same object still lack: a retry neither writes nor reads those again.
// Only a memory of this run: after a restart the members are asked once more.
import type { VaultReceipt } from '../evidence/index.ts';
import type { PutSource, PutTerms, Vault } from './port.ts';

/** Objects remembered; the spool of a long outage holds more, and those are only compared once more. */
const MAX_OBJECTS = 20_000;

/** Receipts by object and member. */
export class KeptReceipts {
  readonly #objects = new Map<string, Map<Vault, VaultReceipt>>();

  /** The receipt that this very put got from a member. */
  find(put: string, member: Vault): VaultReceipt | undefined {
    return this.#objects.get(put)?.get(member);
  }

  keep(put: string, member: Vault, receipt: VaultReceipt): void {
    const known = this.#objects.get(put) ?? new Map<Vault, VaultReceipt>();
    known.set(member, receipt);
    this.#objects.set(put, known);
    const [oldest] = this.#objects.keys();
    if (this.#objects.size > MAX_OBJECTS && oldest !== undefined) this.#objects.delete(oldest);
  }

  /** The object stands in as many members as it must. */
  drop(put: string): void {
    this.#objects.delete(put);
  }
}

/** What makes two puts the same: name, bytes and what is asked of the store. */
export function markOf(key: string, source: PutSource, terms: PutTerms): string {
  return JSON.stringify([
    key,
    source.sha256,
    source.sizeBytes,
    terms.locked,
    terms.retainUntil,
    terms.legalHold === true,
  ]);
}
