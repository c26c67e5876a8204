// The guards of several vaults as one: a lock is as strong as the weakest of its copies, and is lengthened in all of them.
// Never asks a member that keeps no locks.
import { Failure } from '../evidence/index.ts';
import type { Copies, LockFacts, Overlay, PutTerms, StoreGuard, Vault } from './port.ts';

const STRENGTH = ['none', 'governance', 'compliance'] as const;

/** The guard of all members that have one; undefined when none has. */
export function guardOf(members: readonly Vault[]): StoreGuard | undefined {
  const guards = members.flatMap((each) => (each.guard === undefined ? [] : [each.guard]));
  if (guards.length === 0) return undefined;
  return {
    lockOf: (key, copies) => lockOf(guards, key, copies),
    extendLock: (key, terms, copies) => extendLocks(guards, key, terms, copies),
    overlays: (prefix) => overlaysOf(guards, prefix),
    abortStaleUploads: async (olderThanMs) => {
      let aborted = 0;
      for (const each of guards) aborted += await each.abortStaleUploads(olderThanMs);
      return aborted;
    },
  };
}

async function lockOf(
  guards: readonly StoreGuard[],
  key: string,
  copies: Copies | undefined,
): Promise<LockFacts | undefined> {
  const found = await Promise.all(guards.map((each) => each.lockOf(key, copies)));
  return weakest(found.filter((each) => each !== undefined));
}

async function extendLocks(
  guards: readonly StoreGuard[],
  key: string,
  terms: PutTerms,
  copies: Copies | undefined,
): Promise<LockFacts> {
  const extended: LockFacts[] = [];
  for (const each of guards)
    if ((await each.lockOf(key, copies)) !== undefined) extended.push(await each.extendLock(key, terms, copies));
  const result = weakest(extended);
  if (result === undefined) throw new Failure('not-found', `no vault that keeps locks holds ${key}`);
  return result;
}

function weakest(locks: readonly LockFacts[]): LockFacts | undefined {
  return locks.toSorted(
    (a, b) =>
      STRENGTH.indexOf(a.lock) - STRENGTH.indexOf(b.lock) || (a.retainUntil ?? '').localeCompare(b.retainUntil ?? ''),
  )[0];
}

async function* overlaysOf(guards: readonly StoreGuard[], prefix: string): AsyncIterable<Overlay> {
  for (const each of guards) yield* each.overlays(prefix);
}
