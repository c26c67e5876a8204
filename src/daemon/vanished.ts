// Whether one of several vaults is the bare mount point of its disk: it holds no evidence at all, and the ledger says that it held copies.
// A vault that is new is empty too, and no entry names it. Looks only.
import { decodeEntry, Failure, isFailure, isForeign } from '../evidence/index.ts';
import type { LedgerView } from '../ledger/index.ts';
import { membersOf, type Vault } from '../vault/index.ts';

/** Failure 'vault-unreachable' when a vault that held copies answers and is empty. One that is away is looked at by whoever writes to it. */
export async function refuseVanished(vault: Vault, ledger: LedgerView): Promise<void> {
  for (const member of membersOf(vault)) {
    const empty = await isEmpty(member).catch((error: unknown) => {
      if (isFailure(error) && error.policy === 'retry') return false;
      throw error;
    });
    if (empty && (await heldCopies(member, ledger)))
      throw new Failure(
        'vault-unreachable',
        `the vault ${member.name} is empty, and was not: is its disk mounted, is it the right bucket? A new one in its place needs a name of its own`,
      );
  }
}

/** No evidence at all; what a check of the store leaves there does not count. */
async function isEmpty(vault: Vault): Promise<boolean> {
  for (const folder of ['payload/', 'manifests/']) for await (const _ of vault.list(folder)) return false;
  return true;
}

/** Read from the first entry on: this is asked only of a vault that is empty. */
async function heldCopies({ name }: Vault, ledger: LedgerView): Promise<boolean> {
  for await (const { index, bytes } of ledger.entries()) {
    const entry = decodeEntry(bytes, `ledger entry ${index}`);
    if (isForeign(entry)) continue;
    if (entry.kind === 'item.recorded' && entry.copies.some(({ vault }) => vault === name)) return true;
    if (entry.kind === 'item.copied' && entry.copy.vault === name) return true;
  }
  return false;
}
