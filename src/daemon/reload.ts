// SIGHUP: docket.toml and the camera profiles are read again, and what may change while cameras are copied is put into effect.
// Never half: a file that is wrong changes nothing. What needs a new start is told and left as it is.
import { isDeepStrictEqual } from 'node:util';
import { formatKeyLine, isFailure } from '../evidence/index.ts';
import type { DockPorts } from '../ingest/index.ts';
import { type AdjustableLog, type Config, errorFacts, readConfig } from '../platform/index.ts';
import { SETTING_KEYS, type Settings, settingsOf } from './settings.ts';

/** What a reload did, by key of docket.toml; `camera profiles` stands for what the profile files say. */
export interface Reloaded {
  readonly changed: readonly string[];
  /** Changed in the file and not in effect. */
  readonly atNextStart: readonly string[];
}

/** A station whose settings may change. */
export interface Reloadable {
  /** Use these ports: each question is answered by the settings in effect. What copies now goes on by those it began with. */
  readonly ports: DockPorts;
  /** Reads the file again. undefined when it is refused: then one line was logged, and everything is as before. */
  reload(): Promise<Reloaded | undefined>;
}

/** Makes the ports of a running station follow its configuration. */
export function makeReloadable(ports: DockPorts, config: Config, log: AdjustableLog): Reloadable {
  let inEffect = config;
  let settings: Settings | undefined;
  return {
    ports: followingPorts(ports, () => settings),
    async reload() {
      const read = await readBoth(config.file, log);
      if (read === undefined) return undefined;
      const profiles = settings?.profiles ?? ports.profiles;
      const changed = differences(inEffect, read.config).filter((key) => SETTING_KEYS.has(key));
      if (!isDeepStrictEqual(profiles, read.settings.profiles)) changed.push('camera profiles');
      if (log.level !== read.config.log.level) changed.push('log.level');
      const atNextStart = differences(config, read.config).filter(
        (key) => !SETTING_KEYS.has(key) && key !== 'log.level',
      );
      settings = read.settings;
      inEffect = read.config;
      tell(log, read.config, { changed, atNextStart });
      return { changed, atNextStart };
    },
  };
}

/** Said at whichever of the two levels lets it be read. */
function tell(log: AdjustableLog, config: Config, reloaded: Reloaded): void {
  log.info('the configuration was read again', { changed: reloaded.changed });
  log.level = config.log.level;
  if (reloaded.atNextStart.length > 0)
    log.warn('keys that were changed take effect at the next start only', { keys: reloaded.atNextStart });
}

async function readBoth(
  file: string,
  log: AdjustableLog,
): Promise<{ readonly config: Config; readonly settings: Settings } | undefined> {
  try {
    const config = await readConfig(file);
    return { config, settings: await settingsOf(config) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    log.error('the configuration was not read again; the one before stays in effect', errorFacts(error));
    return undefined;
  }
}

function followingPorts(ports: DockPorts, settings: () => Settings | undefined): DockPorts {
  return {
    ...ports,
    get rules() {
      const now = settings();
      if (now === undefined) return ports.rules;
      const { maxFileBytes, maxAcquisitionMs, readRetries } = now;
      return { ...ports.rules, maxFileBytes, maxAcquisitionMs, readRetries };
    },
    get pull() {
      return { ...ports.pull, maxFileBytes: settings()?.maxFileBytes ?? ports.pull.maxFileBytes };
    },
    get profiles() {
      return settings()?.profiles ?? ports.profiles;
    },
    get cardLimits() {
      return settings()?.cardLimits ?? ports.cardLimits;
    },
    get unknownCameras() {
      return settings()?.unknownCameras ?? ports.unknownCameras;
    },
  };
}

/** Keys whose values differ, as they stand in docket.toml. */
function differences(before: Config, after: Config): string[] {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
}

/** Every value as text by its dotted key. */
function leavesOf({ file: _file, folder: _folder, vaults, copies, station, ...tables }: Config): Map<string, string> {
  const leaves = new Map<string, string>([
    ['vault', JSON.stringify(vaults)],
    ['copies.required', JSON.stringify(copies)],
    ['station.name', station.name],
    ['station.public_key', formatKeyLine(station.public_key)],
    ['station.unit', station.unit ?? ''],
  ]);
  for (const [table, values] of Object.entries(tables))
    for (const [key, value] of Object.entries(values)) leaves.set(`${table}.${key}`, JSON.stringify(value));
  return leaves;
}
