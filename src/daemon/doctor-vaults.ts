// The lines of docket doctor about vaults: a light check of each, told in one line where all is well.
// Never tries a store with canaries: that is docket vault check.
import type { CheckLine } from '../cli/index.ts';
import { Failure } from '../evidence/index.ts';
import { type Config, freeBytes, systemClock, type VaultConfig } from '../platform/index.ts';
import { doubtful, failed, passed } from '../vault/index.ts';
import { gib } from './doctor-station.ts';
import { viewCheck, whereIs } from './vault-check.ts';

/** Longest a vault may take to answer, in milliseconds: somebody is waiting at a terminal. */
const PATIENCE_MS = 20_000;
/** Below this a directory vault is told, in bytes: a day of a small station. */
const LITTLE_ROOM_BYTES = 100 * 1_073_741_824;

/** The vaults of a station. */
export async function checkVaultLines(config: Config, signal: AbortSignal): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  for (const vault of config.vaults) {
    const name = config.vaults.length === 1 ? 'vault' : `vault ${vault.name}`;
    lines.push(...(await lookAt(config, vault, name, signal)));
    if (vault.kind === 'directory') lines.push(...(await roomOf(name, vault.path)));
  }
  return lines;
}

async function lookAt(config: Config, vault: VaultConfig, name: string, signal: AbortSignal): Promise<CheckLine[]> {
  const patience = new AbortController();
  const answered = new AbortController();
  systemClock.wait(PATIENCE_MS, answered.signal).then(
    () => patience.abort(new Failure('cancelled', 'the vault did not answer in time')),
    () => undefined, // it answered
  );
  try {
    const order = {
      depth: 'light' as const,
      station: config.station.name,
      signal: AbortSignal.any([signal, patience.signal]),
    };
    const { where, checks } = await viewCheck(vault, order);
    const wrong = checks.filter(({ state }) => state !== 'ok');
    if (wrong.length > 0) return wrong.map((each) => ({ ...each, check: `${name}: ${each.check}` }));
    return [passed(name, `${where}: ${checks.length} checks passed; in full: docket vault check`)];
  } catch (error) {
    if (!patience.signal.aborted || signal.aborted) throw error;
    const what = `${whereIs(vault)}: no answer within ${PATIENCE_MS / 1000} seconds`;
    return [failed(name, what, 'Look at the network and the store; footage waits in the spool until then')];
  } finally {
    answered.abort();
  }
}

async function roomOf(name: string, path: string): Promise<CheckLine[]> {
  const free = await freeBytes(path).catch(() => undefined); // not there: the check has said so
  if (free === undefined) return [];
  const what = `${path}: ${gib(free)} free`;
  const check = `${name}: room`;
  return [
    free < LITTLE_ROOM_BYTES
      ? doubtful(check, what, 'Give it a larger disk in time; footage waits in the spool when it is full')
      : passed(check, what),
  ];
}
