// Use cases: dock a folder or mounted camera, take documents. Who the camera is, whose it is, and whether it may be taken at all.
// Never reads a card of a camera that is neither registered nor allowed.
import { randomBytes } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Docking } from '../acquire/index.ts';
import {
  type Card,
  type CardLimits,
  chooseProfile,
  type FolderCard,
  identifyMount,
  openCard,
  openFileCard,
  PROFILE_SAMPLE_FILES,
  type Profile,
  TAKE_EVERYTHING,
} from '../camera/index.ts';
import {
  type CameraIdentity,
  type CaseNumber,
  casePrefix,
  type Entry,
  errnoOf,
  Failure,
  formatInstant,
  type ItemKind,
  isFailure,
  makeAcquisitionId,
  parseCaseNumber,
} from '../evidence/index.ts';
import { errorFacts } from '../platform/index.ts';
import { type AcquisitionResult, acquireCard } from './acquire-card.ts';
import type { IngestPorts, OnProgress, Progress } from './ports.ts';
import { publishOrNote } from './publish.ts';
import { releaseCamera } from './release.ts';
import { listInTime } from './time-limit.ts';

/** What docking needs besides ingest's own ports. */
export interface DockPorts extends IngestPorts {
  readonly profiles: readonly Profile[];
  readonly cardLimits: CardLimits;
  readonly unknownCameras: 'refuse' | 'allow';
  /** The state folder and each directory vault: a folder in or around them is never cleared, whatever serial somebody gives it. */
  readonly ownFolders: readonly string[];
}

/** A folder or mount to take. */
export interface DockOrder {
  readonly path: string;
  /** Serial as the operator says it; else the device says it, else it is a plain folder. */
  readonly serial?: string | undefined;
  readonly case?: string | undefined;
  readonly clockOffsetMs?: number | undefined;
  readonly actor: Entry['actor'];
  /** When nobody asked but the camera arrived, what it is: only a registered camera is taken then, never a plain folder as such. */
  readonly arrived?: CameraIdentity | undefined;
}

/** Acquires a folder or mount. Failures: 'invalid', 'camera-unknown', 'camera-gone', 'spool-full', ledger-*. */
export async function dockFolder(
  ports: DockPorts,
  order: DockOrder,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<AcquisitionResult> {
  const caseNumber = parseCase(order.case);
  const root = await findFolder(order.path, order.arrived === undefined ? 'invalid' : 'camera-gone');
  const presented = order.arrived === undefined ? await identify(root, order) : shownAs(order.arrived, root, order);
  const { identity, registered } = await admit(ports, presented, order);
  const profile = await profileFor(ports, root, identity, signal);
  await using card = await openCard({
    root,
    identity: { ...identity, profile: profile.name },
    profile,
    limits: ports.cardLimits,
  });
  await demandSame(card, root, presented, order);
  const docking = {
    ...newDocking(ports, card, order.actor),
    case: caseNumber,
    cameraOffsetMs: order.clockOffsetMs ?? ('unknown' as const),
  };
  if (!ports.rules.release || !registered || (await isOwn(ports, root)))
    return await acquireCard(ports, docking, card, onProgress, signal);
  return await acquireAndClear(ports, docking, card, onProgress, signal);
}

/**
 * Until the card is cleared, or will not be, every state says that it is yet to be: it may be written to at any moment, and nobody may be told
 * to pull the camera out.
 */
async function acquireAndClear(
  ports: DockPorts,
  docking: Docking,
  card: FolderCard,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<AcquisitionResult> {
  let last: Progress | undefined;
  const heard: OnProgress = (progress) => {
    last = progress;
    onProgress({ ...progress, toClear: true });
  };
  const tell = (changes: Partial<Progress>): void => {
    const now = ports.clock.now();
    if (last !== undefined) onProgress({ ...last, ...changes, since: now, at: now });
  };
  try {
    const result = await acquireCard(ports, docking, card, heard, signal);
    if (result.final) {
      tell({ state: 'releasing', toClear: true });
      await releaseOrNote(ports, card, result, signal);
    }
    return result;
  } finally {
    tell({ toClear: false });
  }
}

/** True where files of the station itself would be taken for a camera's: cleared, a vault would lose what is on record. */
async function isOwn({ ownFolders }: DockPorts, root: string): Promise<boolean> {
  const own = await Promise.all(ownFolders.map((each) => realpath(each).catch(() => each))); // one that is away holds nothing here
  return own.some((each) => isWithin(each, root) || isWithin(root, each));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * A camera that is plugged in again within a second, or another one in its place, may have been mounted between the look at who it is and the
 * opening of its card; for a moment there was only the empty folder. What is open now must be what was presented.
 */
async function demandSame(card: Card, root: string, presented: CameraIdentity, order: DockOrder): Promise<void> {
  const now = await identify(root, order);
  if (isDeepStrictEqual(now, presented) && (await card.isPresent())) return;
  throw new Failure('camera-gone', `the camera at ${root} was taken away, or exchanged, before its card was read`);
}

/** What cannot be released stays on the camera and is on record all the same. */
async function releaseOrNote(
  ports: DockPorts,
  card: FolderCard,
  { listing, receipt }: AcquisitionResult,
  signal: AbortSignal,
): Promise<void> {
  try {
    const cleared = await releaseCamera(ports, card, listing, receipt, signal);
    ports.log.info('a camera was released', { acquisition: receipt.acquisition, files: cleared });
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    ports.log.warn('a camera was not released', { acquisition: receipt.acquisition, ...errorFacts(error) });
  }
}

/** Chosen files of a case: documents, or what settled in a drop folder. */
export interface FilesOrder {
  readonly files: readonly string[];
  readonly case: string;
  readonly documentType?: string | undefined;
  readonly way: 'document' | 'inbox';
  /** Kind of all of them; by extension when absent. */
  readonly kind?: ItemKind | undefined;
  /** Folder that paths on the receipt start from. */
  readonly root?: string | undefined;
  readonly actor: Entry['actor'];
}

/** Acquires chosen files. Failures: 'invalid', 'spool-full', ledger-*. */
export async function dockFiles(
  ports: DockPorts,
  order: FilesOrder,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<AcquisitionResult> {
  const caseNumber = parseCase(order.case);
  const documentType = order.documentType === undefined ? undefined : parseDocumentType(order.documentType);
  const identity: CameraIdentity = { way: order.way, folder: order.root };
  await using card = await openFileCard({ files: order.files, identity, root: order.root, kind: order.kind });
  const docking = { ...newDocking(ports, card, order.actor), case: caseNumber, documentType, cameraOffsetMs: 0 };
  return await acquireCard(ports, docking, card, onProgress, signal);
}

function newDocking(
  ports: DockPorts,
  card: Card,
  actor: Entry['actor'],
): Pick<Docking, 'acquisition' | 'camera' | 'actor'> {
  return {
    acquisition: makeAcquisitionId(ports.clock.now(), randomBytes(4).toString('hex')),
    camera: card.identity,
    actor,
  };
}

function parseCase(text: string | undefined): CaseNumber | undefined {
  if (text === undefined) return undefined;
  const caseNumber = parseCaseNumber(text);
  casePrefix(caseNumber); // it must also fit a folder name of the vault; told now, not after copying
  return caseNumber;
}

/** Longest type of a document, in characters. */
const MAX_TYPE_CHARS = 100;

function parseDocumentType(text: string): string {
  const type = text.normalize('NFC').trim();
  if (type === '' || [...type].length > MAX_TYPE_CHARS || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(type))
    throw new Failure(
      'invalid',
      `document type ${JSON.stringify(text.slice(0, 80))} is empty, longer than ${MAX_TYPE_CHARS} characters, or holds invisible characters`,
    );
  return type;
}

async function findFolder(path: string, code: 'invalid' | 'camera-gone'): Promise<string> {
  try {
    const root = await realpath(path);
    if ((await stat(root)).isDirectory()) return root;
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'there is no such folder' : (errnoOf(cause) ?? 'unknown error');
    throw new Failure(code, `${path} cannot be docked: ${why}`, { cause });
  }
  throw new Failure(code, `${path} is not a folder; a single document goes in with: docket document add`);
}

async function identify(root: string, order: DockOrder): Promise<CameraIdentity> {
  return shownAs(await identifyMount(root), root, order);
}

/** The device, under the serial the operator says; where nobody says one, by its folder. */
function shownAs(device: CameraIdentity, root: string, order: DockOrder): CameraIdentity {
  const serial = order.serial ?? device.serial;
  if (serial !== undefined) return { ...device, serial };
  return { ...device, way: device.way === 'usb' ? 'usb' : 'folder', folder: root };
}

/** Adds what the register knows. A camera with a serial that nobody registered is refused, on record, unless the station allows it. */
async function admit(ports: DockPorts, identity: CameraIdentity, order: DockOrder): Promise<Admitted> {
  const judged = judge(ports, identity, order.arrived !== undefined);
  if (judged.admitted !== undefined) return judged.admitted;
  await recordRefusal(ports, identity, order.actor, judged.reason);
  throw unknownCamera(identity, judged.reason);
}

/**
 * A camera that the system did not mount: on record as any refused one. Undefined if it may be taken by now; never of a `keyboard`, which is
 * refused for this reason whoever registered its serial.
 */
export async function refuseUnmounted(
  ports: DockPorts,
  camera: CameraIdentity,
  actor: Entry['actor'],
  keyboard?: string,
): Promise<Failure | undefined> {
  if (keyboard !== undefined) {
    await recordRefusal(ports, camera, actor, keyboard);
    return refusedKeyboard(camera, keyboard);
  }
  const judged = judge(ports, camera, true);
  if (judged.admitted !== undefined) return undefined;
  await recordRefusal(ports, camera, actor, judged.reason);
  return unknownCamera(camera, judged.reason);
}

/** The failure of a device that shows a card and can type. */
export function refusedKeyboard({ serial }: CameraIdentity, reason: string): Failure {
  return new Failure('camera-keyboard', `${reason}; nothing was copied`, { facts: { serial: serial ?? null } });
}

function unknownCamera({ serial }: CameraIdentity, reason: string): Failure {
  return new Failure('camera-unknown', `${reason}; nothing was copied`, { facts: { serial: serial ?? null } });
}

/** A camera that is taken. Only what a registered one brought is its station's to release: never a plain folder, never a stranger's stick. */
interface Admitted {
  readonly identity: CameraIdentity;
  readonly registered: boolean;
}

type Judgement =
  | { readonly admitted: Admitted; readonly reason?: undefined }
  | { readonly admitted?: undefined; readonly reason: string };

function judge(ports: DockPorts, identity: CameraIdentity, arrived: boolean): Judgement {
  const { serial } = identity;
  const registered =
    serial === undefined ? undefined : ports.catalog.camera(serial).find((each) => each.removedIndex === undefined);
  if (registered !== undefined) {
    const { model, profile, officer, unit } = registered.entry;
    const known = { ...identity, model: model ?? identity.model, profile, officer, unit };
    return { admitted: { identity: known, registered: true } };
  }
  if (ports.unknownCameras === 'allow' || (serial === undefined && !arrived))
    return { admitted: { identity, registered: false } };
  return {
    reason: serial === undefined ? 'it has no serial that could be registered' : `camera ${serial} is not registered`,
  };
}

/** Before the vault was there once in this run nothing can be put on record; a refusal is then in the log only, and is one all the same. */
async function recordRefusal(
  ports: DockPorts,
  camera: CameraIdentity,
  actor: Entry['actor'],
  reason: string,
): Promise<void> {
  try {
    await ports.standing.confirm();
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
    ports.log.warn('a refused camera is not on record', {
      reason,
      serial: camera.serial ?? null,
      ...errorFacts(error),
    });
    return;
  }
  const at = formatInstant(ports.clock.now());
  ports.recorder.record([{ v: 1, kind: 'camera.refused', at, actor, camera, reason }]);
  await publishOrNote(ports);
}

async function profileFor(
  ports: DockPorts,
  root: string,
  identity: CameraIdentity,
  signal: AbortSignal,
): Promise<Profile> {
  await using card = await openCard({
    root,
    identity,
    profile: TAKE_EVERYTHING,
    limits: { ...ports.cardLimits, maxFiles: PROFILE_SAMPLE_FILES },
  });
  const sample = await listInTime(ports, signal, (inTime) => Array.fromAsync(card.list(inTime)));
  return chooseProfile(ports.profiles, identity, sample).profile;
}
