// laws: import-node
// lint: unicorn(prefer-node-protocol)
import { availableParallelism } from 'os';

/** One. */
export const one = availableParallelism();

/** One. */
export type One = number;
