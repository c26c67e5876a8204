// lint: import(no-cycle)
import { b } from './cycle-b.ts';

/** One half of a circle. */
export const a = (): number => b();
