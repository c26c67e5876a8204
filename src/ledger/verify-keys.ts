// The keys of a ledger under verification: from the handovers in the store and in the head, each proven by the key before it.
// Never takes a key from an entry alone, and never trusts the head's handovers more than the signatures on them.
import { type Finding, type FindingCode, isFailure, type Verifier } from '../evidence/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Findings } from './findings.ts';
import { handoverPath, mayHandOver } from './handover.ts';
import type { HeadState } from './head-view.ts';
import { KeyHistory, readHandover } from './key-history.ts';
import type { TileStore } from './store.ts';

/** The keys as the store tells them: up to the first handover that does not hold, which is reported. Rejects only when cancelled. */
export async function readStoreKeys(
  { store, verifier }: { readonly store: Pick<TileStore, 'read'>; readonly verifier: Verifier },
  findings: Findings,
): Promise<KeyHistory> {
  let keys = KeyHistory.of(verifier);
  try {
    for (let more: KeyHistory | undefined = keys; more !== undefined; more = await readHandover(store, keys))
      keys = more;
  } catch (error) {
    if (!isFailure(error) || error.code === 'cancelled') throw error;
    const code: FindingCode = error.policy === 'retry' ? 'read-failed' : 'handover-altered';
    findings.add(code, handoverPath(keys.handovers.length + 1), error.message);
  }
  return keys;
}

/** The keys to go by: the longer history of the two, which must be one; what the store lacks of the published part is reported. */
export function settleKeys(store: KeyHistory, state: HeadState | undefined, findings: Findings): KeyHistory {
  if (state === undefined) return store;
  const { keys, published } = state;
  for (const [at, { checkpoint, text }] of keys.handovers.entries()) {
    const there = store.handovers[at];
    if (there !== undefined && there.text !== text)
      findings.add('handover-altered', handoverPath(at + 1), 'the vault holds another handover than the head');
    const wanted = checkpoint.size <= (published?.size ?? 0);
    if (there === undefined && wanted && !isNamed(findings.list, handoverPath(at + 1)))
      findings.add('handover-missing', handoverPath(at + 1));
  }
  return keys.isBeginningOf(store) ? store : keys;
}

function isNamed(list: readonly Finding[], path: string): boolean {
  return list.some(({ where }) => where.endsWith(path));
}

/** An entry that replaces a key, and is no handover of the key before it, was not put there by whoever had that key. */
export function checkHandsOver(keys: KeyHistory, index: number, bytes: Buffer, findings: Findings): void {
  if (!mayHandOver(bytes) || keys.handovers.some((each) => each.index === index)) return;
  const what = `entry ${index} says that the key was replaced, but no handover by the key in force there is to be found`;
  findings.add('handover-missing', handoverPath(keys.handovers.length + 1), what);
}

/** A ledger cannot be shorter than the handovers it has signed. */
export function checkReached(keys: KeyHistory, newest: Checkpoint | undefined, findings: Findings): void {
  if (newest === undefined || newest.size >= keys.size) return;
  const path = handoverPath(keys.handovers.length);
  const what = `it was handed over to a new key at ${keys.size} entries, but what is signed now has ${newest.size}`;
  findings.add('checkpoint-behind', path, what);
}
