// Checks of vaults as the configuration names them: their lines, and what they say to people.
// Never decides what follows: a command prints them, the preflight refuses to start.
import type { VaultCheckView } from '../cli/index.ts';
import { type FailureCode, isFailure } from '../evidence/index.ts';
import type { VaultConfig } from '../platform/index.ts';
import { type Check, type CheckDepth, checkDirectoryVault, checkS3Vault, failed } from '../vault/index.ts';
import { s3OptionsOf } from './vaults.ts';

/** How a vault is checked. */
export interface CheckOrder {
  readonly depth: CheckDepth;
  /** Canaries are put under this station's name. */
  readonly station: string;
  readonly signal?: AbortSignal | undefined;
}

/** A vault in words, for messages. */
export function whereIs(vault: VaultConfig): string {
  if (vault.kind === 'directory') return vault.path;
  const prefix = vault.prefix === '' ? '' : `, prefix ${vault.prefix}`;
  return `${vault.endpoint ?? `AWS ${vault.region}`}, bucket ${vault.bucket}${prefix}`;
}

/** The lines of a check. Throws what keeps it from finding out: Failures vault-unreachable, vault-refused, config-invalid. */
export async function* checkVault(vault: VaultConfig, order: CheckOrder): AsyncIterable<Check> {
  if (vault.kind === 'directory') yield* checkDirectoryVault(vault.path);
  else yield* checkS3Vault(await s3OptionsOf(vault), order);
}

/** The check as shown: what kept it from finding out is its last line. */
export async function viewCheck(vault: VaultConfig, order: CheckOrder): Promise<VaultCheckView> {
  const checks: Check[] = [];
  try {
    for await (const line of checkVault(vault, order)) checks.push(line);
  } catch (error) {
    if (!isFailure(error) || error.code === 'cancelled') throw error;
    checks.push(
      failed(TROUBLE[error.code]?.name ?? error.code, error.message, TROUBLE[error.code]?.next ?? error.next),
    );
  }
  return { name: vault.name, kind: vault.kind, where: whereIs(vault), checks };
}

/** What the table of failures says is for a station at work; here is somebody who sets one up. */
const TROUBLE: Partial<Record<FailureCode, { readonly name: string; readonly next: string }>> = {
  'vault-unreachable': {
    name: 'reachable',
    next: 'Look at the endpoint (http or https, host, port), the network and the store; until then footage waits in the spool',
  },
  'vault-refused': {
    name: 'access',
    next: 'Correct that, then check again',
  },
  'config-invalid': { name: 'configuration', next: 'Correct that, then check again' },
};
