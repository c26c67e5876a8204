// Following a running docketd, both ends: it tells how its docks stand twice a second, whoever follows hears it until either ends.
// Never asks for more than memory and small files: a screen that hangs on the wall all year must cost nothing.
import { z } from 'zod';
import { DOCK_PHASES, type LiveView } from '../cli/index.ts';
import { Failure, instantSchema, isFailure } from '../evidence/index.ts';
import { type Config, freeBytes } from '../platform/index.ts';
import { viewVaults } from './copies.ts';
import type { Docks } from './docks.ts';
import { placesOf } from './places.ts';
import { type Answerer, askDaemon } from './socket.ts';
import type { Station } from './station.ts';
import { freeVaultBytes, viewQueue } from './status.ts';

/** How often followers are told, in milliseconds: a bar that moves, and a sign of life. */
const TELL_MS = 500;
/** How often the spool, the vaults and free space are looked at for them, in milliseconds: that reads the disk. */
const LOOK_MS = 5000;

const dockSchema = z.object({
  dock: z.string().nullable(),
  present: z.boolean().nullable(),
  camera: z.string(),
  model: z.string().nullable(),
  officer: z.string().nullable(),
  state: z.string(),
  phase: z.enum(DOCK_PHASES),
  since: instantSchema,
  receiptStands: z.boolean(),
  toClear: z.boolean(),
  filesDone: z.number(),
  filesTotal: z.number(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  problem: z.object({ code: z.string(), what: z.string(), next: z.string() }).nullable(),
});

const vaultSchema = z.object({
  name: z.string(),
  kind: z.enum(['directory', 's3']),
  where: z.string(),
  awaySince: instantSchema.nullable(),
  why: z.string().nullable(),
  behind: z.number(),
});

const liveSchema: z.ZodType<LiveView> = z.object({
  station: z.string(),
  docks: z.array(dockSchema),
  dockNames: z.array(z.string()),
  queue: z.object({
    spoolFiles: z.number(),
    spoolBytes: z.number(),
    keptParts: z.number(),
    acquisitionsWaiting: z.number(),
  }),
  ledger: z.object({ size: z.number(), published: z.number(), root: z.string() }),
  vaults: z.array(vaultSchema),
  free: z.object({ spoolBytes: z.number(), vaultBytes: z.number().nullable() }),
  problems: z.array(z.object({ at: instantSchema, what: z.string(), next: z.string() })),
});

/** The use case of a running daemon that tells until whoever asked is gone. Never returns: it ends by `signal`. */
export function followAnswerers(station: Station, docks: Docks): Readonly<Record<string, Answerer>> {
  const { clock } = station.ports;
  return {
    follow: async (_question, progress, signal) => {
      let looked = await lookAround(station, docks);
      for (let lookedMs = clock.elapsedMs(); ; ) {
        if (clock.elapsedMs() - lookedMs >= LOOK_MS) {
          looked = await lookAround(station, docks);
          lookedMs = clock.elapsedMs();
        }
        progress({ ...looked, ...docks.view(), ledger: viewLedger(station) } satisfies LiveView);
        await clock.wait(TELL_MS, signal);
      }
    },
  };
}

type Looked = Pick<LiveView, 'station' | 'queue' | 'vaults' | 'free'>;

async function lookAround({ config, ports }: Station, docks: Docks): Promise<Looked> {
  const [queue, vaults, free] = await Promise.all([
    viewQueue(placesOf(config).spool, docks.view().docks),
    viewVaults(config, ports.ledger.state().published?.size ?? 0),
    viewFree(config),
  ]);
  return { station: config.station.name, queue, vaults, free };
}

async function viewFree(config: Config): Promise<LiveView['free']> {
  return { spoolBytes: await freeBytes(config.paths.state), vaultBytes: await freeVaultBytes(config) };
}

function viewLedger({ ports }: Station): LiveView['ledger'] {
  const { checkpoint, published } = ports.ledger.state();
  return { size: checkpoint.size, published: published?.size ?? 0, root: checkpoint.root.toString('hex') };
}

/** Hears a running daemon until it ends or `signal` aborts. False when none listens. Failures: 'daemon-unreachable', 'not-found' when it cannot tell. */
export async function followDaemon(
  config: Config,
  onView: (view: LiveView) => void,
  signal: AbortSignal,
): Promise<boolean> {
  let heard = false;
  const tell = (value: unknown): void => {
    const view = liveSchema.safeParse(value);
    if (!view.success)
      throw new Failure('invalid', 'docketd and this docket are of two versions; start both again', {
        cause: view.error,
      });
    heard = true;
    onView(view.data);
  };
  try {
    return (await askDaemon(placesOf(config).socket, 'follow', {}, tell, signal)) !== undefined;
  } catch (error) {
    if (!isFailure(error)) throw error;
    // Following never ends with a result: that either side stopped is its end.
    const isEnd = error.code === 'cancelled' || (heard && error.code === 'daemon-unreachable');
    if (!isEnd) throw error;
    return true;
  }
}
