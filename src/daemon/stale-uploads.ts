// Uploads in parts that nobody ended take room in a store, and no listing of objects shows them: what is a week old is given up.
// Looked for every day, whether the rolling check is on or off. Never gives up one that a put may still be completing.
import { isFailure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import { membersOf, type Vault } from '../vault/index.ts';

const DAY_MS = 86_400_000;
/** After a start others come first. */
const FIRST_MS = 600_000;
/** By its age alone: some stores lose the object when its upload is aborted while they complete it. */
const STALE_MS = 7 * DAY_MS;

/** Gives up stale uploads once a day until `signal` aborts. Rejects with what stops the station. */
export async function keepUploadsFew(
  { vault, clock }: { readonly vault: Vault; readonly clock: Pick<Clock, 'wait'> },
  signal: AbortSignal,
): Promise<void> {
  for (let restMs = FIRST_MS; !signal.aborted; restMs = DAY_MS) {
    await clock.wait(restMs, signal).catch(() => undefined); // ends early when the service stops
    if (!signal.aborted) for (const each of membersOf(vault)) await look(each);
  }
}

/** What does not answer is asked again the next day; the retries of the service tell that it is away. */
async function look({ guard }: Vault): Promise<void> {
  try {
    await guard?.abortStaleUploads(STALE_MS);
  } catch (error) {
    if (!isFailure(error) || error.policy === 'stop') throw error;
  }
}
