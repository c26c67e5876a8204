// "Something changed in there": chokidar, kept to saying that and nothing more. What changed, the loop that is woken finds out itself, since
// chokidar does not hold files found at its start until they are written, compares sizes only, and cannot say names that are not UTF-8.
import { watch } from 'chokidar';

/** What to watch and whom to tell. */
export interface FolderWatchOptions {
  /** Folders; one that does not exist yet is noticed when it comes. */
  readonly folders: readonly string[];
  /** Levels of folders below them that are watched too; all if absent. */
  readonly depth?: number | undefined;
  readonly onChange: () => void;
  readonly onProblem: (message: string) => void;
}

/** Starts watching; the returned function ends it. */
export function watchFolders(options: FolderWatchOptions): () => Promise<void> {
  const watcher = watch([...options.folders], {
    followSymlinks: false,
    ignoreInitial: true,
    ignorePermissionErrors: true,
    atomic: false,
    ...(options.depth === undefined ? {} : { depth: options.depth }),
  });
  watcher.on('all', () => options.onChange());
  watcher.on('error', (error: unknown) => {
    options.onProblem(
      `watching ${options.folders.join(', ')} met a problem (${error instanceof Error ? error.message : String(error)}); docket looks there from time to time instead`,
    );
  });
  return () => watcher.close();
}
