// The use cases of one station for one command: writes go to the running daemon, or are done here under the station lock when none runs.
// Never both: the lock decides, and it is the kernel's.
import { z } from 'zod';
import type { CameraView, DockResult, OnWork, ScrubView, StatusView, UseCases, WorkProgress } from '../cli/index.ts';
import { fetchItem, findItems, showCase, showItem } from '../custody/index.ts';
import { Failure, isFailure } from '../evidence/index.ts';
import { type Recovered, recoverSpool } from '../ingest/index.ts';
import { type Config, silentLog, systemClock } from '../platform/index.ts';
import { makeAnswerers, viewCamera } from './answer.ts';
import { backupStation } from './backup.ts';
import { Docks } from './docks.ts';
import { followDaemon } from './follow.ts';
import { showKeys } from './keys-view.ts';
import { placesOf } from './places.ts';
import { rebuild } from './rebuild.ts';
import { replaceKey } from './replace-key.ts';
import { openScrubber, scrubAnswerers } from './scrub.ts';
import { askDaemon } from './socket.ts';
import { openArchive, openStation } from './station.ts';
import { viewStatus } from './status.ts';
import { vaultFolderOf } from './vaults.ts';
import { verifyStation } from './verify.ts';

/** How long a command waits for another one that holds the station, in milliseconds. */
const LOCK_WAIT_MS = 10_000;

/** The use cases over a configuration. Opens nothing until it is asked. */
export function openUseCases(config: Config): UseCases {
  const places = placesOf(config);
  const views = { derivedDir: places.derived };
  const write = (useCase: string, question: unknown, onWork: OnWork, signal: AbortSignal): Promise<unknown> =>
    writeThrough(config, useCase, question, onWork, signal);
  return {
    status: async () =>
      ((await askDaemon(places.socket, 'status', {}, () => undefined, neverAborted()))?.result as
        | StatusView
        | undefined) ?? viewStatus(config), // the daemon answers in this shape
    follow: (onView, signal) => followDaemon(config, onView, signal),
    dock: async (request, onWork, signal) => (await write('dock', request, onWork, signal)) as DockResult, // both ends are answer.ts
    addDocuments: async (request, onWork, signal) => (await write('documents', request, onWork, signal)) as DockResult, // both ends are answer.ts
    addCamera: async (request) => (await write('addCamera', request, () => undefined, neverAborted())) as CameraView, // both ends are answer.ts
    removeCamera: async (request) =>
      (await write('removeCamera', request, () => undefined, neverAborted())) as CameraView, // both ends are answer.ts
    listCameras: async () => {
      await using archive = await openArchive(config);
      return archive.ports.catalog.cameras().map(viewCamera);
    },
    showCase: async (number) => {
      await using archive = await openArchive(config);
      return await showCase({ ...archive.ports, ...views }, number, vaultFolderOf(config));
    },
    find: async (request) => {
      await using archive = await openArchive(config);
      return await findItems({ ...archive.ports, ...views }, request);
    },
    showItem: async (item) => {
      await using archive = await openArchive(config);
      return await showItem({ ...archive.ports, ...views }, item);
    },
    fetchItem: async ({ item, out }, onWork, signal) => {
      await using archive = await openArchive(config);
      return await fetchItem(
        archive.ports,
        item,
        out,
        (each) => onWork({ subject: item, state: each.step, ...each }),
        signal,
      );
    },
    verify: (request, onWork, signal) => verifyStation(config, request, onWork, signal),
    scrub: async (request, onWork, signal) => (await write('scrub', request, onWork, signal)) as ScrubView, // both ends are scrub.ts
    rebuild: (request, onWork, signal) => rebuild(config, request, onWork, signal),
    backup: (outDir) => backupStation(config, outDir),
    setLogLevel: (level) => setLogLevel(places.socket, level),
    showKeys: () => showKeys(config),
    replaceKey: (request, onWork, signal) => replaceKey(config, request, onWork, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What an earlier command or crash had left is news for whoever runs the next command. */
function tellRecovered({ finished, waiting }: Recovered, onWork: OnWork): void {
  const tell = (subject: string, state: string): void => onWork({ subject, state, done: 0, total: 0, unit: 'files' });
  for (const receipt of finished) tell(receipt.acquisition, `finished from the spool (${receipt.ended})`);
  for (const { acquisition, reason } of waiting) tell(acquisition, `waits in the spool: ${reason.message}`);
}

const levelSchema = z.object({ before: z.string(), level: z.string() });

async function setLogLevel(socket: string, level: string): Promise<z.infer<typeof levelSchema>> {
  const answered = await askDaemon(socket, 'logLevel', { level }, () => undefined, neverAborted());
  if (answered === undefined)
    throw new Failure(
      'daemon-unreachable',
      'docketd does not run: log.level in docket.toml says how its next run begins',
    );
  return levelSchema.parse(answered.result);
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

const progressSchema: z.ZodType<WorkProgress> = z.object({
  subject: z.string(),
  state: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.enum(['bytes', 'files', 'entries', 'objects']),
  rate: z.number().optional(),
  secondsLeft: z.number().optional(),
  detail: z.string().optional(),
});

async function writeThrough(
  config: Config,
  useCase: string,
  question: unknown,
  onWork: OnWork,
  signal: AbortSignal,
): Promise<unknown> {
  const started = systemClock.elapsedMs();
  for (;;) {
    const answered = await askDaemon(
      placesOf(config).socket,
      useCase,
      question,
      (value) => onWork(progressSchema.parse(value)),
      signal,
    );
    if (answered !== undefined) return answered.result;
    try {
      return await writeHere(config, useCase, question, onWork, signal);
    } catch (error) {
      // A daemon may have taken the lock between our question and our attempt: ask it, as long as the wait allows.
      if (!isFailure(error, 'station-locked') || systemClock.elapsedMs() - started > LOCK_WAIT_MS) throw error;
      await systemClock.wait(200, signal);
    }
  }
}

async function writeHere(
  config: Config,
  useCase: string,
  question: unknown,
  onWork: OnWork,
  signal: AbortSignal,
): Promise<unknown> {
  await using station = await openStation(config, { log: silentLog, command: `docket ${useCase}`, waitMs: 0 });
  const { ports } = station;
  tellRecovered(await recoverSpool(ports), onWork);
  const docks = new Docks(ports.clock, silentLog, placesOf(config).problems);
  await docks.load();
  const scrubber = await openScrubber(station, () => false);
  const answerer = { ...makeAnswerers(ports, docks), ...scrubAnswerers(scrubber, station, docks) }[useCase];
  if (answerer === undefined) throw new Error(`defect: no use case ${useCase}`);
  return await answerer(question, (value) => onWork(value as WorkProgress), signal); // our own answerers send WorkProgress
}
