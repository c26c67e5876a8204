// laws: room-door
// lint: eslint(no-restricted-imports)
import { parseDigest } from '../evidence/digest.ts';

/** In through the window. */
export const window = parseDigest;
