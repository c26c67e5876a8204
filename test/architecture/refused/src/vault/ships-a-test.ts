// laws: test-import
import { suite } from './vault.contract.ts';

/** Tests in production. */
export const ships = suite;
