// The service: watches the docks, takes what arrives, retries what waits, answers the door, and stops in order.
// Never does what a room should do: it only connects arrivals to use cases and time to retries.
import { basename } from 'node:path';
import {
  type Arrival,
  type ArrivalWatch,
  type CameraArrived,
  type CameraRefused,
  type DropArrival,
  type UsbChange,
  watchArrivals,
} from '../camera/index.ts';
import type { Scrubber } from '../custody/index.ts';
import { Failure, isFailure, OPEN_OUTCOMES } from '../evidence/index.ts';
import { dockFiles, dockFolder, publishedSize, type Recovered, recoverSpool } from '../ingest/index.ts';
import {
  type AdjustableLog,
  type Clock,
  type Config,
  errorFacts,
  type Log,
  notifySystemd,
  systemClock,
} from '../platform/index.ts';
import { type Admission, makeAdmission } from './admission.ts';
import { makeAnswerers } from './answer.ts';
import { keepCopies } from './copies.ts';
import type { DockingReport } from './dockings.ts';
import { Docks } from './docks.ts';
import { followAnswerers } from './follow.ts';
import { type Hangups, makeOperations } from './operations.ts';
import { placesOf } from './places.ts';
import { Refusals } from './refusals.ts';
import { keepScrubbing, openScrubber, scrubAnswerers } from './scrub.ts';
import { type Answerer, openDoor } from './socket.ts';
import { keepUploadsFew } from './stale-uploads.ts';
import { makeStartReport } from './starting.ts';
import { openStation, type Station } from './station.ts';
import { viewStatus } from './status.ts';
import { Unseen } from './unseen.ts';

/** How often what waits in the spool, or is not yet published, is tried again, in milliseconds: soon at first, then more and more rarely. */
const FIRST_RETRY_MS = 1000;
const SLOWER = 1.5;
const RETRY_MS = 15_000;
/** How long the vault is waited for before the docks are watched, and when the service stops, in milliseconds: one that hangs holds up neither. */
const VAULT_WAIT_MS = 5000;
/** How long another docket may hold the station before the service gives up starting, in milliseconds. */
const LOCK_WAIT_MS = 30_000;

interface Service {
  readonly station: Station;
  readonly docks: Docks;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly scrubber: Scrubber;
  readonly admission: Admission;
  readonly refusals: Refusals;
  readonly unseen: Unseen;
  /** Acquisitions under way; stopping waits for them. */
  readonly running: Set<Promise<void>>;
  /** Ends the pause between two rounds of recovery: something new waits in the spool. */
  wake: AbortController;
}

/** Runs the service until `signal` aborts. Failures: whatever stops a station; exit and let systemd start it again. */
export async function runService(
  config: Config,
  log: AdjustableLog,
  signal: AbortSignal,
  hangups: Hangups,
): Promise<void> {
  using end = endAfter(signal, systemClock);
  await using opened = await openStation(config, {
    log,
    command: 'docketd',
    waitMs: LOCK_WAIT_MS,
    onApplied: makeStartReport({ clock: systemClock, notify: notifySystemd }),
    vaultWaitMs: VAULT_WAIT_MS,
    end: end.signal,
  });
  const docks = new Docks(opened.ports.clock, log, placesOf(config).problems, config.docks);
  const operations = makeOperations(opened, docks, log);
  const { station } = operations;
  await docks.load();
  const stopping = new AbortController();
  const ending = AbortSignal.any([signal, stopping.signal]);
  const service: Service = {
    station,
    docks,
    scrubber: await openScrubber(station, () => docks.busy),
    admission: makeAdmission(process.env, station.ports, docks),
    refusals: new Refusals(station, docks),
    unseen: new Unseen({
      clock: station.ports.clock,
      docks,
      isRegistered: (serial) =>
        station.ports.catalog.camera(serial).some(({ removedIndex }) => removedIndex === undefined),
      signal: ending,
    }),
    log,
    signal: ending,
    running: new Set(),
    wake: new AbortController(),
  };
  await service.admission.publish();
  const answerers = { ...answerersOf(service), ...operations.answerers };
  const door = await openDoor(placesOf(config).socket, answerers, log, operations.pages);
  log.info('docketd is ready', {
    station: config.station.name,
    ledger: station.ports.ledger.size,
    config: config.file,
  });
  await notifySystemd('--ready', `--status=station ${config.station.name} takes cameras`);
  try {
    await Promise.all([
      watchDocks(service),
      retryWaiting(service),
      keepCopies(station, service.signal),
      keepScrubbing(service.scrubber, station, docks, service.signal),
      keepUploadsFew(station.ports, service.signal),
      operations.run(hangups, () => service.admission.publish(), service.signal),
    ]);
  } finally {
    stopping.abort(new Failure('cancelled', 'docketd is stopping'));
    await notifySystemd('STOPPING=1');
    await door.close();
    await Promise.allSettled(service.running);
    log.info('docketd has stopped', { station: config.station.name });
  }
}

/** Aborts a while after `signal`: what is asked of a vault that answers still comes to its end. */
function endAfter(signal: AbortSignal, clock: Clock): Disposable & { readonly signal: AbortSignal } {
  const end = new AbortController();
  const ended = new AbortController();
  const begin = (): void => {
    const late = new Failure('vault-unreachable', 'docketd is stopping, and the vault does not answer');
    void clock.wait(VAULT_WAIT_MS, ended.signal).then(
      () => end.abort(late),
      () => undefined, // it has stopped before
    );
  };
  signal.addEventListener('abort', begin, { once: true });
  if (signal.aborted) begin();
  return { signal: end.signal, [Symbol.dispose]: () => ended.abort() };
}

function answerersOf(service: Service): Readonly<Record<string, Answerer>> {
  const { station, docks, scrubber } = service;
  const all = {
    ...makeAnswerers(station.ports, docks),
    ...scrubAnswerers(scrubber, station, docks),
    ...followAnswerers(station, docks),
  };
  const tracked = Object.entries(all).map(([name, answerer]): [string, Answerer] => [
    name,
    (question, progress, gone) => {
      // A command that is ended does not end a copy in progress; stopping the service does.
      const asked = answerer(
        question,
        progress,
        name === 'dock' || name === 'documents' ? service.signal : AbortSignal.any([gone, service.signal]),
      );
      const work = name === 'addCamera' || name === 'removeCamera' ? afterwards(asked, service.admission) : asked;
      const ended = work.then(
        () => undefined,
        () => undefined,
      );
      track(service, name === 'dock' || name === 'documents' ? ended.then(() => service.wake.abort()) : ended);
      return work;
    },
  ]);
  return { ...Object.fromEntries(tracked), status: () => viewStatus(station.config, docks.view()) };
}

/** The answer, once the system knows which cameras it may mount now. */
async function afterwards(answer: Promise<unknown>, admission: Admission): Promise<unknown> {
  const answered = await answer;
  await admission.publish();
  return answered;
}

function track(service: Service, work: Promise<void>): void {
  service.running.add(work);
  void work.finally(() => service.running.delete(work));
}

/** Takes arrivals as they come; each acquisition runs beside the others, the gate of ingest keeps the number bounded. */
async function watchDocks(service: Service): Promise<void> {
  const { cameras, inbox } = service.station.config;
  const { clock } = service.station.ports;
  await using watch = watchArrivals({
    clock,
    roots: cameras.roots,
    allowPlainDirectories: cameras.plain_folders,
    usb: cameras.usb,
    refusals: service.admission.refusals,
    profiles: () => service.station.ports.profiles,
    inbox: inbox.path,
    settleMs: inbox.settle_ms,
    signal: service.signal,
  });
  for await (const arrival of watch) {
    if (service.signal.aborted) return;
    await notice(service, watch, arrival);
  }
}

async function notice(service: Service, watch: ArrivalWatch, arrival: Arrival): Promise<void> {
  const { log, docks } = service;
  switch (arrival.kind) {
    case 'arrived':
      log.info('a camera arrived', { root: arrival.root, ...facts(arrival.identity) });
      track(service, takeCamera(service, arrival, docks.arrived(arrival)));
      return;
    case 'departed':
      log.info('a camera left', { root: arrival.root, ...facts(arrival.identity) });
      docks.departed(arrival.root);
      return;
    case 'refused':
      log.warn('the system did not mount a volume', {
        note: arrival.note,
        reason: arrival.reason,
        ...facts(arrival.identity),
      });
      track(service, tellRefused(service, arrival));
      return;
    case 'unlock':
      await service.refusals.unlock(arrival);
      return;
    case 'withdrawn':
      service.refusals.withdraw(arrival.note);
      return;
    case 'usb':
      log.info(`a USB device ${arrival.event}`, {
        vendorId: arrival.vendorId,
        productId: arrival.productId,
        serial: arrival.serial ?? null,
      });
      if (service.admission.refusals !== undefined) track(service, waitForCard(service, arrival));
      return;
    case 'drop':
      track(service, takeDrop(service, watch, arrival));
      return;
    case 'problem':
      // USB events only quicken and explain; without them the mounts are still looked at, so this is a remark.
      if (arrival.where === 'usb') log.warn(arrival.message);
      else await docks.problem(`watching ${arrival.where}`, new Failure('source-unreadable', arrival.message));
  }
}

function facts(identity: {
  readonly serial?: string | undefined;
  readonly model?: string | undefined;
}): Record<string, unknown> {
  return { serial: identity.serial ?? null, model: identity.model ?? null };
}

async function tellRefused(service: Service, refused: CameraRefused): Promise<void> {
  try {
    await service.refusals.tell(refused);
  } catch (error) {
    await stopOrTell(service, 'a camera that was not mounted is not on record', error);
  }
}

async function waitForCard(service: Service, change: UsbChange): Promise<void> {
  try {
    await service.unseen.changed(change);
  } catch (error) {
    await stopOrTell(service, 'a camera that was plugged in was not looked up', error);
  }
}

async function takeCamera(
  service: Service,
  { root, identity: arrived }: CameraArrived,
  report: DockingReport,
): Promise<void> {
  const { station, docks, log, signal } = service;
  try {
    const order = { path: root, actor: { kind: 'station' as const, name: station.config.station.name }, arrived };
    const { receipt, final, waiting } = await dockFolder(station.ports, order, report.onProgress, signal);
    log.info('an acquisition ended', {
      acquisition: receipt.acquisition,
      ended: receipt.ended,
      files: receipt.files.length,
      waiting: waiting.size,
      final,
    });
    const open = receipt.files.filter(
      (file) => OPEN_OUTCOMES.has(file.outcome) && file.outcome !== 'in-progress' && !waiting.has(file.n),
    );
    const first = open[0];
    if (first !== undefined)
      await docks.problem(
        `${open.length} file(s) of ${root} are not on record`,
        new Failure(codeOf(report), `${first.path.text}: ${first.reason ?? first.outcome}`),
      );
    if (!final) service.wake.abort();
  } catch (error) {
    if (isFailure(error)) report.failed(error);
    await stopOrTell(service, `the camera at ${root} was not taken`, error);
  }
}

/** What is done next depends on why; an acquisition that was cut off goes on when the camera is docked again. */
function codeOf({ problem }: DockingReport): Failure['code'] {
  return problem === undefined || problem.code === 'cancelled' ? 'camera-gone' : problem.code;
}

/** Documents and footage dropped into inbox/<case number>/; what was recorded stays where it is, and is not taken again. */
async function takeDrop(service: Service, watch: ArrivalWatch, drop: DropArrival): Promise<void> {
  const { station, docks, log, signal } = service;
  try {
    if (drop.caseText === undefined)
      throw new Failure(
        'invalid',
        `${drop.files
          .map((each) => basename(each))
          .join(', ')
          .slice(0, 200)} lies in no case folder: move it to a folder that has the case number as its name`,
      );
    const order = {
      files: drop.files,
      case: drop.caseText,
      way: 'inbox' as const,
      root: drop.folder,
      actor: { kind: 'station' as const, name: station.config.station.name },
    };
    const { receipt, final, waiting } = await dockFiles(station.ports, order, docks.onProgress, signal);
    log.info('a drop was taken', {
      acquisition: receipt.acquisition,
      case: drop.caseText,
      files: receipt.files.length,
      waiting: waiting.size,
      final,
    });
    // What waits for the vault is copied: offered again, it would be copied a second time.
    if (receipt.files.some(({ n, outcome }) => (outcome === 'failed' || outcome === 'interrupted') && !waiting.has(n)))
      watch.offerAgain(drop.folder);
    if (!final) service.wake.abort();
  } catch (error) {
    await stopOrTell(service, `what was dropped into ${drop.folder} was not taken`, error);
  }
}

/** Failures of one camera are told; what stops the station is thrown into the log and ends the process, so that recovery runs. */
async function stopOrTell(service: Service, what: string, error: unknown): Promise<void> {
  if (isFailure(error, 'cancelled')) return;
  await service.docks.problem(what, error);
  if (!isFailure(error) || error.policy === 'stop') {
    service.log.error('docketd stops: what is committed is safe, the next start continues', errorFacts(error));
    process.exitCode = isFailure(error) ? error.exit : 70;
    process.kill(process.pid, 'SIGTERM');
  }
}

/** Goes on with what waits in the spool, as long as the service runs. */
async function retryWaiting(service: Service): Promise<void> {
  const { station, docks, signal } = service;
  const { ports } = station;
  const opened = new Set<string>();
  let told: string | undefined;
  let healed = false;
  for (let tries = 0; !signal.aborted; ) {
    const recovered = await recoverSpool(ports, { isBusy: (each) => docks.isBusy(each), opened, signal });
    if (signal.aborted) return;
    told = await tellRecovered(service, recovered, told);
    if (!healed && ports.standing.isConfirmed) healed = await publishAgain(service);
    const open = recovered.waiting.length > 0 || publishedSize(ports.ledger) < ports.ledger.size;
    tries = open && recovered.finished.length === 0 ? tries + 1 : 0;
    if (await pause(service, open ? Math.min(FIRST_RETRY_MS * SLOWER ** tries, RETRY_MS) : RETRY_MS)) tries = 0;
  }
}

/** Once in every run: a checkpoint or a part of a tile that somebody removed stands again. False when the vault could not take it. */
async function publishAgain({ station, log }: Service): Promise<boolean> {
  try {
    await station.ports.publisher.publish({ again: true });
    return true;
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    log.warn('the ledger could not be published again', errorFacts(error));
    return false;
  }
}

/** Waits between two rounds; true when it was woken because something new waits. */
async function pause(service: Service, durationMs: number): Promise<boolean> {
  const { clock } = service.station.ports;
  const { wake } = service;
  await clock.wait(durationMs, AbortSignal.any([service.signal, wake.signal])).catch(() => undefined); // ends early by either
  if (!wake.signal.aborted) return false;
  service.wake = new AbortController();
  return true;
}

/** Tells people what went on and what waits: once for each reason, not at each try. Returns the reason that is now known. */
async function tellRecovered(
  { docks, log }: Service,
  { finished, waiting }: Recovered,
  told: string | undefined,
): Promise<string | undefined> {
  for (const receipt of finished) {
    docks.settled(receipt);
    log.info('an acquisition was finished from the spool', {
      acquisition: receipt.acquisition,
      ended: receipt.ended,
    });
  }
  const reason = waiting[0]?.reason;
  if (reason === undefined) {
    if (told !== undefined) log.info('nothing waits in the spool any more', {});
    return undefined;
  }
  log.warn('work waits in the spool', { waiting: waiting.length, ...errorFacts(reason) });
  if (reason.message !== told)
    await docks.problem(`${waiting.length} acquisition(s) wait in the spool, copied and safe`, reason);
  return reason.message;
}
