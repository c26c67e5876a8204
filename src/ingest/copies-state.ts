// How far each vault has got: the bookmarks of the catch-up, and which vaults are away. One small file beside the ledger head.
// May be deleted at any time: then every vault is asked again for every object, and what it lacks is copied again.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errnoOf, type Instant, instantSchema } from '../evidence/index.ts';
import { replaceFile, wrapWriteError } from '../platform/index.ts';

/** Entries kept for another try; what cannot be copied beyond these holds the bookmark back. */
export const MAX_OPEN = 1000;

const markSchema = z.strictObject({
  /** Everything that the entries below this index name stands there. */
  copied: z.int().nonnegative(),
  /** The full tiles and bundles of so many entries stand there. */
  tree: z.int().nonnegative(),
  /** The last object that was seen there: when it is gone, the bookmark is not believed. */
  last: z.string().optional(),
  /** Entries whose objects could not be copied; tried again at every start. */
  open: z.array(z.int().nonnegative()).max(MAX_OPEN),
  /** Since when it has not answered, and why. */
  away: z.strictObject({ since: instantSchema, why: z.string() }).optional(),
});
const stateSchema = z.strictObject({ v: z.literal(1), vaults: z.record(z.string(), markSchema) });

/** How far one vault has got. */
export type CopyMark = z.infer<typeof markSchema>;
/** Bookmarks by the name of the vault. */
export type CopyMarks = Readonly<Record<string, CopyMark>>;

/** The bookmarks as last written; none when there is no such file, or when it cannot be read as one: it is made again. */
export async function readMarks(path: string): Promise<CopyMarks> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(path, 'utf8'))).vaults;
  } catch (error) {
    if (errnoOf(error) !== undefined && errnoOf(error) !== 'ENOENT') throw wrapWriteError(error, path, 'spool-full');
    return {};
  }
}

/** The bookmarks of a running station, written down as they move. */
export class MarkBook {
  readonly #path: string;
  #marks: CopyMarks;
  #written: string;

  constructor(path: string, marks: CopyMarks) {
    this.#path = path;
    this.#marks = marks;
    this.#written = JSON.stringify(marks);
  }

  of(vault: string): CopyMark {
    return this.#marks[vault] ?? { copied: 0, tree: 0, open: [] };
  }

  set(vault: string, change: Partial<CopyMark>): void {
    this.#marks = { ...this.#marks, [vault]: { ...this.of(vault), ...change } };
  }

  /** A vault answered. */
  here(vault: string): void {
    const { away: _, ...mark } = this.of(vault);
    this.#marks = { ...this.#marks, [vault]: mark };
  }

  /** A vault did not answer; since when is kept from the first time. */
  away(vault: string, now: Instant, why: string): void {
    this.set(vault, { away: { since: this.of(vault).away?.since ?? now, why } });
  }

  /** Writes them down, durably, if they moved. Failures: 'spool-full', 'disk-failed'. */
  async save(): Promise<void> {
    const text = JSON.stringify(this.#marks);
    if (text === this.#written) return;
    try {
      await replaceFile(this.#path, Buffer.from(JSON.stringify({ v: 1, vaults: this.#marks })));
    } catch (error) {
      throw wrapWriteError(error, this.#path, 'spool-full');
    }
    this.#written = text;
  }
}
