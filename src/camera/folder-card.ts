// A card that lies on the file system: a mounted camera or a folder. Opened once, read by open directories, closed by its opener.
// Never writes, never follows a link below its root, never opens anything but a regular file. Files that a program shows (MTP) are opened by
// a process of their own, never by this one; see card-reader.ts.
import { access, type FileHandle, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CameraIdentity, errnoOf, Failure, type SourceFile } from '../evidence/index.ts';
import type { Card, CardLimits, FolderCard, OpenSource, SourceStat } from './card.ts';
import { makeClassifier } from './classify.ts';
import { errno, makeFolder, openAgain, openFolderOf, openRegular, openRoot, pathIn } from './folder-tree.ts';
import { type Mount, readMounts } from './mounts.ts';
import { claimedEntry } from './mtp.ts';
import type { Profile } from './profile.ts';
import { CardReader, type OpenFile } from './reader-run.ts';
import { mapSourceError } from './source-error.ts';
import { type RawName, rawOfSourcePath } from './source-path.ts';
import type { Folder } from './tree.ts';
import { walk } from './walk.ts';

/** What opening a card takes. */
export interface OpenCardOptions {
  /** Mount point or folder. */
  readonly root: string;
  readonly identity: CameraIdentity;
  readonly profile: Profile;
  readonly limits: CardLimits;
  /** Where sysfs and proc are mounted; private trees in tests. */
  readonly sysRoot?: string | undefined;
  readonly procRoot?: string | undefined;
  /** Whether files are opened by a process of their own; if absent, where a program shows the card. */
  readonly apart?: boolean | undefined;
  /** Script of that process; another one in tests. */
  readonly readerScript?: URL | undefined;
}

/** Opens a card for reading. Failures: 'camera-gone' (nothing there), 'source-unreadable'. Close it so that the card can be unmounted. */
export async function openCard(options: OpenCardOptions): Promise<FolderCard> {
  const root = resolve(options.root);
  try {
    const directory = await openRoot(root);
    const { dev, ino } = await directory.stat();
    const place = { dev, ino, ...(await findEntry(dev, options)) };
    const { apart = place.shown, readerScript } = options;
    const reader = apart ? new CardReader({ root, dev, ino, script: readerScript }) : undefined;
    return new OpenFolderCard({ ...options, root }, directory, place, reader);
  } catch (error) {
    throw mapSourceError(error, root, errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR');
  }
}

/** How a card is known to be still the same. */
interface Place {
  readonly dev: number;
  readonly ino: number;
  /** The device's entry in sysfs, when it has one: it goes when the device is pulled, whatever the caches still answer. */
  readonly device: string | undefined;
  /** A program shows it: it is never asked whether it is there, since that may wait for a whole object. */
  readonly shown: boolean;
}

/** A block device's entry, or the USB device's where a program shows the card (MTP). */
async function findEntry(
  dev: number,
  { sysRoot = '/sys', procRoot }: Pick<OpenCardOptions, 'sysRoot' | 'procRoot'>,
): Promise<Pick<Place, 'device' | 'shown'>> {
  const block = join(sysRoot, 'dev/block', numberOf(dev));
  if (await canSee(block)) return { device: block, shown: false };
  const mount = await findMount(dev, procRoot).catch(() => undefined);
  const device = mount === undefined ? undefined : claimedEntry(mount, sysRoot);
  return { device, shown: device !== undefined };
}

/** The mount of a file system: as long as a root is open its number is not given to another. */
async function findMount(dev: number, procRoot: string | undefined): Promise<Mount | undefined> {
  return (await readMounts(procRoot)).find(({ device }) => device === numberOf(dev));
}

class OpenFolderCard implements FolderCard {
  readonly identity: CameraIdentity;
  readonly #options: OpenCardOptions;
  readonly #root: FileHandle;
  readonly #place: Place;
  readonly #reader: CardReader | undefined;
  #closed = false;

  constructor(options: OpenCardOptions, root: FileHandle, place: Place, reader: CardReader | undefined) {
    this.identity = { ...options.identity, profile: options.profile.name };
    this.#options = options;
    this.#root = root;
    this.#place = place;
    this.#reader = reader;
  }

  list(signal?: AbortSignal): AsyncIterable<SourceFile> {
    const { profile, limits } = this.#options;
    const ports = {
      root: () => this.#openFolder(),
      isPresent: () => this.isPresent(),
      failedRequests: () => readDiskFact(this.#place.device, 'ioerr_cnt'),
      classifier: makeClassifier(profile),
      profile,
      limits,
    };
    return { [Symbol.asyncIterator]: () => walk(ports, signal) };
  }

  async #openFolder(): Promise<Folder> {
    return makeFolder(await openAgain(this.#root), this.#place.dev);
  }

  async open(file: SourceFile, signal?: AbortSignal): Promise<OpenSource> {
    const what = file.path.text;
    if (file.type !== 'file')
      throw new Failure('name-refused', `${what} is no regular file (${file.type}); it is never opened`);
    try {
      const raw = rawOfSourcePath(file.path);
      if (this.#reader !== undefined) return new FolderSource(await this.#reader.open(raw, signal), what, this);
      const { folder, name } = await this.openFolderOf(file);
      await using _folder = folder;
      return new FolderSource(await openRegular(pathIn(folder, name)), what, this);
    } catch (error) {
      throw mapSourceError(error, what, await this.isPresent());
    }
  }

  async openFolderOf({ path }: SourceFile): Promise<{ readonly folder: FileHandle; readonly name: RawName }> {
    if (this.#reader !== undefined) throw errno('EROFS', 'a card that a program shows is only read');
    return await openFolderOf(this.#root, rawOfSourcePath(path), this.#place.dev);
  }

  async isPresent(): Promise<boolean> {
    try {
      const { dev, ino, device, shown } = this.#place;
      if (device !== undefined && !(await canSee(device))) return false;
      if (DEAD.has(await readDiskFact(device, 'state'))) return false;
      if (shown) return (await findMount(dev, this.#options.procRoot)) !== undefined;
      const now = await stat(this.#options.root);
      return now.dev === dev && now.ino === ino;
    } catch {
      return false; // whatever is wrong with its root, the card does not answer
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reader?.close();
    await this.#root.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** An open regular file as a source; closing it closes the file. `card` is asked whether it is still there. */
export class FolderSource implements OpenSource {
  readonly #file: OpenFile;
  readonly #what: string;
  readonly #card: Pick<Card, 'isPresent'>;
  #closed = false;

  constructor(file: OpenFile, what: string, card: Pick<Card, 'isPresent'>) {
    this.#file = file;
    this.#what = what;
    this.#card = card;
  }

  async read(buffer: Buffer, offsetInBuffer: number, lengthBytes: number, positionBytes: number): Promise<number> {
    try {
      return (await this.#file.read(buffer, offsetInBuffer, lengthBytes, positionBytes)).bytesRead;
    } catch (error) {
      throw await this.#mapped(error);
    }
  }

  async stat(): Promise<SourceStat> {
    try {
      const { size, mtimeMs } = await this.#file.stat();
      return { sizeBytes: size, modifiedAtMs: Math.trunc(mtimeMs) };
    } catch (error) {
      throw await this.#mapped(error);
    }
  }

  async #mapped(error: unknown): Promise<Error> {
    return mapSourceError(error, this.#what, await this.#card.isPresent());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function canSee(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * What Linux says of the SCSI disk that a card is, as every one on USB, or that it is a partition of: `state`, `ioerr_cnt` (how many of its
 * requests failed). Undefined where there is none.
 */
async function readDiskFact(device: string | undefined, name: string): Promise<string | undefined> {
  if (device === undefined) return undefined;
  for (const disk of [`${device}/device`, `${device}/../device`]) {
    const text = await readFile(`${disk}/${name}`, 'utf8').catch(() => undefined); // this one is no disk
    if (text !== undefined) return text.trim();
  }
  return undefined;
}

/** States of a SCSI disk that answers no more: it was pulled out and has not gone from sysfs yet, or the kernel gave it up. */
const DEAD = new Set<string | undefined>(['cancel', 'deleted', 'offline', 'transport-offline']);

/** A device number as the kernel writes it down, major:minor. */
function numberOf(dev: number): string {
  return `${deviceMajor(dev)}:${deviceMinor(dev)}`;
}

/** Linux's encoding of a device number, as st_dev gives it. */
function deviceMajor(dev: number): number {
  const wide = BigInt(dev);
  return Number(((wide >> 8n) & 0xfffn) | ((wide >> 32n) & 0xfffff000n));
}

function deviceMinor(dev: number): number {
  const wide = BigInt(dev);
  return Number((wide & 0xffn) | ((wide >> 12n) & 0xffffff00n));
}
