// The walk over a card: every entry once, in the order of the names' bytes, folder by folder, the names of open folders in memory only.
// Never follows a link, never stops for one folder that cannot be read, never leaves anything out without an entry that says so; never
// goes on for ever: every name that is read counts, whatever stands under it.
import { errnoOf, Failure, RECEIPT_LINES_BYTES, receiptLineBytes, type SourceFile } from '../evidence/index.ts';
import type { CardLimits } from './card.ts';
import { type Classifier, type EntryFacts, makeSiblings, type Siblings } from './classify.ts';
import type { Profile } from './profile.ts';
import { mapSourceError } from './source-error.ts';
import { type RawName, shortenRaw, textOfName } from './source-path.ts';
import type { Folder, Look } from './tree.ts';

/** What a walk needs. */
export interface WalkPorts {
  readonly root: () => Promise<Folder>;
  readonly isPresent: () => Promise<boolean>;
  /** How many requests to the device failed so far, as text that is only compared. None where nobody counts. */
  readonly failedRequests?: () => Promise<string | undefined>;
  readonly classifier: Classifier;
  readonly profile: Profile;
  readonly limits: CardLimits;
}

interface Level {
  readonly folder: Folder;
  readonly path: RawName;
  readonly names: readonly RawName[];
  /** Index of the next name. */
  next: number;
  /** The folder has more names than may be read of one. */
  readonly more: boolean;
  readonly siblings: Siblings;
}

/** A walk under way. */
interface Walking {
  readonly ports: WalkPorts;
  readonly signal: AbortSignal | undefined;
  /** Open folders, one inside the other. */
  readonly levels: Level[];
  /** How many names may still be read. */
  namesLeft: number;
  /** Why the card as a whole is not listed to its end; told once, last. */
  cut: string | undefined;
}

/**
 * Names read of one card for each file that may be listed: cards nest three deep, so that even files in folders of their own need no more.
 * A folder is no entry: without this a damaged FAT, whose folders hold their parents, would be walked for ever.
 */
const NAMES_PER_FILE = 4;

/**
 * Lists a card: at most `maxFiles` entries of any kind, and no more than a receipt holds; one more says so when there is more, or may be.
 * Failures: 'camera-gone', 'cancelled'.
 */
export async function* walk(ports: WalkPorts, signal?: AbortSignal): AsyncGenerator<SourceFile, void, undefined> {
  const { maxFiles } = ports.limits;
  const walking = begin(ports, signal);
  const before = await ports.failedRequests?.();
  let listed = 0;
  let bytesLeft = RECEIPT_LINES_BYTES;
  for await (const file of listEntries(walking)) {
    bytesLeft -= receiptLineBytes(file.path);
    if (listed === maxFiles) walking.cut = `more than ${maxFiles} files on one card`;
    else if (bytesLeft < 0) walking.cut = `more names than fit on a receipt, which holds ${listed} of these`;
    else {
      listed += 1;
      yield file;
      continue;
    }
    break;
  }
  await demandPresent(ports);
  const { cut } = walking;
  if (cut !== undefined) yield note(ports, '', `${cut}: the rest of it was not listed`);
  else if ((await ports.failedRequests?.()) !== before && !(await isSameAgain(walking, listed)))
    yield note(ports, '', DOUBT);
}

function begin(ports: WalkPorts, signal: AbortSignal | undefined): Walking {
  return { ports, signal, levels: [], namesLeft: ports.limits.maxFiles * NAMES_PER_FILE, cut: undefined };
}

/**
 * Linux's FAT passes over the blocks of a folder that cannot be read, without an error: a worn card, or one that is pulled out just then, is
 * listed as if it had no more than that.
 */
const DOUBT = 'it could not be read everywhere while it was listed: there may be more on it than is named here';

async function demandPresent(ports: WalkPorts): Promise<void> {
  if (!(await ports.isPresent())) throw new Failure('camera-gone', 'the camera left while its card was listed');
}

/**
 * True when the card shows as many entries once more, and nothing fails. What failed may have been asked by another program; a block that
 * cannot be read is asked for again, and fails again.
 */
async function isSameAgain({ ports, signal }: Walking, listed: number): Promise<boolean> {
  const before = await ports.failedRequests?.();
  let again = 0;
  for await (const _ of listEntries(begin(ports, signal))) {
    again += 1;
    if (again > listed) break;
  }
  await demandPresent(ports);
  return again === listed && (await ports.failedRequests?.()) === before;
}

async function* listEntries(walking: Walking): AsyncGenerator<SourceFile, void, undefined> {
  const { ports, levels, signal } = walking;
  try {
    const root = await enter(walking, '', ports.root);
    if (root !== undefined) yield root;
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      demandRunning(signal);
      const name = level.names[level.next];
      level.next += 1;
      const found = name === undefined ? await leave(walking, level) : await visit(walking, level, name);
      if (found !== undefined) yield found;
    }
  } finally {
    for (const level of levels.toReversed()) await level.folder.close();
  }
}

function demandRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new Failure('cancelled', 'listing the card was cancelled', { cause: signal.reason });
}

/** Closes the innermost folder; an entry that says so when not all its names were read. */
async function leave(walking: Walking, level: Level): Promise<SourceFile | undefined> {
  walking.levels.pop();
  await level.folder.close();
  if (!level.more) return undefined;
  const what = `more than ${walking.ports.limits.maxFiles} names in one folder`;
  if (level.path !== '') return note(walking.ports, level.path, `${what}: the rest of it was not listed`);
  walking.cut ??= what;
  return undefined;
}

/** The entry under a name; none for a folder, which becomes a new level. */
async function visit(walking: Walking, level: Level, name: RawName): Promise<SourceFile | undefined> {
  const { ports, levels } = walking;
  const path = join(level.path, name);
  const judged = (facts: EntryFacts): SourceFile => entry(ports, level.path, name, facts, level.siblings);
  const seen = await attempt(ports, path, () => level.folder.look(name));
  if ('refused' in seen) return judged({ ...NOTHING, type: 'unreadable', refused: seen.refused });
  if (seen.value.type !== 'directory') return judged(factsOf(seen.value));
  if (levels.length <= ports.limits.maxDepth) return await enter(walking, path, () => level.folder.enter(name));
  const refused = `more than ${ports.limits.maxDepth} folders one inside the other: what is in it was not listed`;
  return judged({ ...NOTHING, type: 'unreadable', refused });
}

const NOTHING = { sizeBytes: 0, modifiedAtMs: 0 } as const;

function factsOf(look: Look): EntryFacts {
  return { ...look, type: look.type === 'directory' ? 'unreadable' : look.type };
}

/** Opens a folder and reads its names as a new level; an entry that says so when that cannot be done. */
async function enter(walking: Walking, path: RawName, open: () => Promise<Folder>): Promise<SourceFile | undefined> {
  const { ports, levels, signal, namesLeft } = walking;
  const max = Math.min(ports.limits.maxFiles + 1, namesLeft);
  const opened = await attempt(ports, path, open);
  if ('refused' in opened) return note(ports, path, opened.refused, opened.denied);
  const read = await attempt(ports, path, () => readNames(opened.value, max, signal));
  if ('refused' in read) return note(ports, path, read.refused);
  const names = read.value.names.sort();
  walking.namesLeft -= names.length;
  // Names that were read are looked at all the same, here and in the folders that are open.
  const isLast = read.value.more && max === namesLeft;
  if (isLast) walking.cut = `more than ${ports.limits.maxFiles * NAMES_PER_FILE} names on one card`;
  levels.push({
    folder: opened.value,
    path,
    names,
    next: 0,
    more: read.value.more && !isLast,
    siblings: makeSiblings(ports.profile, names),
  });
  return undefined;
}

/** The names of a folder, which is closed when they cannot be read. */
async function readNames(folder: Folder, max: number, signal?: AbortSignal): ReturnType<Folder['names']> {
  try {
    return await folder.names(max, signal);
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** An entry about a folder as a whole; the root is called `.`. */
function note(ports: WalkPorts, path: RawName, refused: string, denied = false): SourceFile {
  const slash = path.lastIndexOf('/');
  const [folder, name] = slash < 0 ? ['', path === '' ? '.' : path] : [path.slice(0, slash), path.slice(slash + 1)];
  return entry(ports, folder, name, { ...NOTHING, type: 'unreadable', refused, denied }, () => undefined);
}

function entry(ports: WalkPorts, folder: RawName, name: RawName, facts: EntryFacts, siblings: Siblings): SourceFile {
  const path = join(folder, name);
  if (path.length <= ports.limits.maxPathBytes) return ports.classifier.judge(folder, name, facts, siblings);
  const refused = `a path of ${path.length} bytes, more than ${ports.limits.maxPathBytes}: it is shown shortened`;
  return ports.classifier.judge(
    '',
    shortenRaw(path, ports.limits.maxPathBytes),
    { ...facts, refused },
    () => undefined,
  );
}

function join(folder: RawName, name: RawName): RawName {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Tries one step; an error of this entry becomes its reason, an error of the whole card is thrown. */
async function attempt<T>(
  ports: WalkPorts,
  path: RawName,
  step: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly refused: string; readonly denied?: boolean }> {
  try {
    return { value: await step() };
  } catch (error) {
    if (error instanceof Failure || errnoOf(error) === undefined) throw error;
    const mapped = mapSourceError(error, textOfName(path), await ports.isPresent());
    if (!(mapped instanceof Failure) || mapped.code === 'camera-gone') throw mapped;
    if (errnoOf(error) === 'EXDEV')
      return { refused: 'another file system is mounted here; it is not part of this card' };
    return { refused: `cannot be read (${errnoOf(error) ?? 'unknown error'})`, denied: errnoOf(error) === 'EACCES' };
  }
}
