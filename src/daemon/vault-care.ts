// docket vault check, init, policy: for whoever sets a store up, before and after there is a station.
// Needs no lock and no ledger: it works on a station that does not start, and beside one that runs.
import { dirname } from 'node:path';
import type { BucketView, PolicyRequest, VaultCheckView, VaultDoors, VaultsCheck, VaultsOf } from '../cli/index.ts';
import { Failure, parseStationName } from '../evidence/index.ts';
import {
  type Config,
  exists,
  readConfig,
  type S3VaultConfig,
  systemClock,
  type VaultConfig,
} from '../platform/index.ts';
import { leastPolicy, makeS3Bucket, NO_STATION, type Policy } from '../vault/index.ts';
import { rememberPassed } from './check-record.ts';
import { placesOf } from './places.ts';
import { vaultAt } from './vault-address.ts';
import { viewCheck } from './vault-check.ts';
import { s3OptionsOf } from './vaults.ts';

/** Vaults that a command is about. */
interface Named {
  readonly vaults: readonly VaultConfig[];
  /** The station they belong to, if there is one. */
  readonly config: Config | undefined;
}

async function read(of: VaultsOf): Promise<Named> {
  if ('address' in of) return { vaults: [vaultAt(of.address)], config: undefined };
  const config = await readConfig(of.config);
  return { vaults: config.vaults, config };
}

/** The vault commands on this machine. */
export function makeVaultDoors(): VaultDoors {
  return {
    check: async (of, signal) => await checkAll(await read(of), signal),
    init: async (of, signal) => await makeBuckets(await read(of), signal),
    policy: async (of, request) => policyOf(await read(of), request),
  };
}

/** Checks every vault in full; one of a station that passed is not checked again by its next start. */
async function checkAll({ vaults, config }: Named, signal: AbortSignal): Promise<VaultsCheck> {
  const views: VaultCheckView[] = [];
  for (const vault of vaults) {
    const view = await viewCheck(vault, { depth: 'full', station: config?.station.name ?? NO_STATION, signal });
    views.push(view);
    if (config !== undefined && vault.kind === 's3' && isFit(view)) await remember(config, vault);
  }
  return { ok: views.every(isFit), vaults: views };
}

function isFit({ checks }: VaultCheckView): boolean {
  return checks.every(({ state }) => state !== 'fail');
}

/** Best effort, since somebody may check who cannot write there: without the note the next start checks once more. */
async function remember(config: Config, vault: S3VaultConfig): Promise<void> {
  const { vaultCheck } = placesOf(config);
  if (!(await exists(dirname(vaultCheck)))) return;
  await rememberPassed(vaultCheck, vault, systemClock.now()).catch(() => undefined);
}

/** Makes the buckets that are not there. Failures: 'invalid' without an S3 vault, 'vault-unfit' when one stands that is not right, vault-*. */
async function makeBuckets(named: Named, signal: AbortSignal): Promise<BucketView[]> {
  const made: BucketView[] = [];
  for (const vault of s3VaultsOf(named)) {
    const bucket = await makeS3Bucket(await s3OptionsOf(vault), signal);
    made.push({ name: vault.name, where: bucket.where, bucket: vault.bucket, made: bucket.made });
  }
  return made;
}

function s3VaultsOf({ vaults, config }: Named): readonly S3VaultConfig[] {
  const found = vaults.filter((each): each is S3VaultConfig => each.kind === 's3');
  if (found.length === 0) throw new Failure('invalid', `${config?.file ?? 'the command'} names no S3 vault`);
  return found;
}

/** The policy of an S3 vault; `name` is needed where there are several, `station` where there is none yet. Throws Failure 'invalid'. */
function policyOf(named: Named, { name, station, principal }: PolicyRequest): Policy {
  const all = s3VaultsOf(named);
  const names = all.map((each) => each.name).join(', ');
  if (name === undefined && all.length > 1)
    throw new Failure('invalid', `there are several S3 vaults; say which with --name: ${names}`);
  const vault = name === undefined ? all[0] : all.find((each) => each.name === name);
  if (vault === undefined) throw new Failure('invalid', `there is no S3 vault ${name ?? ''}; there is ${names}`);
  const whose = station ?? named.config?.station.name;
  if (whose === undefined)
    throw new Failure(
      'invalid',
      'the rights are those of one station: say which with --station NAME, or name its --config',
    );
  return leastPolicy({ bucket: vault.bucket, prefix: vault.prefix, station: parseStationName(whose), principal });
}
