// Chance that is the same in every run: what a test tries at random it tries again when it is run again.
// Never the machine's own randomness.
import { createHash } from 'node:crypto';

/** Numbers from 0 up to 1, without 1; the same ones for the same seed. */
export function makeChance(seed: string): () => number {
  let n = 0;
  return () => createHash('sha256').update(`${seed} ${n++}`).digest().readUInt32LE(0) / 2 ** 32;
}
