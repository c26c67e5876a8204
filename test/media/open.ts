// A room `media` for tests, in a folder of its own, and the shortest way to ask it.
// Limits are those of a station unless a test names others.
import { basename, join } from 'node:path';
import type { ItemKind } from '../../src/evidence/index.ts';
import {
  DEFAULT_MEDIA_LIMITS,
  type Examination,
  type Media,
  type MediaOptions,
  openMedia,
} from '../../src/media/index.ts';
import { systemClock } from '../../src/platform/index.ts';

/** Opens the room with its pictures under `dir`; the test disposes of it. */
export function openTestMedia(dir: string, options: Partial<MediaOptions> = {}): Media {
  return openMedia({ derivedDir: join(dir, 'derived'), clock: systemClock, limits: DEFAULT_MEDIA_LIMITS, ...options });
}

/** Looks inside a file; every kind asked for here is looked into. */
export async function look(media: Media, path: string, kind: ItemKind, signal?: AbortSignal): Promise<Examination> {
  const found = await media.examine({ path, kind, name: basename(path), ...(signal === undefined ? {} : { signal }) });
  if (found === undefined) throw new Error(`${kind} was not looked into`);
  return found;
}
