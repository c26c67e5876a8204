// The longest time that listing a card, or copying it, may take: one that answers too slowly must not hold its place for ever.
// Never counts the wait for a place.
import { Failure, isFailure } from '../evidence/index.ts';
import type { IngestPorts } from './ports.ts';

/** What a limit of time needs. */
type TimePorts = Pick<IngestPorts, 'clock' | 'rules'>;

const HOUR_MS = 3_600_000;

/** A signal that aborts after the longest time one acquisition may take; disposing it ends the wait. */
export function startTimeLimit({ clock, rules }: TimePorts): Disposable & { readonly signal: AbortSignal } {
  const limit = new AbortController();
  const ended = new AbortController();
  const { maxAcquisitionMs } = rules;
  clock.wait(maxAcquisitionMs, ended.signal).then(
    () =>
      limit.abort(
        new Failure('cancelled', `the acquisition took longer than its limit of ${maxAcquisitionMs / HOUR_MS} h`),
      ),
    () => undefined, // the acquisition ended first
  );
  return { signal: limit.signal, [Symbol.dispose]: () => ended.abort() };
}

/** Lists a card within that time. Failures: those of `list`, and 'limit-exceeded': without a listing there is no receipt that could say so. */
export async function listInTime<T>(
  ports: TimePorts,
  signal: AbortSignal,
  list: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using limit = startTimeLimit(ports);
  try {
    return await list(AbortSignal.any([signal, limit.signal]));
  } catch (cause) {
    if (!isFailure(cause, 'cancelled') || signal.aborted || !limit.signal.aborted) throw cause;
    const hours = ports.rules.maxAcquisitionMs / HOUR_MS;
    throw new Failure('limit-exceeded', `listing the card took longer than the limit of ${hours} h`, { cause });
  }
}
