// lint: typescript(no-floating-promises)
import { wait } from '../platform/index.ts';

/** Nobody waits for this write. */
export function write(): void {
  wait(1);
}
