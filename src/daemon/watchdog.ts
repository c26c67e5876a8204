// systemd's watchdog: told that docketd lives, only by docketd's own main thread and only while its ledger answers.
// Never by a timer elsewhere: a main thread that is stuck, or a disk that hangs, must be noticed.
import { type Clock, errorFacts, type Log } from '../platform/index.ts';

/** How often systemd wants to hear from this process, halved, in milliseconds; undefined when it does not. See sd_watchdog_enabled(3). */
export function watchdogEveryMs(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const micros = Number(environment['WATCHDOG_USEC']);
  const meant = environment['WATCHDOG_PID'];
  if (!Number.isSafeInteger(micros) || micros <= 0 || (meant !== undefined && Number(meant) !== pid)) return undefined;
  return Math.max(1, Math.floor(micros / 2000));
}

/** What the watchdog is fed by. */
export interface WatchdogPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Throws when the ledger does not answer. */
  confirm(): void;
  notify(state: 'WATCHDOG=1'): Promise<void>;
}

/** Feeds the watchdog until `signal` aborts. A ledger that does not answer is logged once and not covered up: systemd then ends the service. */
export async function feedWatchdog(ports: WatchdogPorts, everyMs: number, signal: AbortSignal): Promise<void> {
  let silent = false;
  while (!signal.aborted) {
    try {
      ports.confirm();
      silent = false;
      await ports.notify('WATCHDOG=1');
    } catch (error) {
      if (!silent)
        ports.log.error('the ledger does not answer: systemd is not told that docketd lives', errorFacts(error));
      silent = true;
    }
    await ports.clock.wait(everyMs, signal).catch(() => undefined); // aborted: the service stops
  }
}
