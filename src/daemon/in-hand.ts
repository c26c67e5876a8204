// What is on its way: acquisitions in the spool, and the payload digests their manifests name.
// Verification must not call an object a stray that is about to be recorded.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../evidence/index.ts';

/** Reads the spool without its lock; what disappears meanwhile has just been recorded. */
export async function spoolInHand(
  spool: string,
): Promise<{ readonly acquisitions: ReadonlySet<string>; readonly digests: ReadonlySet<string> }> {
  const acquisitions = new Set<string>();
  const digests = new Set<string>();
  for (const name of await acquisitionsInHand(spool)) {
    acquisitions.add(name);
    for (const file of await namesIn(join(spool, name))) {
      if (!/^\d{6}\.json$/.test(file)) continue;
      const text = await readFile(join(spool, name, file), 'utf8').catch(() => ''); // dropped meanwhile
      const digest = /"sha256":"([0-9a-f]{64})"/.exec(text)?.[1];
      if (digest !== undefined) digests.add(digest);
    }
  }
  return { acquisitions, digests };
}

/** Names of the acquisitions in the spool. */
export async function acquisitionsInHand(spool: string): Promise<string[]> {
  return (await namesIn(spool)).filter((name) => /^\d{8}-\d{6}-/.test(name));
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}
