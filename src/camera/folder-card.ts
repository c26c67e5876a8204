// A card that lies on the file system: a mounted camera or a folder. Opened once, read by open directories, closed by its opener.
// Never writes, never follows a link below its root, never opens anything but a regular file.
import { constants } from 'node:fs';
import { access, type FileHandle, open, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CameraIdentity, errnoOf, Failure, type SourceFile } from '../evidence/index.ts';
import type { Card, CardLimits, FolderCard, OpenSource, SourceStat } from './card.ts';
import { makeClassifier } from './classify.ts';
import { errno, makeFolder, openAgain, openFolderOf, openQuietly, openRoot, pathIn } from './folder-tree.ts';
import { readMounts } from './mounts.ts';
import { claimedEntry } from './mtp.ts';
import type { Profile } from './profile.ts';
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
}

/** Opens a card for reading. Failures: 'camera-gone' (nothing there), 'source-unreadable'. Close it so that the card can be unmounted. */
export async function openCard(options: OpenCardOptions): Promise<FolderCard> {
  const root = resolve(options.root);
  try {
    const directory = await openRoot(root);
    const { dev, ino } = await directory.stat();
    return new OpenFolderCard({ ...options, root }, directory, { dev, ino, device: await findEntry(dev, options) });
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
}

/** A block device's entry, or the USB device's where a program shows the card (MTP). */
async function findEntry(
  dev: number,
  { sysRoot = '/sys', procRoot }: Pick<OpenCardOptions, 'sysRoot' | 'procRoot'>,
): Promise<string | undefined> {
  const number = `${deviceMajor(dev)}:${deviceMinor(dev)}`;
  const block = join(sysRoot, 'dev/block', number);
  if (await canSee(block)) return block;
  const mount = (await readMounts(procRoot).catch(() => [])).find(({ device }) => device === number);
  return mount === undefined ? undefined : claimedEntry(mount, sysRoot);
}

class OpenFolderCard implements FolderCard {
  readonly identity: CameraIdentity;
  readonly #options: OpenCardOptions;
  readonly #root: FileHandle;
  readonly #place: Place;
  #closed = false;

  constructor(options: OpenCardOptions, root: FileHandle, place: Place) {
    this.identity = { ...options.identity, profile: options.profile.name };
    this.#options = options;
    this.#root = root;
    this.#place = place;
  }

  list(signal?: AbortSignal): AsyncIterable<SourceFile> {
    const { profile, limits } = this.#options;
    const ports = {
      root: () => this.#openFolder(),
      isPresent: () => this.isPresent(),
      classifier: makeClassifier(profile),
      profile,
      limits,
    };
    return { [Symbol.asyncIterator]: () => walk(ports, signal) };
  }

  async #openFolder(): Promise<Folder> {
    return makeFolder(await openAgain(this.#root), this.#place.dev);
  }

  async open(file: SourceFile): Promise<OpenSource> {
    const what = file.path.text;
    if (file.type !== 'file')
      throw new Failure('name-refused', `${what} is no regular file (${file.type}); it is never opened`);
    try {
      const { folder, name } = await this.openFolderOf(file);
      await using _folder = folder;
      return new FolderSource(await openRegular(pathIn(folder, name)), what, this);
    } catch (error) {
      throw mapSourceError(error, what, await this.isPresent());
    }
  }

  openFolderOf({ path }: SourceFile): Promise<{ readonly folder: FileHandle; readonly name: RawName }> {
    return openFolderOf(this.#root, rawOfSourcePath(path), this.#place.dev);
  }

  async isPresent(): Promise<boolean> {
    try {
      const now = await stat(this.#options.root);
      const same = now.dev === this.#place.dev && now.ino === this.#place.ino;
      return same && (this.#place.device === undefined || (await canSee(this.#place.device)));
    } catch {
      return false; // whatever is wrong with its root, the card does not answer
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#root.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Linux's O_PATH: names a file without opening it, so that a pipe or device put there meanwhile is not even touched. */
const O_PATH = 0o10000000;

async function openRegular(path: Buffer): Promise<FileHandle> {
  const named = await open(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!(await named.stat()).isFile()) throw errno('EISDIR', 'no regular file');
    return await openQuietly(`/proc/self/fd/${named.fd}`, 0, 'by its handle');
  } finally {
    await named.close();
  }
}

/** An open regular file of this machine as a source; closing it closes the handle. `card` is asked whether it is still there. */
export class FolderSource implements OpenSource {
  readonly #handle: FileHandle;
  readonly #what: string;
  readonly #card: Pick<Card, 'isPresent'>;
  #closed = false;

  constructor(handle: FileHandle, what: string, card: Pick<Card, 'isPresent'>) {
    this.#handle = handle;
    this.#what = what;
    this.#card = card;
  }

  async read(buffer: Buffer, offsetInBuffer: number, lengthBytes: number, positionBytes: number): Promise<number> {
    try {
      return (await this.#handle.read(buffer, offsetInBuffer, lengthBytes, positionBytes)).bytesRead;
    } catch (error) {
      throw await this.#mapped(error);
    }
  }

  async stat(): Promise<SourceStat> {
    try {
      const { size, mtimeMs } = await this.#handle.stat();
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
    await this.#handle.close();
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

/** Linux's encoding of a device number, as st_dev gives it. */
function deviceMajor(dev: number): number {
  const wide = BigInt(dev);
  return Number(((wide >> 8n) & 0xfffn) | ((wide >> 32n) & 0xfffff000n));
}

function deviceMinor(dev: number): number {
  const wide = BigInt(dev);
  return Number((wide & 0xffn) | ((wide >> 12n) & 0xffffff00n));
}
