// lint: import(no-cycle)
import { a } from './cycle-a.ts';

/** The other half. */
export const b = (): number => a();
