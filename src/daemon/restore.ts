// docket restore: lays a backup out as a station again, and says how its ledger stands to the vault.
// Never over anything that stands; never believes a file that does not fit SHA256SUMS; never goes on silently with an old head.
import { lchown, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { RestoreView } from '../cli/index.ts';
import { errnoOf, Failure, isFailure } from '../evidence/index.ts';
import { compareWithStore, openLedgerReader } from '../ledger/index.ts';
import {
  type Config,
  createExclusive,
  ensureDirectory,
  exists,
  openDigestPool,
  parseConfig,
  wrapWriteError,
} from '../platform/index.ts';
import { nextKeyPath } from '../seal/index.ts';
import { BACKUP, NEXT_KEY, parseSums, SUMS, sumOf } from './backup-files.ts';
import { openRing, signerInForce } from './keys.ts';
import { placesOf } from './places.ts';
import { tileStoreOf } from './tiles.ts';
import { openVault } from './vaults.ts';

const ONLY_OWNER_FILE = 0o600;
/** Largest file of a backup that is read, in bytes: a head holds what was never published, at most a few hundred MiB. */
const MAX_FILE_BYTES = 2_147_483_647;

/** What is restored. */
export interface RestoreOrder {
  readonly backup: string;
  readonly to: string;
}

/**
 * Restores a backup into a folder that is empty or not there; state and key go where its docket.toml puts them. Whatever fails is taken
 * back. Failures: 'invalid' (no backup), 'digest-mismatch' (naming the file), 'station-exists', 'key-*', 'ledger-*', 'disk-failed'.
 */
export async function restoreStation({ backup, to }: RestoreOrder): Promise<RestoreView> {
  const files = await readBackup(resolve(backup));
  const folder = resolve(to);
  const config = parseConfig(fileOf(files, BACKUP.config).toString('utf8'), join(folder, BACKUP.config));
  const places = layout(config, files);
  await refuseExisting(folder, config, [...places.values()]);
  const laid: string[] = [];
  try {
    await layOut(files, places, config.inbox.path, laid);
    const ring = await openRing(config);
    await using head = await openLedgerReader({ path: placesOf(config).head, verifier: config.station.public_key });
    signerInForce(config, ring, head.state().keys);
    const ledgerSize = head.state().checkpoint.size;
    const missing = await missingOf(config);
    const vault = await standingOf(config, head);
    const owner = await giveAway(folder, config, laid);
    return {
      station: config.station.name,
      folder,
      config: config.file,
      files: laid,
      ledgerSize,
      missing,
      vault,
      owner,
    };
  } catch (error) {
    await takeBack(laid, [config.paths.state, config.inbox.path]);
    throw wrapWriteError(error, folder, 'spool-full');
  }
}

// ---- The backup.

async function readBackup(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const text = await readFile(join(folder, SUMS), 'utf8').catch((cause: unknown) => {
    throw new Failure(
      'invalid',
      `${folder} is no backup of docket: ${SUMS} cannot be read (${errnoOf(cause) ?? 'unknown error'})`,
      { cause },
    );
  });
  const sums = parseSums(text);
  if (sums === undefined) throw new Failure('digest-mismatch', `${join(folder, SUMS)} is damaged`);
  for (const name of Object.values(BACKUP))
    if (!sums.has(name))
      throw new Failure('digest-mismatch', `${join(folder, SUMS)} is damaged: it does not name ${name}`);
  const files = new Map<string, Buffer>();
  for (const [name, sum] of sums) files.set(name, await readSummed(join(folder, name), sum));
  return files;
}

async function readSummed(path: string, sum: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const why = errnoOf(cause) === 'ENOENT' ? 'is missing' : `cannot be read (${errnoOf(cause) ?? 'unknown error'})`;
    throw new Failure('digest-mismatch', `${path} ${why}: this backup is damaged`, { cause });
  });
  if (bytes.length > MAX_FILE_BYTES || sumOf(bytes) !== sum)
    throw new Failure('digest-mismatch', `${path} does not fit ${SUMS}: this backup is damaged`);
  return bytes;
}

function fileOf(files: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const bytes = files.get(name);
  if (bytes === undefined) throw new Error(`defect: ${name} was not read`);
  return bytes;
}

// ---- The station.

/** Where each file of the backup goes; the configuration last: with it there is a station. */
function layout(config: Config, files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  const { head } = placesOf(config);
  return new Map([
    [BACKUP.head, head],
    [BACKUP.headMark, `${head}.sha256`],
    [BACKUP.key, config.paths.key],
    ...(files.has(NEXT_KEY) ? [[NEXT_KEY, nextKeyPath(config.paths.key)] as const] : []),
    [BACKUP.config, config.file],
  ]);
}

/** First names below the folder of what may stand there already. */
function welcomeIn(folder: string, config: Config): ReadonlySet<string> {
  const vaults = config.vaults.flatMap((each) => (each.kind === 'directory' ? [each.path] : []));
  return new Set(['lost+found', ...vaults.map((path) => relative(folder, path).split(sep)[0] ?? '')]);
}

/** The vault may lie there: it is what survived. Everything else may be somebody's station, or somebody's work. */
async function refuseExisting(folder: string, config: Config, paths: readonly string[]): Promise<void> {
  const welcome = welcomeIn(folder, config);
  const names = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new Failure('station-exists', `${folder} is no folder that a station could be restored to`, { cause: error });
  });
  const first = names.find((name) => !welcome.has(name));
  if (first !== undefined) throw new Failure('station-exists', `${folder} is not empty: it holds ${first}`);
  for (const path of paths)
    if (await exists(path))
      throw new Failure('station-exists', `${path} exists, and docket.toml of the backup puts a file there`);
}

async function layOut(
  files: ReadonlyMap<string, Buffer>,
  places: ReadonlyMap<string, string>,
  inbox: string,
  laid: string[],
): Promise<void> {
  for (const [name, path] of places) {
    await ensureDirectory(dirname(path));
    await createExclusive(
      path,
      fileOf(files, name),
      name === BACKUP.key || name === NEXT_KEY ? ONLY_OWNER_FILE : 0o640,
    );
    laid.push(path);
  }
  await ensureDirectory(inbox);
}

/** What root laid out in a folder of somebody else belongs to him, as the folder does; returns his name. Null where nothing is given away. */
async function giveAway(folder: string, config: Config, laid: readonly string[]): Promise<string | null> {
  const { uid, gid } = await stat(folder);
  if (process.geteuid?.() !== 0 || uid === 0) return null;
  const welcome = welcomeIn(folder, config);
  const top = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !welcome.has(name));
  const folders = top.filter((each) => each.isDirectory()).map(({ name }) => join(folder, name));
  const below = folders.map((each) => readdir(each, { recursive: true, withFileTypes: true }));
  const made = [...top, ...(await Promise.all(below)).flat()].map(({ parentPath, name }) => join(parentPath, name));
  for (const path of new Set([...made, ...laid])) await lchown(path, uid, gid);
  return nameOf(uid);
}

async function nameOf(uid: number): Promise<string> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  return users.find((each) => each[2] === String(uid))?.[0] ?? String(uid);
}

/** Best effort: what led here is the error to tell. A folder in which anything else stands is left. */
async function takeBack(files: readonly string[], folders: readonly string[]): Promise<void> {
  for (const path of files) await rm(path, { force: true }).catch(() => undefined);
  for (const path of folders) await rmdir(path).catch(() => undefined);
}

/** Folders and files that docket.toml names and that are not there. */
async function missingOf(config: Config): Promise<string[]> {
  const named: [string, string | undefined][] = [
    ...config.vaults.flatMap((each): [string, string | undefined][] =>
      each.kind === 'directory'
        ? [[`vault.path of vault ${each.name}`, each.path]]
        : [
            [`credentials_file of vault ${each.name}`, each.credentials_file],
            [`customer_key_file of vault ${each.name}`, each.customer_key_file],
            [`ca_file of vault ${each.name}`, each.ca_file],
          ],
    ),
    ...config.cameras.profiles.map((each): [string, string] => ['cameras.profiles', each]),
  ];
  const missing: string[] = [];
  for (const [what, path] of named) if (path !== undefined && !(await exists(path))) missing.push(`${what}: ${path}`);
  return missing;
}

/** How the restored head stands to the vault. A vault that cannot be asked is told, and is no reason to take the files back. */
async function standingOf(
  config: Config,
  head: Awaited<ReturnType<typeof openLedgerReader>>,
): Promise<RestoreView['vault']> {
  try {
    await using opening = new AsyncDisposableStack();
    const vault = opening.use(await openVault(config, opening.use(openDigestPool())));
    const tiles = tileStoreOf(vault, config.station.name);
    const { standing, checkpoint } = await compareWithStore(head.view(tiles), tiles);
    return { standing, size: checkpoint?.size ?? null, why: null };
  } catch (error) {
    if (isFailure(error, 'ledger-behind')) return { standing: 'ahead', size: Number(error.facts['vault']), why: null };
    if (!isFailure(error)) throw error;
    const away = error.policy === 'retry' || error.code === 'config-invalid';
    return { standing: away ? 'away' : 'contradicts', size: null, why: error.message };
  }
}
