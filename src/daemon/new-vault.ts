// The vault of a new station: a folder of its own, or a bucket that is tried before anything is made on the disk.
// Never takes a place where a station of that name has its ledger.
import type { VaultAddress } from '../cli/index.ts';
import { Failure, ledgerPrefix, type StationName } from '../evidence/index.ts';
import { type Config, type NewVault, type S3VaultConfig, systemClock } from '../platform/index.ts';
import { openS3Vault, unfitBecause } from '../vault/index.ts';
import { rememberPassed } from './check-record.ts';
import { placesOf } from './places.ts';
import { vaultAt, vaultKeysOf } from './vault-address.ts';
import { checkVault, whereIs } from './vault-check.ts';
import { s3OptionsOf } from './vaults.ts';

/** A vault that may be used. */
export interface PreparedVault {
  readonly table: NewVault;
  readonly warnings: readonly string[];
  /** Notes in the new station's state that its vault was checked just now. */
  remember(config: Config): Promise<void>;
}

/** Prepares the vault of a new station. Failures: 'invalid', 'vault-unfit', 'vault-unreachable', 'vault-refused', 'station-exists'. */
export async function prepareVault(address: VaultAddress | undefined, station: StationName): Promise<PreparedVault> {
  if (address === undefined)
    return {
      table: { kind: 'directory', keys: { path: 'vault' } },
      warnings: [],
      remember: () => Promise.resolve(),
    };
  const vault = vaultAt(address);
  const warnings = await demandFit(vault, station);
  await refuseTaken(vault, station);
  return {
    table: { kind: 's3', keys: vaultKeysOf(address) },
    warnings,
    remember: (config) => rememberPassed(placesOf(config).vaultCheck, vault, systemClock.now()),
  };
}

/** A full check; what is doubtful is handed on. */
async function demandFit(vault: S3VaultConfig, station: StationName): Promise<string[]> {
  const warnings: string[] = [];
  for await (const line of checkVault(vault, { depth: 'full', station })) {
    if (line.state === 'fail') throw unfitBecause(whereIs(vault), line);
    if (line.state === 'warn') warnings.push(`${line.what}. ${line.next ?? ''}`.trim());
  }
  return warnings;
}

async function refuseTaken(vault: S3VaultConfig, station: StationName): Promise<void> {
  await using opened = await openS3Vault(await s3OptionsOf(vault));
  for await (const { key } of opened.list(ledgerPrefix(station)))
    throw new Failure(
      'station-exists',
      `${whereIs(vault)} holds ${key}: a station ${station} has its ledger there; choose another name or another bucket`,
    );
}
