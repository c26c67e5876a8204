// Local times in file names, as instants: the camera's clock read in the profile's zone, daylight saving included.
// Never reads the clock; never guesses a zone.
import type { EpochMs } from '../evidence/index.ts';
import { parseEpochMs } from '../evidence/index.ts';

const DAY_MS = 86_400_000;

/** True if this machine knows the zone (an IANA name). */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false; // RangeError is how Intl says no
  }
}

/** `2026-01-31T08:00:00` from the digits of a name (`20260131` or `260131`, `080000` or `0800`); undefined when no such day or time exists. */
export function localOf(date: string, time: string): string | undefined {
  const digits = date.replaceAll(/\D/g, '');
  const day = digits.length === 6 ? `20${digits}` : digits;
  const clock = time.replaceAll(/\D/g, '').padEnd(6, '0');
  if (day.length !== 8 || clock.length !== 6) return undefined;
  const local = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${clock.slice(0, 2)}:${clock.slice(2, 4)}:${clock.slice(4)}`;
  const read = Date.parse(`${local}Z`);
  if (Number.isNaN(read) || new Date(read).toISOString().slice(0, 19) !== local) return undefined; // 31 February rolls over
  return local;
}

/** Reads local times of one zone. */
export type ZoneReader = (local: string) => EpochMs;

/**
 * A reader for a zone. A time that happens twice (clocks put back) is the earlier one; a time that never happens (clocks put forward)
 * is read with the offset from before the change, so it falls just after it.
 */
export function readerOfZone(zone: string): ZoneReader {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const offsetAt = (instantMs: number): number => wallOf(format, instantMs) - instantMs;
  return (local) => {
    const wall = Date.parse(`${local}Z`);
    const before = offsetAt(wall - DAY_MS);
    const after = offsetAt(wall + DAY_MS);
    const fits = [before, after]
      .map((offset) => ({ at: wall - offset, offset }))
      .filter(({ at, offset }) => offsetAt(at) === offset);
    return parseEpochMs(fits.length === 0 ? wall - before : Math.min(...fits.map(({ at }) => at)));
  };
}

/** What a clock on the wall shows at an instant, as if it were UTC, in milliseconds. */
function wallOf(format: Intl.DateTimeFormat, instantMs: number): number {
  const part = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(part.get(type) ?? Number.NaN);
  const year = part.get('era') === 'BC' ? 1 - number('year') : number('year');
  return Date.UTC(year, number('month') - 1, number('day'), number('hour'), number('minute'), number('second'));
}
