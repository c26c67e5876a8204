// Which cards are mounted under the configured roots now: one look, and the difference to the look before.
// Reads mountinfo and, only where plain folders count, the parents' names; never looks into a card.
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../evidence/index.ts';
import type { CameraArrived, CameraDeparted } from './arrival.ts';
import { matchName } from './glob.ts';
import { findPort, identifyDevice, type MachineRoots } from './identity.ts';
import { type Mount, readMounts } from './mounts.ts';

/** Where cards are looked for. */
export interface MountLookOptions extends MachineRoots {
  /** Absolute paths, each name of which may hold `*` and `?`. */
  readonly roots: readonly string[];
  /** A directory that is no mount point stands for a card too: for trying things out. Fill it elsewhere and move it there whole. */
  readonly allowPlainDirectories?: boolean | undefined;
}

/** What is there, by a key that another card in the same place does not have. */
export type PresentCards = ReadonlyMap<string, CameraArrived>;

/** The cards present now. Errors are errno errors of reading mountinfo. */
export async function lookForCards(options: MountLookOptions, before: PresentCards): Promise<PresentCards> {
  const globs = await Promise.all(options.roots.map(realGlob));
  const onTop = new Map<string, Mount>();
  for (const mount of await readMounts(options.procRoot))
    if (mount.fileSystem !== 'autofs' && globs.some((glob) => matchPath(glob, mount.mountPoint)))
      onTop.set(mount.mountPoint, mount);
  const found = new Map<string, CameraArrived>();
  for (const mount of onTop.values()) {
    const key = `${mount.id} ${mount.device} ${mount.mountPoint}`;
    found.set(key, before.get(key) ?? (await arrivedAt(mount, options)));
  }
  if (options.allowPlainDirectories === true) {
    for (const { path, inode } of (await Promise.all(globs.map(expand))).flat()) {
      if (!onTop.has(path))
        found.set(`folder ${inode} ${path}`, {
          kind: 'arrived',
          root: path,
          identity: { way: 'folder', folder: path },
        });
    }
  }
  return found;
}

async function arrivedAt(mount: Mount, machine: MachineRoots): Promise<CameraArrived> {
  const [identity, port] = await Promise.all([identifyDevice(mount, machine), findPort(mount, machine)]);
  return { kind: 'arrived', root: mount.mountPoint, identity, ...(port === undefined ? {} : { port }) };
}

/** What left, then what came, each in the order of paths. */
export function compareCards(before: PresentCards, now: PresentCards): (CameraArrived | CameraDeparted)[] {
  const byRoot = (a: CameraArrived, b: CameraArrived): number => (a.root < b.root ? -1 : a.root > b.root ? 1 : 0);
  const left = [...before].filter(([key]) => !now.has(key)).map(([, card]) => card);
  const came = [...now].filter(([key]) => !before.has(key)).map(([, card]) => card);
  return [
    ...left.toSorted(byRoot).map(({ root, identity }) => ({ kind: 'departed' as const, root, identity })),
    ...came.toSorted(byRoot),
  ];
}

/** The part of a glob before its first pattern: the folder to watch. */
export function fixedParent(glob: string): string {
  const names = glob.split('/');
  const first = names.findIndex((name) => /[*?]/.test(name));
  return names.slice(0, first < 0 ? -1 : first).join('/') || '/';
}

/** Levels of names below the fixed parent. */
export function patternDepth(glob: string): number {
  return glob.split('/').length - (fixedParent(glob) === '/' ? 1 : fixedParent(glob).split('/').length);
}

/** mountinfo names real paths: a parent reached through a link is replaced by where it leads. */
async function realGlob(glob: string): Promise<string> {
  const parent = fixedParent(glob);
  const real = await realpath(parent).catch(() => parent); // not there yet
  return join(real, glob.slice(parent.length));
}

function matchPath(glob: string, path: string): boolean {
  const parts = glob.split('/');
  const names = path.split('/');
  return parts.length === names.length && parts.every((part, k) => matchName(part, names[k] ?? ''));
}

async function expand(glob: string): Promise<readonly { readonly path: string; readonly inode: number }[]> {
  let found = [fixedParent(glob)];
  for (const part of glob
    .slice(fixedParent(glob).length)
    .split('/')
    .filter((name) => name !== '')) {
    const inner = await Promise.all(
      found.map(async (folder) =>
        (await namesOf(folder)).filter((name) => matchName(part, name)).map((name) => join(folder, name)),
      ),
    );
    found = inner.flat();
  }
  const seen = await Promise.all(found.map(async (path) => ({ path, facts: await stat(path).catch(() => undefined) })));
  return seen.flatMap(({ path, facts }) => (facts?.isDirectory() === true ? [{ path, inode: facts.ino }] : []));
}

async function namesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}
