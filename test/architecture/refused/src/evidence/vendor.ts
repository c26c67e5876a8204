// laws: room-package
// lint: eslint(no-restricted-imports)
import { pino } from 'pino';

/** A vendor package outside its room. */
export const log = pino;
