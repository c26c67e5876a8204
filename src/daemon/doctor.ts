// docket doctor: one line for each thing a station needs, with what to do where it is not so. Exit 0 unless a line fails.
// Never changes anything; takes no lock; says as much as it can of a station that does not start.
import type { CheckLine, DoctorView } from '../cli/index.ts';
import { isFailure } from '../evidence/index.ts';
import { type Config, readConfig } from '../platform/index.ts';
import { failed, passed } from '../vault/index.ts';
import { checkDaemon } from './doctor-daemon.ts';
import { checkCameraRoots, checkClock, checkService, checkTools, checkUsb } from './doctor-machine.ts';
import { checkMounting } from './doctor-mounting.ts';
import { checkBackup, checkCatalog, checkHead, checkKey, checkState } from './doctor-station.ts';
import { checkVaultLines } from './doctor-vaults.ts';
import { settingsOf } from './settings.ts';

/** Examines the installation that a configuration names. Rejects only with a defect, or when `signal` aborts. */
export async function examineInstallation(file: string, signal: AbortSignal): Promise<DoctorView> {
  const checks: CheckLine[] = [];
  const config = await readOrTell(file, checks);
  const looks = [
    ...(config === undefined ? [] : STATION_CHECKS.map((check) => () => check(config, signal))),
    ...MACHINE_CHECKS.map((check) => () => check(config)),
  ];
  for (const look of looks) {
    signal.throwIfAborted();
    checks.push(...(await look()));
  }
  return { ok: checks.every(({ state }) => state !== 'fail'), checks };
}

const STATION_CHECKS: readonly ((config: Config, signal: AbortSignal) => Promise<readonly CheckLine[]>)[] = [
  checkKey,
  checkState,
  checkVaultsAndLedger,
  checkCatalog,
  checkBackup,
  checkDaemon,
  checkCameraRoots,
];

async function checkVaultsAndLedger(config: Config, signal: AbortSignal): Promise<readonly CheckLine[]> {
  const vaults = await checkVaultLines(config, signal);
  const answer = vaults.every(({ state }) => state !== 'fail');
  return [...vaults, ...(await checkHead(config, answer))];
}

const MACHINE_CHECKS: readonly ((config: Config | undefined) => Promise<readonly CheckLine[]>)[] = [
  () => checkService(),
  (config) => checkTools(config),
  () => checkClock(),
  (config) => checkUsb(config),
  () => checkMounting(),
];

async function readOrTell(file: string, checks: CheckLine[]): Promise<Config | undefined> {
  try {
    const config = await readConfig(file);
    const { profiles } = await settingsOf(config);
    checks.push(passed('config', `${config.file}: station ${config.station.name}, ${profiles.length} camera profiles`));
    return config;
  } catch (error) {
    if (!isFailure(error)) throw error;
    checks.push(failed('config', error.message, error.next));
    return undefined;
  }
}
