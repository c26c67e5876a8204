// Before a station records anything it looks whether its S3 vaults can keep evidence: lightly in every run, with canaries once a week.
// A store that is away is not unfit: the station waits for it. One that is unfit stops the station.
import type { Failure } from '../evidence/index.ts';
import { isFailure } from '../evidence/index.ts';
import { type Clock, type Config, errorFacts, type Log, makeGate, type S3VaultConfig } from '../platform/index.ts';
import { unfitBecause } from '../vault/index.ts';
import { CHECK_LASTS_MS, passedLately, rememberPassed } from './check-record.ts';
import { placesOf } from './places.ts';
import { checkVault, whereIs } from './vault-check.ts';

/** Where other vaults are enough, one that is away is not asked again sooner than this, in milliseconds. */
const AGAIN_MS = 60_000;

/** Looks at the vaults of a station. */
export interface Preflight {
  /**
   * Passes when as many vaults as the configuration demands are fit; those that passed are not asked again for a week. Failures:
   * 'vault-unfit' (the first line that fails), and while too many are away what keeps them: 'vault-unreachable', 'vault-refused'.
   */
  confirm(): Promise<void>;
}

interface Look {
  readonly atMs: number;
  readonly away: Failure | undefined;
}

/** The preflight of a station. */
export function makePreflight(config: Config, ports: { readonly clock: Clock; readonly log: Log }): Preflight {
  const stores = config.vaults.filter((each): each is S3VaultConfig => each.kind === 's3');
  const looks = new Map<string, Look>();
  const gate = makeGate(1); // several cameras ask at once: one look is enough
  const lookAt = async (vault: S3VaultConfig): Promise<Failure | undefined> => {
    const elapsedMs = ports.clock.elapsedMs();
    const last = looks.get(vault.name);
    if (last !== undefined && elapsedMs - last.atMs < patience(config, last)) return last.away;
    const away = await awayOrFit(() => lookAtStore(config, vault, ports));
    looks.set(vault.name, { atMs: elapsedMs, away });
    return away;
  };
  return {
    confirm: () =>
      gate.run(async () => {
        const away: Failure[] = [];
        for (const vault of stores) away.push(...[await lookAt(vault)].filter((each) => each !== undefined));
        const [first] = away;
        if (first !== undefined && config.vaults.length - away.length < config.copies) throw first;
      }),
  };
}

/** How long a look is good for: a vault that is needed and away is asked each time, so that the station goes on as soon as it is back. */
function patience(config: Config, { away }: Look): number {
  if (away === undefined) return CHECK_LASTS_MS;
  return config.copies < config.vaults.length ? AGAIN_MS : 0;
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
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const { vaultCheck } = placesOf(config);
  const depth = (await passedLately(vaultCheck, vault, clock.now())) ? 'light' : 'full';
  for await (const line of checkVault(vault, { depth, station: config.station.name })) {
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
