// The ledger in each vault that holds a copy of it: every tile and bundle there must be what the tree says, up to what is published.
// What nothing names is looked for in all vaults together, not here. Never says of one copy what only another shows.
import { type Finding, finding, isFailure, ledgerPrefix, type StationName, type Verifier } from '../evidence/index.ts';
import { CHECKPOINT_PATH, type TileStore, verifyLedger } from '../ledger/index.ts';
import type { Vault } from '../vault/index.ts';

/** What checking the copies of a ledger stands on. */
export interface LedgerCopiesPorts {
  readonly station: StationName;
  readonly verifier: Verifier;
  readonly vault: Vault;
  /** The ledger as it lies in one vault. */
  tilesOf(vault: Vault): TileStore;
}

/** Findings of all copies, each naming its vault; none where there is one vault. `published` entries must stand in each. */
export async function checkLedgerCopies(
  ports: LedgerCopiesPorts,
  published: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const member of ports.vault.members ?? []) findings.push(...(await checkCopy(ports, member, published, signal)));
  return findings;
}

async function checkCopy(
  ports: LedgerCopiesPorts,
  member: Vault,
  published: number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { station, verifier } = ports;
  const where = `${ledgerPrefix(station)}${CHECKPOINT_PATH}`;
  const of = (what: string): string => `vault ${member.name}: ${what}`;
  try {
    const { findings, size } = await verifyLedger({ store: ports.tilesOf(member), verifier, signal });
    const named = findings
      .filter(({ code }) => code !== 'object-stray')
      .map((found) => finding(found.code, found.where, of(found.what)));
    const behind = size < published && named.every(({ code }) => !code.startsWith('checkpoint-'));
    if (!behind) return named;
    return [
      ...named,
      finding('checkpoint-behind', where, of(`it has ${size} entries of ${published} that are published`)),
    ];
  } catch (error) {
    if (!isFailure(error) || signal.aborted) throw error;
    return [finding('read-failed', where, of(error.message))];
  }
}
