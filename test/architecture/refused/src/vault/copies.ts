// laws: import-extension
import type { One } from './one';

/** A vault. */
export interface Vault {
  readonly copies: One;
}

/** Copies. */
export const copies = 1;
