// The spool: where footage is safe from the moment it is fsynced until the ledger holds it.
//   spool/<acquisition>/listing.json     every file seen, before the first byte is copied
//   spool/<acquisition>/NNNNNN.part      bytes being copied
//   spool/<acquisition>/NNNNNN.bytes     whole and fsynced (the rename is the proof)
//   spool/<acquisition>/NNNNNN.json      sealed manifest
//   spool/<acquisition>/receipt.json     the receipt, once every file has its outcome
//   spool/parts/<key>.part + .json       what an interrupted docking left, to be continued
// Never deletes bytes that are not on record.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AcquisitionId,
  type CameraIdentity,
  encodeCanonical,
  errnoOf,
  Failure,
  parseAcquisitionId,
  type SourceFile,
} from '../evidence/index.ts';
import {
  createExclusive,
  ensureDirectory,
  exists,
  freeBytes,
  moveDurable,
  removeDurable,
  replaceFile,
  syncDirectory,
  wrapWriteError,
} from '../platform/index.ts';
import { decodeListing, encodeListing, type Listing } from './listing.ts';
import { makeRoom } from './room.ts';

/** Largest listing read back, in bytes: 1,000,000 files of about 400 bytes. */
const MAX_LISTING_BYTES = 536_870_912;

/** How far a file of an acquisition has come, as its names in the spool tell. */
export type SpoolStage = 'none' | 'part' | 'bytes' | 'sealed';

/** One acquisition's folder in the spool. */
export interface SpoolFolder {
  readonly acquisition: AcquisitionId;
  readonly path: string;
  partPath(n: number): string;
  bytesPath(n: number): string;
  manifestPath(n: number): string;
  readonly receiptPath: string;
}

/** An acquisition that is not finished. */
export interface Leftover {
  readonly folder: SpoolFolder;
  /** undefined where the crash came before the listing, or where it cannot be read. */
  readonly listing: Listing | undefined;
  /** Why the listing cannot be read; the folder is left as it is, for a person to look at. */
  readonly damage?: Failure;
}

/** The spool of one station. */
export interface Spool {
  readonly path: string;
  /** Makes the acquisition's folder with its listing, durably; nothing may be copied before this returns. */
  begin(listing: Listing): Promise<SpoolFolder>;
  /** The listing of an acquisition that has begun. Failures: 'invalid' when somebody removed or damaged it, 'disk-failed'. */
  readListing(folder: SpoolFolder): Promise<Listing>;
  /** Acquisitions that are not finished, in the order of their ids; reads one folder and opens none. */
  unfinished(): Promise<readonly AcquisitionId[]>;
  /**
   * Folders of acquisitions that are not finished, oldest first, with their listings; undefined where the crash came before the listing.
   * Those left out are not read: so many cameras may wait to be copied, each with as many files as it likes.
   */
  leftovers(leaveOut?: (acquisition: AcquisitionId) => boolean): Promise<readonly Leftover[]>;
  stageOf(folder: SpoolFolder, n: number): Promise<SpoolStage>;
  /** After the fsync of the bytes: `.part` becomes `.bytes`. */
  complete(folder: SpoolFolder, n: number): Promise<void>;
  /** Removes one recorded file's bytes and manifest; durable once the folder is ended. */
  drop(folder: SpoolFolder, n: number): Promise<void>;
  /** Removes the folder of a finished acquisition. Failure 'invalid' while whole bytes are in it: then nothing is removed. */
  end(folder: SpoolFolder): Promise<void>;
  /** Claims space for bytes that are about to be written; returns what may be used: less than wanted, and nothing was claimed. */
  claim(wantedBytes: number): Promise<number>;
  /** Bytes and files waiting. */
  usage(): Promise<{ readonly files: number; readonly sizeBytes: number; readonly parts: number }>;
}

/** Number of a file as it stands in names. */
export function spoolNumber(n: number): string {
  return String(n).padStart(6, '0');
}

/** Key of a part: the same file on the same card, by everything that can be known without reading it. */
export function partKey(camera: CameraIdentity, file: SourceFile): string {
  const { serial, folder, volume } = camera;
  const facts = {
    serial,
    folder: serial === undefined ? folder : undefined,
    volume: volume?.uuid,
    path: file.path,
    sizeBytes: file.sizeBytes,
    modifiedAtMs: file.modifiedAtMs,
  };
  return createHash('sha256').update(encodeCanonical(facts)).digest('hex').slice(0, 40);
}

function folderAt(root: string, acquisition: AcquisitionId): SpoolFolder {
  const path = join(root, acquisition);
  return {
    acquisition,
    path,
    partPath: (n) => join(path, `${spoolNumber(n)}.part`),
    bytesPath: (n) => join(path, `${spoolNumber(n)}.bytes`),
    manifestPath: (n) => join(path, `${spoolNumber(n)}.json`),
    receiptPath: join(path, 'receipt.json'),
  };
}

/** Opens the spool, making its folders. Limits in bytes: the whole spool, and what must stay free on its disk. Failures: 'spool-full', 'disk-failed'. */
export async function openSpool(
  path: string,
  limits: { readonly maxBytes: number; readonly reserveBytes: number },
): Promise<Spool> {
  await onDisk(path, () => ensureDirectory(join(path, 'parts')));
  const room = makeRoom({
    ...limits,
    freeBytes: () => onDisk(path, () => freeBytes(path)),
    usedBytes: () => onDisk(path, async () => (await measureSpool(path)).sizeBytes),
  });
  return {
    path,
    begin: (listing) => room.giving(() => begin(path, listing)), // somebody may have made room by hand: each docking counts anew
    readListing: (folder) => onDisk(folder.path, () => demandListing(folder)),
    unfinished: () => onDisk(path, () => unfinished(path)),
    leftovers: (leaveOut = () => false) => onDisk(path, () => leftovers(path, leaveOut)),
    stageOf: (folder, n) => onDisk(folder.path, () => stageOf(folder, n)),
    complete: (folder, n) => onDisk(folder.path, () => moveDurable(folder.partPath(n), folder.bytesPath(n))),
    drop: (folder, n) => room.giving(() => onDisk(folder.path, () => drop(folder, n))),
    end: (folder) => room.giving(() => onDisk(folder.path, () => end(path, folder))),
    claim: (wantedBytes) => room.claim(wantedBytes),
    usage: () => measureSpool(path),
  };
}

/** What the disk refuses is a failure, with the place where it was. */
async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw wrapWriteError(error, path, 'spool-full');
  }
}

/**
 * Not fsynced: what a power cut brings back, both names or either, is on record, and recovery drops it once more. end() makes it durable
 * together with the removal of the listing.
 */
async function drop(folder: SpoolFolder, n: number): Promise<void> {
  await removeName(folder.bytesPath(n)); // bytes first: a manifest without bytes is harmless, bytes without one would be sealed again
  await removeName(folder.manifestPath(n));
}

async function removeName(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function end(root: string, folder: SpoolFolder): Promise<void> {
  await demandEmpty(folder);
  // The listing goes first: a folder without one is known to hold nothing that is not on record.
  await removeDurable(join(folder.path, 'listing.json'));
  await rm(folder.path, { recursive: true, force: true });
  await syncDirectory(root);
}

/** Whole bytes are dropped one by one as they are on record; any that are left may be the only copy. */
async function demandEmpty(folder: SpoolFolder): Promise<void> {
  const names = await readdir(folder.path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const left = names.find((name) => name.endsWith('.bytes'));
  if (left !== undefined)
    throw new Failure('invalid', `${join(folder.path, left)} is not on record; the folder is not removed`);
}

async function begin(root: string, listing: Listing): Promise<SpoolFolder> {
  const folder = folderAt(root, listing.acquisition);
  try {
    await ensureDirectory(folder.path);
    await createExclusive(join(folder.path, 'listing.json'), encodeListing(listing));
  } catch (error) {
    throw wrapWriteError(error, `the listing of ${listing.acquisition} in the spool`, 'spool-full');
  }
  return folder;
}

function isAcquisitionId(name: string): name is AcquisitionId {
  try {
    return parseAcquisitionId(name) === name;
  } catch {
    return false;
  }
}

/** Characters of an acquisition's id that tell its second. */
const SECOND_CHARS = 'yyyyMMdd-HHmmss'.length;

/** What has no acquisition's name (lost+found, a file in the making) is not docket's to continue. */
async function unfinished(root: string): Promise<AcquisitionId[]> {
  return (await readdir(root)).filter(isAcquisitionId).toSorted();
}

async function leftovers(
  root: string,
  leaveOut: (acquisition: AcquisitionId) => boolean,
): ReturnType<Spool['leftovers']> {
  const found: Leftover[] = [];
  for (const name of await unfinished(root)) {
    if (leaveOut(name)) continue;
    const folder = folderAt(root, name);
    try {
      found.push({ folder, listing: await readListing(folder) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      found.push({ folder, listing: undefined, damage: error }); // one damaged folder keeps no other from going on
    }
  }
  return found.sort((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
}

/** Sorts as time does. An id tells the second only, and within it nothing; the listing tells the rest. */
function ageKey({ folder: { acquisition }, listing }: Leftover): string {
  return `${acquisition.slice(0, SECOND_CHARS)} ${listing?.startedAt ?? ''} ${acquisition}`;
}

async function demandListing(folder: SpoolFolder): Promise<Listing> {
  const listing = await readListing(folder);
  if (listing === undefined) throw new Failure('invalid', `the listing in ${folder.path} was removed`);
  return listing;
}

async function readListing(folder: SpoolFolder): Promise<Listing | undefined> {
  const path = join(folder.path, 'listing.json');
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    if ((await file.stat()).size > MAX_LISTING_BYTES)
      throw new Failure('invalid', `${path} is too large for a listing`);
    const listing = decodeListing(await file.readFile(), path);
    if (listing.acquisition === folder.acquisition) return listing;
    // Believed, it would let these bytes go as soon as those of the other are on record.
    throw new Failure('invalid', `${path} is the listing of another acquisition, ${listing.acquisition}`);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function stageOf(folder: SpoolFolder, n: number): Promise<SpoolStage> {
  if (await exists(folder.bytesPath(n))) return (await exists(folder.manifestPath(n))) ? 'sealed' : 'bytes';
  return (await exists(folder.partPath(n))) ? 'part' : 'none';
}

/** Bytes and files waiting in a spool; needs no lock, and a spool that does not exist is empty. */
export async function measureSpool(root: string): ReturnType<Spool['usage']> {
  if (!(await exists(root))) return { files: 0, sizeBytes: 0, parts: 0 };
  let files = 0;
  let sizeBytes = 0;
  let parts = 0;
  for (const each of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!each.isFile() || !/\.(?:part|bytes)$/.test(each.name)) continue;
    files += 1;
    if (each.name.endsWith('.part')) parts += 1;
    sizeBytes += await stat(join(each.parentPath, each.name)).then(
      (facts) => facts.size,
      () => 0,
    ); // dropped meanwhile
  }
  return { files, sizeBytes, parts };
}

/** Writes the sealed manifest beside the bytes, durably; an older one of the same item is replaced whole. */
export async function writeSealed(folder: SpoolFolder, n: number, sealed: Buffer): Promise<void> {
  try {
    await replaceFile(folder.manifestPath(n), sealed);
  } catch (error) {
    throw wrapWriteError(error, `manifest ${spoolNumber(n)} of ${folder.acquisition} in the spool`, 'spool-full');
  }
}
