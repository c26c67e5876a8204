// The rolling check of a station: in the background as long as the service runs, now when somebody asks, and where it stands for status.
// Never in the way of a camera: it rests while one is copied.
import { z } from 'zod';
import type { ScrubView, StatusView, WorkProgress } from '../cli/index.ts';
import {
  accountOf,
  isOverdue,
  type Rest,
  Scrubber,
  type ScrubRules,
  type ScrubStep,
  scrubNow,
} from '../custody/index.ts';
import { type EpochMs, Failure, type Instant, isFailure, parseShape } from '../evidence/index.ts';
import { type DockPorts, publishOrNote } from '../ingest/index.ts';
import { type Config, errorFacts } from '../platform/index.ts';
import { parseHours } from '../vault/index.ts';
import type { Docks } from './docks.ts';
import { placesOf } from './places.ts';
import { readScrubState, writeScrubState } from './scrub-file.ts';
import type { Answerer } from './socket.ts';
import type { Station } from './station.ts';

const GIB = 1_073_741_824;
const DAY_MS = 86_400_000;
/** How long it rests before it looks again, in milliseconds: the time of day moves slowly, and a camera is gone in minutes. */
const REST_MS: Readonly<Record<Rest, number>> = {
  busy: 5000,
  hours: 60_000,
  budget: 60_000,
  cycle: 600_000,
  vault: 60_000,
};
/** After a start others come first: what waits in the spool, and the cameras of the shift that ends. */
const FIRST_MS = 600_000;
/** After a failure that is no matter of waiting for the vault. */
const FAILED_MS = 900_000;

/** The rules of a configuration. */
export function scrubRulesOf({ scrub }: Pick<Config, 'scrub'>): ScrubRules {
  return {
    bytesPerDay: scrub.gib_per_day * GIB,
    hours: scrub.hours === undefined ? undefined : parseHours(scrub.hours),
    cycleMs: scrub.cycle_days * DAY_MS,
  };
}

/** Takes up the rolling check where it was left. */
export async function openScrubber({ config, ports }: Station, isBusy: () => boolean): Promise<Scrubber> {
  const path = placesOf(config).scrub;
  return new Scrubber(
    {
      station: ports.station,
      keys: ports.ledger.state().keys,
      vault: ports.vault,
      tiles: ports.tiles,
      ledger: ports.ledger,
      catalog: ports.catalog,
      copies: (item) => ports.catalog.copies(item).map((each) => each.entry),
      clock: ports.clock,
      record: (entry) => void ports.recorder.record([entry]),
      save: (state) => writeScrubState(path, state),
      isBusy,
    },
    scrubRulesOf(config),
    await readScrubState(path),
  );
}

/** Checks bit by bit until `signal` aborts. Rejects with what stops the station. */
export async function keepScrubbing(
  scrubber: Scrubber,
  { config, ports }: Station,
  docks: Docks,
  signal: AbortSignal,
): Promise<void> {
  if (!config.scrub.enabled) return;
  for (let restMs = FIRST_MS; !signal.aborted; ) {
    await ports.clock.wait(restMs, signal).catch(() => undefined); // ends early when the service stops
    if (!signal.aborted) restMs = await oneStep(scrubber, ports, docks, signal);
  }
  await keepOrNote(scrubber, ports);
}

/** A bookmark that cannot be written down costs a few looks more after the next start; the service has ended in order all the same. */
async function keepOrNote(scrubber: Scrubber, { log }: DockPorts): Promise<void> {
  try {
    await scrubber.keep();
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    log.warn('where the rolling check stands could not be written down', errorFacts(error));
  }
}

/** One step; returns how long to rest. */
async function oneStep(scrubber: Scrubber, ports: DockPorts, docks: Docks, signal: AbortSignal): Promise<number> {
  try {
    await ports.standing.confirm();
    const step = await scrubber.step(signal);
    await tellFindings(step, docks);
    return step.did === 'rested' ? REST_MS[step.why] : 0;
  } catch (error) {
    if (signal.aborted) return 0;
    if (!isFailure(error) || error.policy === 'stop') throw error;
    if (error.policy === 'retry' && error.code !== 'spool-full') return REST_MS.vault; // the retries of the service tell that it is away
    await docks.problem('the rolling check of the vault does not go on', error);
    return FAILED_MS;
  }
}

async function tellFindings(step: ScrubStep, docks: Docks): Promise<void> {
  if (step.did === 'rested') return;
  const [first] = step.findings;
  if (first !== undefined)
    await docks.problem(
      `the rolling check found ${step.findings.length} thing(s) wrong`,
      new Failure('vault-mismatch', `${first.code} ${first.where}: ${first.what}`),
    );
}

const scrubQuestion = z.strictObject({ budgetGib: z.number().positive().optional() });

/** `docket scrub`, for the socket and for a command without a daemon. */
export function scrubAnswerers(
  scrubber: Scrubber,
  { config, ports }: Station,
  docks: Docks,
): Readonly<Record<string, Answerer>> {
  return {
    scrub: async (question, progress, signal): Promise<ScrubView> => {
      const { budgetGib = config.scrub.gib_per_day } = parseShape(scrubQuestion, question, 'the request');
      await ports.standing.confirm();
      const started = ports.clock.elapsedMs();
      const done = await scrubNow(scrubber, {
        budgetBytes: budgetGib * GIB,
        clock: ports.clock,
        signal,
        onCheck: (each) => {
          const work: WorkProgress = { subject: ports.station, state: each.step, ...each };
          const seconds = (ports.clock.elapsedMs() - started) / 1000;
          progress({ ...work, rate: seconds > 1 ? each.done / seconds : undefined });
        },
      });
      await tellFindings({ did: 'checked', ...done }, docks);
      await publishOrNote(ports);
      return { ok: done.findings.length === 0, ...done };
    },
  };
}

/** Where the rolling check stands. */
export async function viewScrub(
  config: Config,
  { size, firstItemAt }: { readonly size: number; readonly firstItemAt: Instant | undefined },
  now: EpochMs,
): Promise<StatusView['scrub']> {
  const state = await readScrubState(placesOf(config).scrub);
  const rules = scrubRulesOf(config);
  return {
    enabled: config.scrub.enabled,
    lastCycleAt: state.last?.finishedAt ?? null,
    cycleStartedAt: state.cycle?.startedAt ?? null,
    next: state.next,
    size,
    findings: (state.last?.findings ?? 0) + (state.cycle?.findings ?? 0),
    overdue: isOverdue(state, rules, now, firstItemAt),
    bytesToday: accountOf(state, rules, now).bytes,
    budgetBytes: rules.bytesPerDay,
  };
}
