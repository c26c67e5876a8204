// A simulated camera: the Card port over files that exist in memory only, walked and judged by the same code as a real card.
// For tests and for trying docket out; faults are put over it, or over a real card, by simulated-faults.ts. Never touches a disk.
import { type CameraIdentity, type EntryType, Failure, parseEpochMs, type SourceFile } from '../evidence/index.ts';
import { type Card, type CardLimits, DEFAULT_CARD_LIMITS, type OpenSource, type SourceStat } from './card.ts';
import { makeClassifier } from './classify.ts';
import { type Profile, TAKE_EVERYTHING } from './profile.ts';
import { contentSize, readContent, type SimulatedContent } from './simulated-content.ts';
import { type Fault, type FaultPorts, withFaults } from './simulated-faults.ts';
import { mapSourceError } from './source-error.ts';
import { type RawName, rawOf, rawOfSourcePath } from './source-path.ts';
import type { Folder } from './tree.ts';
import { walk } from './walk.ts';

/** One file or other entry of a simulated card. */
export interface SimulatedFile {
  /** Text, or the exact bytes of the path; `/` between names. */
  readonly path: string | Buffer;
  readonly content?: SimulatedContent | undefined;
  /** Milliseconds since 1970; 0 if not given. */
  readonly modifiedAtMs?: number | undefined;
  /** 'file' if not given; 'unreadable' makes a folder that cannot be listed. */
  readonly type?: EntryType | undefined;
}

/** What a simulated card is made of; everything but the files has a default. */
export interface SimulatedCardOptions extends FaultPorts {
  readonly files: Iterable<SimulatedFile>;
  readonly faults?: readonly Fault[] | undefined;
  readonly identity?: CameraIdentity | undefined;
  readonly profile?: Profile | undefined;
  readonly limits?: CardLimits | undefined;
}

/** Opens a simulated card with its faults. Close it like any card. */
export function openSimulatedCard(options: SimulatedCardOptions): Card {
  const identity = options.identity ?? {
    way: 'usb',
    serial: 'SIM0000001',
    model: 'Simulated camera',
    vendorId: '0000',
    productId: '0001',
  };
  const profile = options.profile ?? TAKE_EVERYTHING;
  const card = new MemoryCard(
    { ...identity, profile: profile.name },
    profile,
    options.limits ?? DEFAULT_CARD_LIMITS,
    plant(options.files),
  );
  return withFaults(card, options.faults ?? [], options);
}

interface Branch {
  readonly entries: Map<RawName, Branch | SimulatedFile>;
}

/** Puts files into folders. A path through a file, or one given twice, is a defect of the caller. */
function plant(files: Iterable<SimulatedFile>): Branch {
  const root: Branch = { entries: new Map() };
  for (const file of files) {
    const names = (typeof file.path === 'string' ? rawOf(file.path) : file.path.toString('latin1')).split('/');
    const last = names.pop() ?? '';
    const folder = names.reduce(branchOf, root);
    if (last === '' || folder.entries.has(last))
      throw new Error(`defect: a simulated card cannot hold ${String(file.path)} (twice)`);
    folder.entries.set(last, file);
  }
  return root;
}

function branchOf(at: Branch, name: RawName): Branch {
  const found = at.entries.get(name) ?? { entries: new Map() };
  if (!isBranch(found)) throw new Error(`defect: ${name} is a file and a folder on one simulated card`);
  at.entries.set(name, found);
  return found;
}

function isBranch(entry: Branch | SimulatedFile): entry is Branch {
  return 'entries' in entry;
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code} on a simulated card`), { code });
}

function folderOf(branch: Branch): Folder {
  const find = (name: RawName): Branch | SimulatedFile => {
    const found = branch.entries.get(name);
    if (found === undefined) throw errno('ENOENT');
    return found;
  };
  return {
    async names(max, signal) {
      if (signal?.aborted === true)
        throw new Failure('cancelled', 'listing the card was cancelled', { cause: signal.reason });
      const names = [...branch.entries.keys()];
      return { names: names.slice(0, max), more: names.length > max };
    },
    async look(name) {
      const entry = find(name);
      if (isBranch(entry)) return { type: 'directory', sizeBytes: 0, modifiedAtMs: 0 };
      if (entry.type === 'unreadable') throw errno('EIO');
      return { type: entry.type ?? 'file', sizeBytes: sizeOf(entry), modifiedAtMs: entry.modifiedAtMs ?? 0 };
    },
    async enter(name) {
      const entry = find(name);
      if (!isBranch(entry)) throw errno('ENOTDIR');
      return folderOf(entry);
    },
    close: () => Promise.resolve(),
  };
}

function sizeOf(file: SimulatedFile): number {
  return file.content === undefined ? 0 : contentSize(file.content);
}

class MemoryCard implements Card {
  readonly identity: CameraIdentity;
  readonly #profile: Profile;
  readonly #limits: CardLimits;
  readonly #root: Branch;

  constructor(identity: CameraIdentity, profile: Profile, limits: CardLimits, root: Branch) {
    this.identity = identity;
    this.#profile = profile;
    this.#limits = limits;
    this.#root = root;
  }

  list(signal?: AbortSignal): AsyncIterable<SourceFile> {
    const ports = {
      root: async () => folderOf(this.#root),
      isPresent: () => this.isPresent(),
      classifier: makeClassifier(this.#profile),
      profile: this.#profile,
      limits: this.#limits,
    };
    return { [Symbol.asyncIterator]: () => walk(ports, signal) };
  }

  async open(file: SourceFile): Promise<OpenSource> {
    const what = file.path.text;
    if (file.type !== 'file')
      throw new Failure('name-refused', `${what} is no regular file (${file.type}); it is never opened`);
    try {
      return new MemorySource(this.#find(rawOfSourcePath(file.path)));
    } catch (error) {
      throw mapSourceError(error, what, true);
    }
  }

  #find(path: RawName): SimulatedFile {
    let at: Branch | SimulatedFile = this.#root;
    for (const name of path.split('/')) {
      if (!isBranch(at)) throw errno('ENOTDIR');
      if (name === '' || name === '.' || name === '..') throw errno('ELOOP');
      const next = at.entries.get(name);
      if (next === undefined) throw errno('ENOENT');
      at = next;
    }
    if (isBranch(at) || (at.type ?? 'file') !== 'file') throw errno('EISDIR');
    return at;
  }

  async isPresent(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    // nothing is held
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class MemorySource implements OpenSource {
  readonly #file: SimulatedFile;

  constructor(file: SimulatedFile) {
    this.#file = file;
  }

  async read(buffer: Buffer, offsetInBuffer: number, lengthBytes: number, positionBytes: number): Promise<number> {
    return this.#file.content === undefined
      ? 0
      : readContent(this.#file.content, buffer, offsetInBuffer, lengthBytes, positionBytes);
  }

  async stat(): Promise<SourceStat> {
    return { sizeBytes: sizeOf(this.#file), modifiedAtMs: parseEpochMs(Math.trunc(this.#file.modifiedAtMs ?? 0)) };
  }

  async close(): Promise<void> {
    // nothing is held
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
