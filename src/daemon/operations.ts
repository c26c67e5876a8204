// What people who run a station ask of a running docketd: metrics, another log level, a new look at its configuration, a sign of life.
// Never takes part in taking a camera: whatever fails here is told, and evidence goes on coming in.
import { z } from 'zod';
import { parseShape } from '../evidence/index.ts';
import { type AdjustableLog, errorFacts, LOG_LEVELS, monotonicMicros, notifySystemd } from '../platform/index.ts';
import type { Docks } from './docks.ts';
import { metricsPage } from './metrics.ts';
import { openMetricsPort } from './metrics-port.ts';
import { makeReloadable, type Reloaded } from './reload.ts';
import type { Answerer, Page } from './socket.ts';
import type { Station } from './station.ts';
import { Tally } from './tally.ts';
import { feedWatchdog, watchdogEveryMs } from './watchdog.ts';

/** Signals to read the configuration again, as they come; ended by `return`. */
export type Hangups = AsyncIterableIterator<unknown>;

/** The operations of a running station. */
export interface Operations {
  /** Use this station: it follows its configuration, and what it records is counted. */
  readonly station: Station;
  readonly answerers: Readonly<Record<string, Answerer>>;
  readonly pages: Readonly<Record<string, Page>>;
  /** Answers hang-ups, the watchdog and the metrics port until `signal` aborts. `reloaded` is called after each new look at the configuration. */
  run(hangups: Hangups, reloaded: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

const levelQuestion = z.strictObject({ level: z.enum(LOG_LEVELS) });

/** Makes the operations of a station that was just opened. */
export function makeOperations(opened: Station, docks: Docks, log: AdjustableLog): Operations {
  const tally = new Tally();
  const counted = { ...opened.ports, recorder: tally.counting(opened.ports.recorder) };
  const reloadable = makeReloadable(counted, opened.config, log);
  const station: Station = {
    config: opened.config,
    ports: reloadable.ports,
    replaced: opened.replaced,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
  const page = metricsPage({ station, docks, tally });
  return {
    station,
    answerers: {
      logLevel: async (question) => {
        const { level } = parseShape(levelQuestion, question, 'the request');
        const before = log.level;
        log.level = level;
        return { before, level };
      },
    },
    pages: { '/metrics': page },
    run: async (hangups, reloaded, signal) => {
      const reload = async (): Promise<Reloaded | undefined> => {
        const changes = await reloadable.reload();
        await reloaded();
        return changes;
      };
      await Promise.all([
        reloadAtHangups(station, reload, hangups, signal),
        keepWatchdogFed(station, log, signal),
        servePort(station, page, log, signal),
      ]);
    },
  };
}

async function reloadAtHangups(
  { config }: Station,
  reload: () => Promise<Reloaded | undefined>,
  hangups: Hangups,
  signal: AbortSignal,
): Promise<void> {
  const end = (): void => void hangups.return?.();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  for await (const _ of hangups) {
    await notifySystemd('RELOADING=1', `MONOTONIC_USEC=${monotonicMicros()}`);
    const reloaded = await reload();
    const refused = 'the changed configuration was refused, the one before is in effect: journalctl -u docketd';
    const status = reloaded === undefined ? refused : `station ${config.station.name} takes cameras`;
    await notifySystemd('READY=1', `STATUS=${status}`);
  }
}

async function keepWatchdogFed({ ports }: Station, log: AdjustableLog, signal: AbortSignal): Promise<void> {
  const everyMs = watchdogEveryMs(process.env, process.pid);
  if (everyMs === undefined) return;
  const confirm = (): void => ports.ledger.confirmHead();
  await feedWatchdog({ clock: ports.clock, log, confirm, notify: notifySystemd }, everyMs, signal);
}

/** A port that cannot be had is told; no camera waits for it. */
async function servePort({ config }: Station, page: Page, log: AdjustableLog, signal: AbortSignal): Promise<void> {
  const { listen } = config.metrics;
  if (listen === undefined || signal.aborted) return;
  try {
    await using port = await openMetricsPort(listen, page, log);
    log.info('metrics are given', { listen, port: port.port });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } catch (error) {
    log.error('metrics are given on the socket only', errorFacts(error));
  }
}
