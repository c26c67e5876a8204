// The walk over a card: every entry once, in the order of the names' bytes, folder by folder, one folder's names in memory at a time.
// Never follows a link, never stops for one folder that cannot be read, never leaves anything out without an entry that says so.
import { errnoOf, Failure, type SourceFile } from '../evidence/index.ts';
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
  /** The folder has more names than were read. */
  readonly more: boolean;
  readonly siblings: Siblings;
}

/** Lists a card. Failures: 'camera-gone', 'cancelled'. */
export async function* walk(ports: WalkPorts, signal?: AbortSignal): AsyncGenerator<SourceFile, void, undefined> {
  const levels: Level[] = [];
  const count = { listed: 0 };
  try {
    const root = await enter(ports, levels, '', ports.root, signal);
    if (root !== undefined) yield root;
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      demandRunning(signal);
      const name = level.names[level.next];
      level.next += 1;
      if (name === undefined) {
        levels.pop();
        await level.folder.close();
        if (level.more)
          yield note(
            ports,
            level.path,
            `more than ${ports.limits.maxFiles} names in one folder: the rest of it was not listed`,
          );
        continue;
      }
      if (count.listed >= ports.limits.maxFiles) {
        yield note(ports, '', `more than ${ports.limits.maxFiles} files on one card: the rest of it was not listed`);
        return;
      }
      yield* visit(ports, levels, level, name, count, signal);
    }
  } finally {
    for (const level of levels.toReversed()) await level.folder.close();
  }
}

function demandRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new Failure('cancelled', 'listing the card was cancelled', { cause: signal.reason });
}

async function* visit(
  ports: WalkPorts,
  levels: Level[],
  level: Level,
  name: RawName,
  count: { listed: number },
  signal?: AbortSignal,
): AsyncGenerator<SourceFile> {
  const path = join(level.path, name);
  const seen = await attempt(ports, path, () => level.folder.look(name));
  if ('refused' in seen) {
    yield entry(ports, level.path, name, { ...NOTHING, type: 'unreadable', refused: seen.refused }, level.siblings);
    return;
  }
  if (seen.value.type !== 'directory') {
    count.listed += 1;
    yield entry(ports, level.path, name, factsOf(seen.value), level.siblings);
    return;
  }
  if (levels.length > ports.limits.maxDepth) {
    yield entry(
      ports,
      level.path,
      name,
      {
        ...NOTHING,
        type: 'unreadable',
        refused: `more than ${ports.limits.maxDepth} folders one inside the other: what is in it was not listed`,
      },
      level.siblings,
    );
    return;
  }
  const problem = await enter(ports, levels, path, () => level.folder.enter(name), signal);
  if (problem !== undefined) yield problem;
}

const NOTHING = { sizeBytes: 0, modifiedAtMs: 0 } as const;

function factsOf(look: Look): EntryFacts {
  return { ...look, type: look.type === 'directory' ? 'unreadable' : look.type };
}

/** Opens a folder and reads its names as a new level; an entry that says so when that cannot be done. */
async function enter(
  ports: WalkPorts,
  levels: Level[],
  path: RawName,
  open: () => Promise<Folder>,
  signal?: AbortSignal,
): Promise<SourceFile | undefined> {
  const opened = await attempt(ports, path, open);
  if ('refused' in opened) return note(ports, path, opened.refused, opened.denied);
  const read = await attempt(ports, path, () => opened.value.names(ports.limits.maxFiles + 1, signal)).catch(
    async (error: unknown) => {
      await opened.value.close(); // a folder left open would keep the card from being unmounted
      throw error;
    },
  );
  if ('refused' in read) {
    await opened.value.close();
    return note(ports, path, read.refused);
  }
  const names = read.value.names.sort();
  levels.push({
    folder: opened.value,
    path,
    names,
    next: 0,
    more: read.value.more,
    siblings: makeSiblings(ports.profile, names),
  });
  return undefined;
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
