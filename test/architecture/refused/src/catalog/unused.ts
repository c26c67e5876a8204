// lint: eslint(no-unused-vars)
import { parseDigest } from '../evidence/index.ts';

/** Nothing. */
export const nothing = 0;
