// laws: room-import
// lint: eslint(no-restricted-imports)
import type { Vault } from '../vault/index.ts';

/** The corridor is straight: a type is an import too. */
export type Sideways = Vault;
