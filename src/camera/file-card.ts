// Chosen files as a card: the documents named on a command line, the settled files of a drop folder.
// Never lists anything but what was chosen, never follows a link, never writes.
import { constants, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import {
  type CameraIdentity,
  Failure,
  type ItemKind,
  parseByteCount,
  parseEpochMs,
  type SourceFile,
  type SourcePath,
} from '../evidence/index.ts';
import type { Card, OpenSource } from './card.ts';
import { FolderSource } from './folder-card.ts';
import { openQuietly } from './folder-tree.ts';
import { extensionOf, kindOf } from './kinds.ts';
import { mapSourceError } from './source-error.ts';
import { rawOf, sourcePathOfRaw } from './source-path.ts';

/** Which files, and as what. */
export interface FileCardOptions {
  /** Paths on this machine. */
  readonly files: readonly string[];
  readonly identity: CameraIdentity;
  /** Paths on the receipt start here; without it only the file name stands there. */
  readonly root?: string | undefined;
  /** Kind of every file; by extension when absent. */
  readonly kind?: ItemKind | undefined;
}

/** A card of chosen files. Throws Failure 'invalid' when one does not exist: nothing is taken then. */
export async function openFileCard(options: FileCardOptions): Promise<Card> {
  const places = new Map<string, { readonly path: string; readonly file: SourceFile }>();
  for (const each of options.files) {
    const path = resolve(each);
    const facts = await lstat(path).catch((cause: unknown) => {
      throw new Failure('invalid', `there is no file ${path}`, { cause });
    });
    if (facts.isDirectory())
      throw new Failure('invalid', `${path} is a folder; name its files, or use: docket dock ${path}`);
    const file = describe(path, facts, options);
    if (places.has(file.path.text))
      throw new Failure('invalid', `two of the files are called ${file.path.text}; add them one after the other`);
    places.set(file.path.text, { path, file });
  }
  return new FileCard(options.identity, places);
}

function describe(path: string, facts: Stats, options: FileCardOptions): SourceFile {
  const inside =
    options.root === undefined ? basename(path) : relative(resolve(options.root), path).split(sep).join('/');
  const name: SourcePath = sourcePathOfRaw(rawOf(inside));
  const common = {
    path: name,
    sizeBytes: parseByteCount(facts.size),
    modifiedAtMs: parseEpochMs(Math.trunc(facts.mtimeMs)),
    kind: options.kind ?? kindOf(extensionOf(inside)),
    keyMark: false,
  };
  if (facts.isFile()) return { ...common, type: 'file', verdict: { take: true } };
  return {
    ...common,
    type: facts.isSymbolicLink() ? 'symlink' : 'device',
    verdict: { take: false, outcome: 'refused', reason: 'it is not a regular file, and links are never followed' },
  };
}

class FileCard implements Card {
  readonly identity: CameraIdentity;
  readonly #places: ReadonlyMap<string, { readonly path: string; readonly file: SourceFile }>;

  constructor(
    identity: CameraIdentity,
    places: ReadonlyMap<string, { readonly path: string; readonly file: SourceFile }>,
  ) {
    this.identity = identity;
    this.#places = places;
  }

  async *list(): AsyncIterable<SourceFile> {
    for (const { file } of this.#places.values()) yield file;
  }

  async open(file: SourceFile): Promise<OpenSource> {
    const place = this.#places.get(file.path.text);
    if (place === undefined || file.type !== 'file')
      throw new Failure('name-refused', `${file.path.text} is not one of the chosen files`);
    try {
      const handle = await openQuietly(place.path, constants.O_NONBLOCK);
      if ((await handle.stat()).isFile()) return new FolderSource(handle, file.path.text, this);
      await handle.close();
    } catch (error) {
      throw mapSourceError(error, file.path.text, true);
    }
    throw new Failure('name-refused', `${file.path.text} is no longer a regular file`);
  }

  isPresent(): Promise<boolean> {
    return Promise.resolve(true); // files of this machine; one that goes away is that file's failure
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
