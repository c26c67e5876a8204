// The lines of docket doctor that come from a status: whether docketd answers, and how the rolling check of the vault stands.
// Never asks more of a status than these facts: a docketd of another version may be running.
import { z } from 'zod';
import type { CheckLine } from '../cli/index.ts';
import { isFailure } from '../evidence/index.ts';
import type { Config } from '../platform/index.ts';
import { doubtful, failed, passed } from '../vault/index.ts';
import { lineOf } from './doctor-station.ts';
import { placesOf } from './places.ts';
import { askDaemon } from './socket.ts';
import { viewStatus } from './status.ts';

const scrubSchema = z.object({
  scrub: z.object({
    enabled: z.boolean(),
    overdue: z.boolean(),
    findings: z.number(),
    lastCycleAt: z.string().nullable(),
  }),
});

/** The daemon's socket, and the scrub as the daemon or the disk tells of it. */
export async function checkDaemon(config: Config, signal: AbortSignal): Promise<CheckLine[]> {
  try {
    const answered = await askDaemon(placesOf(config).socket, 'status', {}, () => undefined, signal);
    if (answered !== undefined) return [passed('docketd', 'answers on its socket'), ...scrubLines(answered.result)];
    const line = doubtful('docketd', 'does not run: no camera is taken by itself', 'systemctl enable --now docketd');
    return [line, ...scrubLines(await statusOnDisk(config))];
  } catch (error) {
    return [lineOf('docketd', error)];
  }
}

/** What keeps a status from being made has a line of its own: ledger, catalog, vault. */
async function statusOnDisk(config: Config): Promise<unknown> {
  try {
    return await viewStatus(config);
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}

/** The line of the scrub in a status; none where it tells of no scrub. */
export function scrubLines(status: unknown): CheckLine[] {
  const parsed = scrubSchema.safeParse(status);
  if (!parsed.success) return []; // a docketd that knows no scrub
  const { enabled, overdue, findings, lastCycleAt } = parsed.data.scrub;
  const last = lastCycleAt === null ? 'not once through yet' : `last through at ${lastCycleAt}`;
  if (findings > 0)
    return [failed('scrub', `${findings} finding(s); ${last}`, 'docket verify names them; keep the disk as it is')];
  if (!enabled)
    return [doubtful('scrub', 'switched off: damage is noticed only by docket verify', 'Switch it on in docket.toml')];
  if (overdue)
    return [doubtful('scrub', `overdue; ${last}`, 'docket status shows how far it is; docket scrub reads on now')];
  return [passed('scrub', last)];
}
