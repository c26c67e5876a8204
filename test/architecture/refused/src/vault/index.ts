// laws: door-export
// A door that does work and lets another room's things out.
export type { Digest } from '../evidence/index.ts';
export { copies, type Vault } from './copies.ts';

/** Not an export-from line. */
export const answer = 42;
