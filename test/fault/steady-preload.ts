// Loaded before docket in traced runs: random names and the wall clock become the same in every run, so that a system call seen in
// one run can be met again in the next by its path. Never loaded by the product.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** Wall time at the start of every traced run, in milliseconds since 1970. */
const STARTED_MS = 1_790_000_000_000;

/** Another seed gives other names: for a second run on one station. */
const seed = process.env['DOCKET_SEED'] ?? '1';
let drawn = 0;
let asked = 0;

function randomBytes(sizeBytes: number): Buffer {
  drawn += 1;
  return crypto.createHash('sha512').update(`${seed} ${drawn}`).digest().subarray(0, sizeBytes);
}

Object.assign(crypto, { randomBytes });
Date.now = () => {
  asked += 1;
  return STARTED_MS + asked;
};
syncBuiltinESMExports();
