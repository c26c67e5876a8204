// A start that takes long and goes on is told to systemd, which ends one that takes too long (TimeoutStartSec= in docketd.service).
// Never told by a timer: a start that stands still is to be ended.
import type { Clock } from '../platform/index.ts';

/** How often it is told, in milliseconds: much sooner than what was told before has run out. */
const AGAIN_MS = 30_000;
/** How much longer the start may take from then on, in milliseconds; as TimeoutStartSec. */
const LONGER_MS = 300_000;
/** Longest start that is spoken for, in milliseconds: half a day is more than any ledger takes that a station can have. */
const LONGEST_MS = 43_200_000;

/** What tells of a start. */
export interface StartPorts {
  readonly clock: Pick<Clock, 'elapsedMs'>;
  notify(...states: readonly string[]): Promise<void>;
}

/** Makes what is called whenever more of the ledger is in the catalog: `entries` of it are. */
export function makeStartReport(ports: StartPorts): (entries: number) => Promise<void> {
  const begun = ports.clock.elapsedMs();
  let told = begun;
  return async (entries) => {
    const now = ports.clock.elapsedMs();
    if (now - told < AGAIN_MS || now - begun > LONGEST_MS) return;
    told = now;
    await ports.notify(
      `EXTEND_TIMEOUT_USEC=${LONGER_MS * 1000}`,
      `STATUS=making the catalog: ${entries} entries of the ledger are in it`,
    );
  };
}
