// Makes a station: folder, configuration, key, empty ledger with its first entry, directory vault.
// Never touches a station that stands there: whatever exists is a reason to refuse.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
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
import { openStation } from './station.ts';

/** Version of this software, as it stands in the first ledger entry. */
export interface InitOptions {
  readonly directory: string;
  readonly actor: string;
  readonly version: string;
}

/** What was made. */
export interface NewStation {
  readonly station: string;
  readonly folder: string;
  readonly config: string;
  readonly keyLine: string;
}

/** Makes a station in a folder. Failures: 'station-exists', 'disk-failed'. The configuration is written last: without it there is no station. */
export async function initStation(options: InitOptions): Promise<NewStation> {
  const folder = resolve(options.directory);
  const config = join(folder, 'docket.toml');
  await refuseExisting(folder, config);
  const station = nameStation();
  try {
    await ensureDirectory(folder, 0o755);
    for (const each of ['state', 'vault', 'inbox']) await ensureDirectory(join(folder, each));
    const signer = await createStationKey(join(folder, 'station.key'), station);
    const keyLine = formatKeyLine(signer);
    await createLedger({ path: join(folder, 'state', 'ledger.db'), signer });
    await createExclusive(
      config,
      Buffer.from(formatNewConfig(station, keyLine, { kind: 'directory', keys: { path: 'vault' } })),
    );
    await recordBirth(config, station, keyLine, options);
    return { station, folder, config, keyLine };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('disk-failed', `a station cannot be made in ${folder}: ${errnoOf(error) ?? String(error)}`, {
      cause: error,
    });
  }
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
