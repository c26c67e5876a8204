// The port of a folder as the walk sees it: names, what stands under a name, the folder under a name.
// The real file system and the simulated card each answer to it, so one walk lists both.
import type { EntryType } from '../evidence/index.ts';
import type { RawName } from './source-path.ts';

/** What stands under a name, the link itself if it is one. */
export interface Look {
  readonly type: EntryType | 'directory';
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** An open folder of a card. Errors are errno errors; whoever entered it closes it. */
export interface Folder {
  /** The names in it, in any order; at most `max`, and whether there are more. */
  names(max: number, signal?: AbortSignal): Promise<{ readonly names: RawName[]; readonly more: boolean }>;
  look(name: RawName): Promise<Look>;
  /** Never through a link. */
  enter(name: RawName): Promise<Folder>;
  close(): Promise<void>;
}
