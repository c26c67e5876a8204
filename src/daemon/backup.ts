// docket backup: a consistent copy of what cannot be made again from the vault. Runs beside a docketd that writes; takes no lock.
// Never half: the folder gets its name when everything in it is fsynced. Never over another; never into the station itself.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { BackupView } from '../cli/index.ts';
import { errnoOf, Failure, formatInstant, type Instant } from '../evidence/index.ts';
import { copyHead } from '../ledger/index.ts';
import {
  type Clock,
  type Config,
  exists,
  replaceFile,
  syncDirectory,
  systemClock,
  TEMP_PREFIX,
  wrapWriteError,
} from '../platform/index.ts';
import { type KeyRing, nextKeyPath } from '../seal/index.ts';
import { BACKUP, formatPublicKeys, formatReadme, formatSums, NEXT_KEY, SUMS, sumOf } from './backup-files.ts';
import { spoolInHand } from './in-hand.ts';
import { labelsOf, openRing, signerInForce } from './keys.ts';
import { rememberBackup } from './last-backup.ts';
import { placesOf } from './places.ts';
import { whereIs } from './vault-check.ts';
import { softwareVersion } from './version.ts';

const ONLY_OWNER_FOLDER = 0o700;
const ONLY_OWNER_FILE = 0o600;
const OTHERS = 0o077;

/**
 * Backs a station up into a new folder below `outDir`, which must exist: a stick that is not mounted is no place. Durable when it resolves.
 * Failures: 'invalid' (the place), 'key-*', 'ledger-*' (nothing broken is backed up), 'spool-full', 'disk-failed'.
 */
export async function backupStation(config: Config, outDir: string, clock: Clock = systemClock): Promise<BackupView> {
  const parent = await placeFor(config, outDir);
  const ring = await openRing(config);
  const at = formatInstant(clock.now());
  const folder = await unusedFolder(join(parent, `docket-backup-${config.station.name}-${compact(at)}`));
  const made = join(parent, `${TEMP_PREFIX}${randomBytes(8).toString('hex')}-${basename(folder)}`);
  try {
    const facts = await fill(config, made, { folder, at, ring });
    await rename(made, folder);
    await syncDirectory(parent);
    const noted = await note(config, facts, ring);
    return { ...facts, warnings: [...noted, ...(await warningsOf(config, folder))] };
  } catch (error) {
    await rm(made, { recursive: true, force: true }).catch(() => undefined); // what led here is the error to tell
    throw wrapWriteError(error, parent, 'spool-full');
  }
}

/** `20260102T030405Z` for an instant. */
function compact(at: Instant): string {
  return at.replaceAll(/[-:]|\.\d+/g, '');
}

/** The name itself, or with `-2`, `-3` and so on: a backup is never put over another, and two may be made within one second. */
async function unusedFolder(named: string): Promise<string> {
  let folder = named;
  for (let count = 2; await exists(folder); count += 1) folder = `${named}-${count}`;
  return folder;
}

/** Where a backup may lie. Everything of the station is looked at with links resolved. */
async function placeFor(config: Config, outDir: string): Promise<string> {
  const parent = await realpath(resolve(outDir)).catch((cause: unknown) => {
    if (isClosed(cause)) throw closedTo(outDir, cause);
    throw new Failure(
      'invalid',
      `there is no folder ${outDir} (${errnoOf(cause) ?? 'unknown error'}): mount the disk, or make it first`,
      { cause },
    );
  });
  if (!(await stat(parent)).isDirectory()) throw new Failure('invalid', `${outDir} is not a folder`);
  const own: [string, string][] = [
    ['state folder', config.paths.state],
    ['inbox', config.inbox.path],
    ...config.vaults.flatMap((each): [string, string][] => (each.kind === 'directory' ? [['vault', each.path]] : [])),
  ];
  for (const [what, path] of own) {
    const real = await realpath(path).catch(() => path); // not there: then nothing can lie in it
    if (parent === real || parent.startsWith(real + sep))
      throw new Failure(
        'invalid',
        `${outDir} lies in the ${what} of the station (${path}): what is lost with the station is no backup of it`,
      );
  }
  return parent;
}

const isClosed = (error: unknown): boolean => /^E(?:ACCES|PERM|ROFS)$/.test(errnoOf(error) ?? '');

/** On a station that was installed root acts as the user of the service, to whom a stick of root's is closed. */
function closedTo(outDir: string, cause: unknown): Failure {
  const who = userInfo().username;
  return new Failure(
    'invalid',
    `the user ${who} may not write to ${outDir} (${errnoOf(cause) ?? 'unknown error'}): make a folder there, as root, and name that one: ` +
      `install -d -m 700 -o ${who} ${join(outDir, 'docket')}; a disk that keeps no owners is to be mounted with -o uid=${who}`,
    { cause },
  );
}

interface Naming {
  readonly folder: string;
  readonly at: Instant;
  readonly ring: KeyRing;
}

async function fill(config: Config, made: string, { folder, at, ring }: Naming): Promise<BackupView> {
  await mkdir(made, { mode: ONLY_OWNER_FOLDER }).catch((cause: unknown) => {
    throw isClosed(cause) ? closedTo(dirname(made), cause) : cause;
  });
  const sums = new Map<string, string>();
  const keep = async (name: string, bytes: Uint8Array): Promise<void> => {
    sums.set(name, sumOf(bytes));
    await replaceFile(join(made, name), bytes, ONLY_OWNER_FILE);
  };
  const head = join(made, BACKUP.head);
  const { checkpoint, keys } = await copyHead({
    from: placesOf(config).head,
    to: head,
    verifier: config.station.public_key,
  });
  for (const name of [BACKUP.head, BACKUP.headMark]) {
    await chmod(join(made, name), ONLY_OWNER_FILE).catch(() => undefined); // a file system without owners: warned of below
    sums.set(name, sumOf(await readFile(join(made, name))));
  }
  signerInForce(config, ring, keys); // a key that is not this station's must not be kept as if it were
  const notIncluded = await notIncludedOf(config);
  await keep(BACKUP.key, await readFile(config.paths.key));
  if (ring.next !== undefined) await keep(NEXT_KEY, await readFile(nextKeyPath(config.paths.key)));
  await keep(BACKUP.config, await readFile(config.file));
  await keep(BACKUP.publicKey, Buffer.from(formatPublicKeys([keys.first, ...keys.handovers.map(({ key }) => key)])));
  const readme = {
    station: config.station.name,
    at,
    version: softwareVersion(),
    ledgerSize: checkpoint.size,
    configFile: config.file,
    vaults: config.vaults.map((each) => `vault ${each.name}: ${whereIs(each)}`),
    notIncluded,
  };
  await keep(BACKUP.readme, Buffer.from(formatReadme(readme, folder)));
  await replaceFile(join(made, SUMS), Buffer.from(formatSums(sums)), ONLY_OWNER_FILE);
  await syncDirectory(made);
  const files = [...sums.keys(), SUMS].toSorted();
  return { folder, at, files, ledgerSize: checkpoint.size, notIncluded, warnings: [] };
}

/** What docket.toml names and a copy of it does not bring back; each with what it is. */
async function notIncludedOf(config: Config): Promise<string[]> {
  const waiting = (await spoolInHand(placesOf(config).spool)).acquisitions.size;
  return [
    ...config.vaults.flatMap((each) => {
      if (each.kind === 'directory') return [];
      const { credentials_file, customer_key_file, ca_file, name } = each;
      return [
        ...(credentials_file === undefined ? [] : [`${credentials_file} (credentials of vault ${name})`]),
        ...(customer_key_file === undefined
          ? []
          : [`${customer_key_file} (key that encrypts vault ${name}: without it nothing there can be read)`]),
        ...(ca_file === undefined ? [] : [`${ca_file} (certificate authority of vault ${name})`]),
      ];
    }),
    ...config.cameras.profiles.map((each) => `${each} (camera profiles of your own)`),
    ...(waiting === 0 ? [] : [`${placesOf(config).spool} (${waiting} acquisition(s) on their way into the vault)`]),
  ];
}

/** The backup stands, whether it can be noted or not. */
async function note(config: Config, { at, folder, ledgerSize }: BackupView, ring: KeyRing): Promise<string[]> {
  const { lastBackup } = placesOf(config);
  try {
    await rememberBackup(lastBackup, { at, folder, ledgerSize, keys: labelsOf(ring) });
    return [];
  } catch (error) {
    return [`docket doctor will not know of it: ${lastBackup} cannot be written (${errnoOf(error) ?? String(error)})`];
  }
}

async function warningsOf(config: Config, folder: string): Promise<string[]> {
  const parent = dirname(folder);
  const unfinished = (await readdir(parent)).filter(
    (name) => name.startsWith(TEMP_PREFIX) && name.includes(`-docket-backup-${config.station.name}-`),
  );
  const key = await stat(join(folder, BACKUP.key));
  const own = await stat(config.paths.key);
  return [
    ...((key.mode & OTHERS) === 0
      ? []
      : [`the file system of ${parent} keeps no owners: everybody who can mount it can read the station key`]),
    ...unfinished.map(
      (each) => `${join(parent, each)} is a backup that was cut off: remove it, the station key may be in it`,
    ),
    ...(key.dev === own.dev ? ['this backup lies on the same disk as the station: copy it to another'] : []),
  ];
}
