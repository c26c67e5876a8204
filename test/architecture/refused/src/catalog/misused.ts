// lint: typescript(no-misused-promises)
import { wait } from '../platform/index.ts';

/** Always true. */
export function isWritten(): boolean {
  if (wait(1)) return true;
  return false;
}
