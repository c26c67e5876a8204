// A set of names in eight bytes each, so that millions of expected objects fit in memory while an archive is verified.
// Hashes are keyed anew in every run: nobody can plan a stray object that collides with an expected one.
import { hash, randomBytes } from 'node:crypto';

/** Slots at first; doubled whenever half are taken. */
const FIRST_SLOTS = 4096;

/** Remembers names; can tell whether it has seen one. Wrong with probability of about n / 2^64 for n names. */
export class KeySet {
  readonly #secret = randomBytes(16).toString('hex');
  #slots = new BigUint64Array(FIRST_SLOTS);
  #size = 0;

  /** How many different names were added. */
  get size(): number {
    return this.#size;
  }

  add(name: string): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    if (this.#put(this.#slots, this.#hash(name))) this.#size += 1;
  }

  has(name: string): boolean {
    const wanted = this.#hash(name);
    const mask = BigInt(this.#slots.length - 1);
    for (let at = Number(wanted & mask); ; at = (at + 1) & (this.#slots.length - 1)) {
      const found = this.#slots[at];
      if (found === wanted) return true;
      if (found === 0n) return false;
    }
  }

  #hash(name: string): bigint {
    const value = hash('sha256', this.#secret + name, 'buffer').readBigUInt64LE(0);
    return value === 0n ? 1n : value; // zero marks an empty slot
  }

  #put(slots: BigUint64Array, value: bigint): boolean {
    const last = slots.length - 1;
    for (let at = Number(value & BigInt(last)); ; at = (at + 1) & last) {
      if (slots[at] === value) return false;
      if (slots[at] === 0n) {
        slots[at] = value;
        return true;
      }
    }
  }

  #grow(): void {
    const larger = new BigUint64Array(this.#slots.length * 2);
    for (const value of this.#slots) if (value !== 0n) this.#put(larger, value);
    this.#slots = larger;
  }
}
