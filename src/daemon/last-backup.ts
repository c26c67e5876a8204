// state/last-backup.json: when `docket backup` last succeeded, and where it was put. See FORMAT.md, "Station folder".
// A courtesy for `docket doctor`: it proves nothing, since nobody knows whether that folder still exists.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Instant, instantSchema } from '../evidence/index.ts';
import { replaceFile } from '../platform/index.ts';

const lastSchema = z.strictObject({
  type: z.literal('docket/last-backup'),
  v: z.literal(1),
  at: instantSchema,
  folder: z.string(),
  ledgerSize: z.int().nonnegative(),
  /** Labels of the private keys in it; absent in what versions before the replacement of keys wrote. */
  keys: z.array(z.string()).optional(),
});
/** The last backup. */
export type LastBackup = z.infer<typeof lastSchema>;

/** Writes it down; readable by whoever may enter the state folder, since root often makes backups. */
export async function rememberBackup(
  path: string,
  facts: { readonly at: Instant; readonly folder: string; readonly ledgerSize: number; readonly keys: string[] },
): Promise<void> {
  const last: LastBackup = { type: 'docket/last-backup', v: 1, ...facts };
  await replaceFile(path, Buffer.from(`${JSON.stringify(last)}\n`), 0o644);
}

/** The last backup; undefined when none is written down, or nothing that can be read. */
export async function readLastBackup(path: string): Promise<LastBackup | undefined> {
  try {
    return lastSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined; // then there is none that anybody could count on
  }
}
