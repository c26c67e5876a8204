// What a profile says of one directory entry: its kind, its mark, what its name claims, whether it is taken and if not why.
// Pure; sees names and sizes only, never bytes. A recording is never left behind for lying in an unexpected folder.
import {
  type ByteCount,
  type EntryType,
  type ItemKind,
  type NamedFacts,
  parseByteCount,
  parseEpochMs,
  type SourceFile,
  type Verdict,
} from '../evidence/index.ts';
import { covers, type Glob, parseGlob } from './glob.ts';
import { extensionOf, kindOf, stemOf } from './kinds.ts';
import { localOf, readerOfZone, type ZoneReader } from './local-time.ts';
import { compileNamePattern, MAX_NAME_CHARS } from './name-pattern.ts';
import type { Profile } from './profile.ts';
import { type RawName, sourcePathOfRaw, textOfName } from './source-path.ts';

/** What the file system says of an entry that is not a directory. */
export interface EntryFacts {
  readonly type: EntryType;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, may be fractional, negative or absurd: it is the camera's word. */
  readonly modifiedAtMs: number;
  /** Why it is refused whatever the profile says: a limit, an error. */
  readonly refused?: string | undefined;
  /** It is refused because only its owner may look into it. */
  readonly denied?: boolean | undefined;
}

/** Judges entries of one card. `folder` and `name` are raw; `siblings` are the names of the files in the same folder. */
export interface Classifier {
  judge(folder: RawName, name: RawName, facts: EntryFacts, siblings: Siblings): SourceFile;
}

/** Finds the file of the same folder whose stem is this one (text, lower case). */
export type Siblings = (stem: string) => RawName | undefined;

const REFUSED: Readonly<Record<Exclude<EntryType, 'file'>, string>> = {
  symlink: 'a symbolic link is never followed',
  fifo: 'a named pipe is never opened',
  socket: 'a socket is never opened',
  device: 'a device node is never opened',
  unreadable: 'cannot be read',
};

/** Takes a profile apart once, for one card. */
export function makeClassifier(profile: Profile): Classifier {
  const judgeVerdict = makeVerdict(profile);
  const readName = makeNameReader(profile);
  const own = new Map(Object.entries(profile.kinds));
  const sidecars = new Set(profile.sidecars.extensions);
  const isMarked = makeMark(profile);
  return {
    judge(folder, name, facts, siblings) {
      const raw = folder === '' ? name : `${folder}/${name}`;
      const text = textOfName(name);
      const extension = extensionOf(text);
      const kind = sidecars.has(extension) ? 'sidecar' : kindOf(extension, own);
      const path = sourcePathOfRaw(raw);
      const parts = path.text.toLowerCase().split('/');
      const { named, mark } = readName(text);
      const main = kind === 'sidecar' ? findMain(profile, text, siblings) : undefined;
      const accompanies =
        main === undefined || main === name
          ? undefined
          : sourcePathOfRaw(folder === '' ? main : `${folder}/${main}`).text;
      return {
        path,
        type: facts.type,
        sizeBytes: sizeOf(facts),
        modifiedAtMs: parseEpochMs(Number.isFinite(facts.modifiedAtMs) ? Math.trunc(facts.modifiedAtMs) : 0),
        kind,
        keyMark: isMarked(text, parts, mark),
        verdict: judgeVerdict(parts, kind, facts),
        ...(named === undefined ? {} : { named }),
        ...(accompanies === undefined ? {} : { accompanies }),
      };
    },
  };
}

function sizeOf(facts: EntryFacts): ByteCount {
  return parseByteCount(
    facts.type === 'file' && Number.isSafeInteger(facts.sizeBytes) && facts.sizeBytes >= 0 ? facts.sizeBytes : 0,
  );
}

function makeVerdict(profile: Profile): (parts: readonly string[], kind: ItemKind, facts: EntryFacts) => Verdict {
  const skip = profile.skip.map(({ glob, reason }) => ({ glob: parseGlob(glob), reason }));
  const inProgress = profile.inProgress.map(parseGlob);
  const roots = profile.roots.map(parseRoot);
  return (parts, kind, facts) => {
    const skipped = isCard(parts) ? undefined : skip.find(({ glob }) => covers(glob, parts));
    if (skipped !== undefined) return { take: false, outcome: 'skipped', reason: skipped.reason };
    if (isRepairFolder(parts, facts)) return { take: false, outcome: 'skipped', reason: REPAIR_FOLDER };
    const refused = refusalOf(facts);
    if (refused !== undefined) return { take: false, outcome: 'refused', reason: refused };
    if (inProgress.some((glob) => covers(glob, parts)))
      return {
        take: false,
        outcome: 'in-progress',
        reason: `the profile ${profile.name} says that the camera is still writing here`,
      };
    const recording = kind === 'footage' || kind === 'audio' || kind === 'photo';
    if (roots.length === 0 || recording || roots.some((glob) => covers(glob, parts))) return { take: true };
    return {
      take: false,
      outcome: 'skipped',
      reason: `outside the folders of evidence that the profile ${profile.name} names`,
    };
  };
}

/** What is said of the card as a whole is no file's name, whatever a profile skips. */
function isCard(parts: readonly string[]): boolean {
  return parts.length === 1 && parts[0] === '.';
}

const REPAIR_FOLDER = 'kept by the file system for its own repairs, and for root only: no camera records there';

/** Every card with ext4 has this folder; were it refused, no such card could ever be done with. Where it can be read it is a folder like others. */
function isRepairFolder(parts: readonly string[], { type, denied }: EntryFacts): boolean {
  return type === 'unreadable' && denied === true && parts.length === 1 && parts[0] === 'lost+found';
}

function refusalOf(facts: EntryFacts): string | undefined {
  if (facts.refused !== undefined) return facts.refused;
  if (facts.type !== 'file') return REFUSED[facts.type];
  return Number.isSafeInteger(facts.sizeBytes) && facts.sizeBytes >= 0
    ? undefined
    : `a size of ${facts.sizeBytes} bytes is not possible`;
}

/** A root is a folder counted from the card's root, even when it has no `/` in it. */
function parseRoot(text: string): Glob {
  return {
    text,
    parts: text
      .toLowerCase()
      .split('/')
      .filter((part) => part !== ''),
  };
}

function makeMark(profile: Profile): (name: string, parts: readonly string[], mark: boolean) => boolean {
  const folders = profile.keyMark.folders.map(parseGlob);
  const suffixes = profile.keyMark.suffixes.map((suffix) => suffix.toLowerCase());
  return (name, parts, mark) => {
    const stem = stemOf(name).toLowerCase();
    return (
      (profile.keyMark.group && mark) ||
      suffixes.some((suffix) => stem.endsWith(suffix)) ||
      folders.some((glob) => covers(glob, parts.slice(0, -1)))
    );
  };
}

function makeNameReader(profile: Profile): (name: string) => { readonly named?: NamedFacts; readonly mark: boolean } {
  const pattern = profile.namePattern === undefined ? undefined : compileNamePattern(profile.namePattern);
  const zone =
    profile.timeZone === undefined ? undefined : { name: profile.timeZone, read: readerOfZone(profile.timeZone) };
  return (name) => {
    const groups = name.length > MAX_NAME_CHARS ? undefined : pattern?.exec(name)?.groups;
    if (groups === undefined) return { mark: false };
    return { named: factsOf(groups, zone), mark: (groups['mark'] ?? '') !== '' };
  };
}

function factsOf(
  groups: Readonly<Record<string, string | undefined>>,
  zone: { readonly name: string; readonly read: ZoneReader } | undefined,
): NamedFacts {
  const { camera, officer, date, time, series, counter } = groups;
  const local = date === undefined || time === undefined ? undefined : localOf(date, time);
  return {
    ...(camera === undefined ? {} : { camera }),
    ...(officer === undefined ? {} : { officer }),
    ...(local === undefined ? {} : { local }),
    ...(local === undefined || zone === undefined ? {} : { zone: zone.name, startedAtMs: zone.read(local) }),
    ...(series === undefined ? {} : { series }),
    ...(counter === undefined || !/^\d{1,15}$/.test(counter) ? {} : { counter: Number(counter) }),
  };
}

function findMain(profile: Profile, name: string, siblings: Siblings): RawName | undefined {
  const stem = stemOf(name).toLowerCase();
  const exact = siblings(stem);
  if (exact !== undefined) return exact;
  for (const { from, to } of profile.sidecars.stems) {
    if (!stem.startsWith(from.toLowerCase())) continue;
    for (const other of to) {
      const found = siblings(other.toLowerCase() + stem.slice(from.length));
      if (found !== undefined) return found;
    }
  }
  // `VIDEO.MP4.LOG` goes with `VIDEO.MP4`.
  return stem.includes('.') ? siblings(stemOf(stem)) : undefined;
}

/** Finder of the main file of a stem in one folder; built at the first question, since most folders have no sidecars. */
export function makeSiblings(profile: Profile, names: readonly RawName[]): Siblings {
  let byStem: Map<string, RawName> | undefined;
  const sidecars = new Set(profile.sidecars.extensions);
  return (stem) => {
    if (byStem === undefined) {
      byStem = new Map();
      for (const name of names) {
        const text = textOfName(name);
        if (!sidecars.has(extensionOf(text)) && extensionOf(text) !== '') byStem.set(stemOf(text).toLowerCase(), name);
      }
    }
    return byStem.get(stem);
  };
}
