// Compiles what children run, once per process, into the cache of compiled code that this process was given: a child that may write no
// file cannot do that for itself, and would compile for longer than it looks.
// Never given an original: what fills the cache has seen no hostile byte.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Argument of the examiner that only loads what it may need, and ends. */
export const WARM_ARGUMENT = '--warm';
const WARM_LIMIT_MS = 60_000;

/** Environment with which children find compiled code; empty where there is no cache, or it cannot be filled: then each compiles for itself. */
export async function warmChildren(
  [node = '', ...flags]: readonly string[],
  examiner: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const cache = process.env['NODE_COMPILE_CACHE'];
  if (cache === undefined || cache === '') return {};
  const found = { NODE_COMPILE_CACHE: cache };
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...found };
  try {
    await promisify(execFile)(node, [...flags, examiner, WARM_ARGUMENT], { env, signal, timeout: WARM_LIMIT_MS });
    return found;
  } catch {
    return {}; // slower, and nothing else
  }
}
