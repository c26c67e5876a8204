// A folder that is gone when its test ends, whatever was made read-only in it.
// By default where the system keeps temporary files; elsewhere for another file system.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder; disposing it removes it with all it holds. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Path of a name in it. */
  at(...names: readonly string[]): string;
}

/** Makes an empty folder below `base`. */
export async function makeTempFolder(base = tmpdir()): Promise<TempFolder> {
  const path = await mkdtemp(join(base, 'docket-test-'));
  return {
    path,
    at: (...names) => join(path, ...names),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
