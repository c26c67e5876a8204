// A vault named on a command line: s3://BUCKET[/PREFIX] and its options, as the table docket.toml holds.
// Never holds a secret: credentials are named by their file, or come from the environment.
import { resolve } from 'node:path';
import type { VaultAddress } from '../cli/index.ts';
import { Failure } from '../evidence/index.ts';
import { parseVault, type S3VaultConfig, type VaultConfig } from '../platform/index.ts';

/** Keys of the vault's table beside `kind`, in the order they are written. Throws Failure 'invalid'. */
export function vaultKeysOf(address: VaultAddress): Readonly<Record<string, string>> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(address.vault) ?? [];
  if (bucket === undefined)
    throw new Failure('invalid', `${address.vault} names no vault: write s3://BUCKET or s3://BUCKET/PREFIX`);
  const keys = {
    endpoint: address.endpoint,
    region: address.region,
    bucket,
    prefix: prefix === '' ? undefined : prefix.replace(/\/*$/, '/'),
    mode: address.mode ?? 'compliance',
    credentials_file: address.credentialsFile === undefined ? undefined : resolve(address.credentialsFile),
    ca_file: address.caFile === undefined ? undefined : resolve(address.caFile),
  };
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** The vault to look into: a folder, or a bucket. Throws Failure 'invalid'. */
export function anyVaultAt(address: VaultAddress): VaultConfig {
  const isFolder = !address.vault.includes('://');
  return isFolder ? parseVault({ kind: 'directory', path: resolve(address.vault) }) : vaultAt(address);
}

/** The S3 vault an address names. Throws Failure 'invalid'. */
export function vaultAt(address: VaultAddress): S3VaultConfig {
  const vault = parseVault({ kind: 's3', ...vaultKeysOf(address) });
  if (vault.kind !== 's3') throw new Failure('invalid', `${address.vault} is no S3 vault`);
  return vault;
}
