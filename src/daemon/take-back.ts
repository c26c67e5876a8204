// Takes back what a station in the making has left on the disk when it could not be made.
// Never removes what stood there before: a folder, a mounted disk with lost+found, anybody's file.
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../evidence/index.ts';

/** Names that a new station makes in its folder. */
const OURS = ['docket.toml', 'station.key', 'state', 'vault', 'inbox'];
/** Folders that may have stood there empty, and were filled. */
const FILLED = ['', 'state', 'vault'];

/** What stands in a folder before a station is made there. */
export interface Before {
  readonly folder: string;
  /** Names by folder; undefined: the folder was not there. */
  readonly names: ReadonlyMap<string, ReadonlySet<string> | undefined>;
}

/** Looks at a folder before a station is made there. */
export async function lookBefore(folder: string): Promise<Before> {
  const names = new Map<string, ReadonlySet<string> | undefined>();
  for (const each of FILLED) names.set(each, await namesIn(join(folder, each)));
  return { folder, names };
}

async function namesIn(path: string): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set(await readdir(path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Removes what was made since, and the folder itself when it was not there and is empty again. */
export async function takeBack({ folder, names }: Before): Promise<void> {
  for (const each of FILLED) {
    const path = join(folder, each);
    const stood = names.get(each);
    if (each !== '' && stood === undefined) continue; // goes as a whole with the names of the station's folder
    for (const name of (await namesIn(path)) ?? [])
      if (stood?.has(name) !== true && (each !== '' || OURS.includes(name)))
        await rm(join(path, name), { recursive: true });
  }
  if (names.get('') === undefined) await rmdir(folder).catch(() => undefined); // something else was put there meanwhile: it stays
}
