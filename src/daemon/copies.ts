// Keeps the vaults of a station alike as long as the service runs, and shows how far each has got.
// Never takes the place of the road: what is docked now goes to every vault at once; this is for what one of them missed.
import type { StatusView } from '../cli/index.ts';
import { type CopyMark, openReplicator, readMarks } from '../ingest/index.ts';
import type { Config, VaultConfig } from '../platform/index.ts';
import { placesOf } from './places.ts';
import type { Station } from './station.ts';
import { tileStoreOf } from './tiles.ts';

/** How often it is looked whether a vault lacks something, in milliseconds. */
const ROUND_MS = 15_000;
const MIB = 1_048_576;

/** Copies to each vault what it lacks, round after round, until `signal` aborts. Rejects with what stops the station. */
export async function keepCopies({ config, ports }: Station, signal: AbortSignal): Promise<void> {
  const replicator = await openReplicator({
    ...ports,
    tilesOf: (vault) => tileStoreOf(vault, ports.station),
    marksPath: placesOf(config).copies,
    workFolder: config.paths.state,
    reserveBytes: config.limits.spool_reserve_mib * MIB,
  });
  while (!signal.aborted) {
    try {
      await replicator.run(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    await ports.clock.wait(ROUND_MS, signal).catch(() => undefined); // ends early when the service stops
  }
}

/** Each vault as the service last saw it. */
export async function viewVaults(config: Config, published: number): Promise<StatusView['vaults']> {
  const marks = await readMarks(placesOf(config).copies);
  return config.vaults.map((vault) => viewVault(vault, marks[vault.name], config.vaults.length, published));
}

function viewVault(
  vault: VaultConfig,
  mark: CopyMark | undefined,
  vaults: number,
  published: number,
): StatusView['vaults'][number] {
  return {
    name: vault.name,
    kind: vault.kind,
    where:
      vault.kind === 'directory' ? vault.path : `${vault.endpoint ?? `AWS ${vault.region}`}, bucket ${vault.bucket}`,
    awaySince: mark?.away?.since ?? null,
    why: mark?.away?.why ?? null,
    behind: vaults === 1 ? 0 : Math.max(0, published - (mark?.copied ?? 0)) + (mark?.open.length ?? 0),
  };
}
