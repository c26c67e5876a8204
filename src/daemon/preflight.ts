// Before a station records anything it looks whether its S3 vaults can keep evidence: lightly in every run, with canaries once a week.
// A store that is away is not unfit: the station waits for it. One that is unfit stops the station.
import type { Failure } from '../evidence/index.ts';
import { isFailure } from '../evidence/index.ts';
import { type Clock, type Config, errorFacts, type Log, makeGate, type S3VaultConfig } from '../platform/index.ts';
import { unfitBecause } from '../vault/index.ts';
import { CHECK_LASTS_MS, passedLately, rememberPassed } from './check-record.ts';
import { placesOf } from './places.ts';
import { checkVault, whereIs } from './vault-check.ts';

/** Where the other vaults are enough, one that is away is not asked again sooner than this, in milliseconds. */
const AGAIN_MS = 60_000;

/** Looks at the vaults of a station. */
export interface Preflight {
  /**
   * Passes when as many vaults as the configuration demands are fit; those that passed are not asked again for a week. One that was away
   * and that is not needed is looked at beside the work, and what that comes to is told by the next confirm. Failures:
   * 'vault-unfit' (the first line that fails), and while too many are away what keeps them: 'vault-unreachable', 'vault-refused'.
   */
  confirm(): Promise<void>;
}

interface Look {
  readonly atMs: number;
  readonly away: Failure | undefined;
}

/** What looks stand on. */
interface PreflightPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Ends a look. */
  readonly end?: AbortSignal | undefined;
  /** Looks at one store; rejects with why it is unfit or away. */
  readonly look?: (vault: S3VaultConfig) => Promise<void>;
}

/** The preflight of a station. */
export function makePreflight(config: Config, ports: PreflightPorts): Preflight {
  const { clock, look = (vault) => lookAtStore(config, vault, ports) } = ports;
  const stores = config.vaults.filter((each): each is S3VaultConfig => each.kind === 's3');
  const looks = new Map<string, Look>();
  const beside = new Set<string>();
  let wrong: { readonly error: unknown } | undefined;
  const gate = makeGate(1); // several cameras ask at once: one look is enough
  const lookAt = async (vault: S3VaultConfig): Promise<void> => {
    const away = await awayOrFit(() => look(vault));
    looks.set(vault.name, { atMs: clock.elapsedMs(), away }); // from its end: a look at a store that hangs takes long
  };
  const lookBeside = async (vault: S3VaultConfig): Promise<void> => {
    if (beside.has(vault.name)) return;
    beside.add(vault.name);
    try {
      await lookAt(vault);
    } catch (error) {
      wrong = { error };
    } finally {
      beside.delete(vault.name);
    }
  };
  const away = (): Failure[] => stores.flatMap(({ name }) => looks.get(name)?.away ?? []);
  return {
    confirm: () =>
      gate.run(async () => {
        const told = wrong;
        wrong = undefined;
        if (told !== undefined) throw told.error;
        const enough = config.vaults.length - away().length >= config.copies;
        const due = stores.filter(({ name }) => isDue(looks.get(name), clock.elapsedMs(), enough));
        const others = due.filter(({ name }) => enough && looks.get(name)?.away !== undefined);
        for (const each of others) void lookBeside(each);
        await Promise.all(due.filter((each) => !others.includes(each)).map(lookAt));
        const [first] = away();
        if (first !== undefined && config.vaults.length - away().length < config.copies) throw first;
      }),
  };
}

/** A vault that is needed and away is asked each time, so that the station goes on as soon as it is back. */
function isDue(last: Look | undefined, nowMs: number, enough: boolean): boolean {
  if (last === undefined) return true;
  const lastsMs = last.away === undefined ? CHECK_LASTS_MS : enough ? AGAIN_MS : 0;
  return nowMs - last.atMs >= lastsMs;
}

async function awayOrFit(work: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (isFailure(error) && error.policy === 'retry') return error;
    throw error;
  }
}

async function lookAtStore(
  config: Config,
  vault: S3VaultConfig,
  { clock, log, end: signal }: PreflightPorts,
): Promise<void> {
  const { vaultCheck } = placesOf(config);
  const depth = (await passedLately(vaultCheck, vault, clock.now())) ? 'light' : 'full';
  for await (const line of checkVault(vault, { depth, station: config.station.name, signal })) {
    if (line.state === 'fail') throw unfitBecause(whereIs(vault), line);
    if (line.state === 'warn')
      log.warn(`vault ${vault.name}: ${line.what}`, { check: line.check, next: line.next ?? null });
  }
  if (depth !== 'full') return;
  // Without the note the next start checks again.
  await rememberPassed(vaultCheck, vault, clock.now()).catch((error: unknown) =>
    log.warn(`that vault ${vault.name} is fit could not be written down`, errorFacts(error)),
  );
}
