// Makes a station: folder, configuration, key, empty ledger with its first entry, its vault.
// Never touches a station that stands there: whatever exists is a reason to refuse.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { InitOrder, NewStation } from '../cli/index.ts';
import {
  errnoOf,
  Failure,
  formatInstant,
  formatKeyLine,
  parseStationName,
  type StationName,
} from '../evidence/index.ts';
import { createLedger } from '../ledger/index.ts';
import {
  createExclusive,
  ensureDirectory,
  exists,
  formatNewConfig,
  readConfig,
  silentLog,
  systemClock,
} from '../platform/index.ts';
import { createStationKey } from '../seal/index.ts';
import { type PreparedVault, prepareVault } from './new-vault.ts';
import { openStation } from './station.ts';
import { lookBefore, takeBack } from './take-back.ts';

/** What is to be made. */
export interface InitOptions extends InitOrder {
  /** Version of this software, as it stands in the first ledger entry. */
  readonly version: string;
}

/**
 * Makes a station in a folder. Failures: 'station-exists', 'invalid', 'vault-unfit' and what an S3 vault refuses, 'disk-failed'. A vault
 * is checked before anything is made, and whatever fails later is taken back: there is a whole station, or none.
 */
export async function initStation(options: InitOptions): Promise<NewStation> {
  const folder = resolve(options.directory);
  const config = join(folder, 'docket.toml');
  await refuseExisting(folder, config);
  const station = options.name === undefined ? nameStation() : parseStationName(options.name);
  const vault = await prepareVault(options.vault, station);
  const before = await lookBefore(folder);
  try {
    const keyLine = await makeStation({ folder, config, station, vault, options });
    return { station, folder, config, keyLine, warnings: vault.warnings };
  } catch (error) {
    await takeBack(before).catch(() => undefined); // what led here is the error to tell; what is left, the next init refuses and names
    if (error instanceof Failure) throw error;
    throw new Failure('disk-failed', `a station cannot be made in ${folder}: ${errnoOf(error) ?? String(error)}`, {
      cause: error,
    });
  }
}

interface Making {
  readonly folder: string;
  readonly config: string;
  readonly station: StationName;
  readonly vault: PreparedVault;
  readonly options: InitOptions;
}

async function makeStation({ folder, config, station, vault, options }: Making): Promise<string> {
  await ensureDirectory(folder, 0o755);
  for (const each of ['state', 'inbox', ...(vault.table.kind === 'directory' ? ['vault'] : [])])
    await ensureDirectory(join(folder, each));
  const signer = await createStationKey(join(folder, 'station.key'), station);
  const keyLine = formatKeyLine(signer);
  await createLedger({ path: join(folder, 'state', 'ledger.db'), signer });
  await createExclusive(config, Buffer.from(formatNewConfig(station, keyLine, vault.table)));
  await vault.remember(await readConfig(config));
  await recordBirth(config, station, keyLine, options);
  return keyLine;
}

async function refuseExisting(folder: string, config: string): Promise<void> {
  for (const each of [
    config,
    join(folder, 'station.key'),
    join(folder, 'state', 'ledger.db'),
    join(folder, 'vault', 'ledgers'),
  ]) {
    if (await exists(each))
      throw new Failure('station-exists', `${each} exists: there is a station in ${folder}, or what is left of one`);
  }
}

/** Host name and four random digits: two stations of one name would share folders in a common vault. */
function nameStation(): StationName {
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return parseStationName(`${host === '' ? 'station' : host}-${randomBytes(2).toString('hex')}`);
}

async function recordBirth(config: string, station: StationName, keyLine: string, options: InitOptions): Promise<void> {
  await using opened = await openStation(await readConfig(config), {
    log: silentLog,
    command: 'docket init',
    waitMs: 0,
    needsVault: true,
  });
  const { recorder, publisher } = opened.ports;
  const at = formatInstant(systemClock.now());
  recorder.record([
    {
      v: 1,
      kind: 'station.created',
      at,
      actor: { kind: 'person', name: options.actor },
      station,
      key: keyLine,
      software: `docket ${options.version}`,
    },
  ]);
  await publisher.publish();
}
