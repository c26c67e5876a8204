// The root of a directory vault and the folders below it: made one level at a time, each name durable before anything is put there.
// Never makes the root itself, and never takes another disk, or the bare mount point of an unmounted one, for it.
import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, Failure } from '../evidence/index.ts';
import { exists, syncDirectory } from '../platform/index.ts';

/** Folders remembered as durable; cases make more, and forgetting one only costs another look. */
const MAX_FOLDERS_KNOWN = 10_000;
/** A folder that every vault in use has; by it a disk that was mounted again is known. */
const LANDMARK = 'ledgers';

/** The folder a vault lies in. Holds nothing open. */
export class VaultRoot {
  readonly path: string;
  readonly #folders = new Map<string, Promise<void>>();
  #place: { readonly dev: number; readonly ino: number } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Throws Failure 'vault-unreachable' unless the vault that was first seen here is still the one that is here. */
  async check(): Promise<void> {
    const { dev, ino } = await this.#look();
    if (this.#place?.dev === dev && this.#place.ino === ino) return;
    if (this.#place !== undefined && !(await exists(join(this.path, LANDMARK))))
      throw new Failure(
        'vault-unreachable',
        `something else stands at ${this.path} than the vault: is its disk mounted?`,
      );
    this.#place = { dev, ino };
    this.forgetFolders();
  }

  async #look(): Promise<{ readonly dev: number; readonly ino: number }> {
    const facts = await lstat(this.path).catch((cause: unknown) => {
      const why = errnoOf(cause) ?? 'unknown error';
      throw new Failure('vault-unreachable', `the vault ${this.path} cannot be reached: ${why}`, { cause });
    });
    if (!facts.isDirectory()) throw new Failure('vault-unreachable', `the vault ${this.path} is not a folder`);
    return facts;
  }

  /** Makes a folder below the root durable, once; several writers share the work, so none goes on before it is done. */
  ensureFolder(path: string): Promise<void> {
    if (path === this.path) return this.check();
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const made = this.#makeFolder(path);
    if (this.#folders.size >= MAX_FOLDERS_KNOWN) this.#folders.clear();
    this.#folders.set(path, made);
    made.catch(() => this.#folders.delete(path)); // the failure itself reaches every caller that awaits `made`
    return made;
  }

  /** One level at a time: were the disk unmounted meanwhile, the parent would be missing, and nothing is made in its mount point. */
  async #makeFolder(path: string): Promise<void> {
    const parent = dirname(path);
    await this.ensureFolder(parent);
    try {
      await mkdir(path, { mode: 0o755 });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    await syncDirectory(parent); // also for one that stands: a crash may have come between its mkdir and this
  }

  /** After a failed write a folder may be gone: the next write looks again. */
  forgetFolders(): void {
    this.#folders.clear();
  }
}
