// Opens the vaults that a configuration names.
// Nothing is asked of a store here: whether it is fit is told by its check.
import { Failure } from '../evidence/index.ts';
import { type Config, type DigestPool, type S3VaultConfig, systemClock, type VaultConfig } from '../platform/index.ts';
import {
  openCopiesVault,
  openDirectoryVault,
  openS3Vault,
  parseHours,
  type S3Encryption,
  type S3VaultOptions,
  type Vault,
  withHours,
} from '../vault/index.ts';
import { credentialsOf, readSecret } from './credentials.ts';
import { checkpointSize } from './tiles.ts';

const MIB = 1_048_576;
/** One connection alone rarely fills a line. Each more takes memory, and beside a near store processor time that it needs. */
const PART_LANES = 3;
/** Longest a small request may take, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;
const CUSTOMER_KEY_BYTES = 32;

/** The vault of a configuration; of several vaults one that writes to all of them. Closing it closes them. `end` ends what is asked of stores without a signal. */
export async function openVault(config: Config, digests: DigestPool, end?: AbortSignal): Promise<Vault> {
  const [first, ...others] = config.vaults;
  if (first === undefined) throw new Failure('config-invalid', `${config.file} names no vault`);
  if (others.length === 0) return await openOneVault(first, digests, end);
  await using opening = new AsyncDisposableStack();
  const members: Vault[] = [];
  for (const each of config.vaults) members.push(opening.use(await openMember(each, digests, end)));
  opening.move();
  return openCopiesVault({ members, required: config.copies, clock: systemClock, sizeOf: checkpointSize });
}

/** One vault. */
export async function openOneVault(vault: VaultConfig, digests: DigestPool, end?: AbortSignal): Promise<Vault> {
  if (vault.kind === 'directory') return await openDirectoryVault({ path: vault.path, digests, name: vault.name });
  const opened = await openS3Vault(await s3OptionsOf(vault), end);
  return vault.hours === undefined ? opened : withHours(opened, parseHours(vault.hours), systemClock);
}

/** One of several vaults may be away when the station starts: the others take what comes. */
async function openMember(vault: VaultConfig, digests: DigestPool, end: AbortSignal | undefined): Promise<Vault> {
  if (vault.kind === 'directory')
    return await openDirectoryVault({ path: vault.path, digests, name: vault.name, mayBeAway: true });
  return await openOneVault(vault, digests, end);
}

/** What an S3 vault is made of, from its table in the configuration. Failures: 'config-invalid' when a file it names cannot be read. */
export async function s3OptionsOf(vault: S3VaultConfig): Promise<S3VaultOptions> {
  return {
    name: vault.name,
    endpoint: vault.endpoint,
    region: vault.region,
    bucket: vault.bucket,
    prefix: vault.prefix,
    pathStyle: vault.path_style ?? vault.endpoint !== undefined,
    credentials: credentialsOf(vault, process.env),
    ca: vault.ca_file === undefined ? undefined : await readSecret(vault.ca_file, false),
    mode: vault.mode,
    openEndedDays: vault.open_ended_days,
    encryption: await encryptionOf(vault),
    multipartFromBytes: vault.multipart_mib * MIB,
    partBytes: vault.part_mib * MIB,
    partLanes: PART_LANES,
    bytesPerSecond: vault.bandwidth_mib === undefined ? undefined : vault.bandwidth_mib * MIB,
    idleTimeoutMs: vault.idle_timeout_seconds * 1000,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    clock: systemClock,
  };
}

async function encryptionOf(vault: S3VaultConfig): Promise<S3Encryption> {
  if (vault.encryption === 'none') return { kind: 'none' };
  if (vault.encryption === 'kms') return { kind: 'kms', keyId: vault.kms_key };
  const file = vault.customer_key_file ?? '';
  const key = Buffer.from((await readSecret(file)).trim(), 'base64');
  if (key.length !== CUSTOMER_KEY_BYTES)
    throw new Failure(
      'config-invalid',
      `${file} does not hold a key of 32 bytes in base64: make one with openssl rand -base64 32`,
    );
  return { kind: 'customer', key };
}

/** Folders of the directory vaults. */
export function vaultFoldersOf(config: Config): string[] {
  return config.vaults.flatMap((each) => (each.kind === 'directory' ? [each.path] : []));
}

/** Folder of the first directory vault, for people who look into it; undefined where there is none. */
export function vaultFolderOf(config: Config): string | undefined {
  return vaultFoldersOf(config)[0];
}
