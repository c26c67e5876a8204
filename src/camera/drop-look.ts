// One look at a drop folder: what lies in each case's folder, and which files have come to rest since the looks before.
// A file rests when its size and modification time stay the same for `settleMs`; never opens a file, never removes one.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, type SourceFile } from '../evidence/index.ts';
import type { DropArrival } from './arrival.ts';
import { DEFAULT_CARD_LIMITS } from './card.ts';
import { makeClassifier } from './classify.ts';
import { makeFolder, openRoot } from './folder-tree.ts';
import { parseProfile } from './profile.ts';
import { walk } from './walk.ts';

/** Names that copying programs and editors use while they write, and what desktop computers leave behind. */
const INBOX_PROFILE = parseProfile(
  {
    name: 'inbox',
    description: 'Files put into a drop folder by people and programs.',
    skip: ['Thumbs.db', 'desktop.ini', '.DS_Store', '._*'].map((glob) => ({
      glob,
      reason: 'left by a desktop computer',
    })),
    inProgress: [
      '*.part',
      '*.partial',
      '*.filepart',
      '*.crdownload',
      '*.download',
      '*.tmp',
      '~$*',
      '.~*',
      '.goutputstream-*',
      '.docket-tmp-*',
      '.*.??????',
    ],
  },
  'built in',
);

interface Resting {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Elapsed clock when it was first seen so. */
  readonly sinceMs: number;
  offered: boolean;
}

/** What earlier looks saw, by absolute path. */
export type DropMemory = Map<string, Resting>;

/** One look's result. */
export interface DropLook {
  readonly memory: DropMemory;
  readonly arrivals: readonly DropArrival[];
  /** Files that do not rest yet, or rest and are held for others of their case: look again soon. */
  readonly moving: boolean;
  readonly problems: readonly string[];
}

/** How long to wait, in milliseconds of the elapsed clock. */
export interface DropPatience {
  readonly settleMs: number;
  /** Longest a resting file is held back for others of its case that still move. */
  readonly holdMs: number;
}

/** Looks at `folder` (the inbox). A folder that does not exist is empty. Marks what it returns as offered. */
export async function lookAtDrop(
  folder: string,
  before: DropMemory,
  elapsedMs: () => number,
  patience: DropPatience,
): Promise<DropLook> {
  const { cases, problems } = await listDrop(folder, elapsedMs);
  const memory: DropMemory = new Map();
  const arrivals: DropArrival[] = [];
  let moving = false;
  for (const [caseText, files] of cases) {
    const place = caseText === undefined ? folder : join(folder, caseText);
    const seen = files.map((each) => ({ ...each, resting: remember(each, before, memory) }));
    const ready = seen.filter(
      ({ resting, seenAtMs }) => !resting.offered && seenAtMs - resting.sinceMs >= patience.settleMs,
    );
    const still = seen.some(({ resting, seenAtMs }) => seenAtMs - resting.sinceMs < patience.settleMs);
    const held =
      still &&
      !ready.some(({ resting, seenAtMs }) => seenAtMs - resting.sinceMs >= patience.settleMs + patience.holdMs);
    moving ||= still;
    if (ready.length === 0 || held) continue;
    for (const { resting } of ready) resting.offered = true;
    arrivals.push({
      kind: 'drop',
      ...(caseText === undefined ? {} : { caseText }),
      folder: place,
      files: ready.map(({ path }) => path),
    });
  }
  return { memory, arrivals, moving, problems };
}

interface Seen {
  readonly path: string;
  readonly file: SourceFile;
  /** Elapsed clock when its size and time were read: a long listing must not pass for rest. */
  readonly seenAtMs: number;
}

function remember({ path, file, seenAtMs }: Seen, before: DropMemory, memory: DropMemory): Resting {
  const last = before.get(path);
  const same = last !== undefined && last.sizeBytes === file.sizeBytes && last.modifiedAtMs === file.modifiedAtMs;
  const resting = same
    ? last
    : { sizeBytes: file.sizeBytes, modifiedAtMs: file.modifiedAtMs, sinceMs: seenAtMs, offered: false };
  memory.set(path, resting);
  return resting;
}

interface Listed {
  readonly cases: ReadonlyMap<string | undefined, readonly Seen[]>;
  readonly problems: readonly string[];
}

async function listDrop(folder: string, elapsedMs: () => number): Promise<Listed> {
  const cases = new Map<string | undefined, Seen[]>();
  const problems: string[] = [];
  for await (const file of walkFolder(folder)) {
    const path = join(folder, file.path.text);
    if (!file.verdict.take && (file.verdict.outcome === 'skipped' || file.verdict.outcome === 'in-progress')) continue;
    if (file.type === 'unreadable')
      problems.push(`${path}: ${file.verdict.take ? 'cannot be read' : file.verdict.reason}`);
    else if (file.path.bytes !== undefined)
      problems.push(`${path}: its name is not plain UTF-8 text; rename it, then it is taken`);
    else {
      const slash = file.path.text.indexOf('/');
      const caseText = slash < 0 ? undefined : file.path.text.slice(0, slash);
      const files = cases.get(caseText) ?? [];
      files.push({ path, file, seenAtMs: elapsedMs() });
      cases.set(caseText, files);
    }
  }
  return { cases, problems };
}

async function* walkFolder(folder: string): AsyncGenerator<SourceFile> {
  const device = await lstat(folder).then(
    ({ dev }) => dev,
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    },
  );
  if (device === undefined) return;
  const ports = {
    root: async () => makeFolder(await openRoot(folder), device),
    isPresent: async () => true,
    classifier: makeClassifier(INBOX_PROFILE),
    profile: INBOX_PROFILE,
    limits: DEFAULT_CARD_LIMITS,
  };
  yield* walk(ports);
}
