// The station at a glance, from what is on disk; a running daemon adds its docks and problems.
// Never takes the lock, never writes.
import { stat } from 'node:fs/promises';
import { measureSpool } from '../acquire/index.ts';
import type { Catalog, CatalogAcquisition } from '../catalog/index.ts';
import type { DockView, StatusView } from '../cli/index.ts';
import { OPEN_OUTCOMES, type Outcome } from '../evidence/index.ts';
import { type Config, freeBytes } from '../platform/index.ts';
import { viewVaults } from './copies.ts';
import { readProblems } from './docks.ts';
import { acquisitionsInHand } from './in-hand.ts';
import { placesOf } from './places.ts';
import { viewScrub } from './scrub.ts';
import { openArchive } from './station.ts';

/** Receipts shown. */
const RECENT = 5;
/** Problems shown. */
const MAX_PROBLEMS = 10;

/** Status without a daemon, or the part a daemon's answer has in common with it. */
export async function viewStatus(
  config: Config,
  live?: Pick<StatusView, 'docks' | 'dockNames' | 'problems'>,
): Promise<StatusView> {
  const places = placesOf(config);
  await using archive = await openArchive(config);
  const { catalog, ledger } = archive.ports;
  const { checkpoint, published } = ledger.state();
  const counts = catalog.counts();
  return {
    station: config.station.name,
    daemon: live !== undefined,
    docks: live?.docks ?? [],
    dockNames: live?.dockNames ?? [...new Set(Object.values(config.docks))],
    queue: await viewQueue(places.spool, live?.docks ?? []),
    ledger: { size: checkpoint.size, published: published?.size ?? 0, root: checkpoint.root.toString('hex') },
    catalog: {
      applied: catalog.appliedSize,
      items: Object.fromEntries(
        Object.entries(counts.kinds).flatMap(([kind, each]) => (each.items > 0 ? [[kind, each.items]] : [])),
      ),
      cases: counts.cases,
      cameras: counts.cameras,
      sizeBytes: counts.bytes,
    },
    vaults: await viewVaults(config, published?.size ?? 0),
    scrub: await viewScrub(
      config,
      { size: checkpoint.size, firstItemAt: catalog.firstItem()?.entry.at },
      archive.ports.clock.now(),
    ),
    free: { spoolBytes: await freeBytes(config.paths.state), vaultBytes: await freeVaultBytes(config) },
    problems: latest([
      ...(live?.problems ?? (await readProblems(places.problems))),
      ...catalog.recentRefusals(RECENT).map(viewRefusal),
    ]),
    recent: catalog.recentAcquisitions(RECENT).map(viewRecent),
  };
}

const OVER: ReadonlySet<string> = new Set<DockView['phase']>(['done', 'problem', 'copied']);

/** What lies in the spool; what somebody copies now does not wait. */
export async function viewQueue(spool: string, docks: readonly DockView[]): Promise<StatusView['queue']> {
  const { files, sizeBytes, parts } = await measureSpool(spool);
  const busy = docks.filter(({ phase, receiptStands }) => receiptStands && !OVER.has(phase)).length;
  const acquisitions = await acquisitionsInHand(spool);
  return {
    spoolFiles: files - parts,
    spoolBytes: sizeBytes,
    keptParts: parts,
    acquisitionsWaiting: Math.max(0, acquisitions.length - busy),
  };
}

/** Free space of the fullest directory vault; null where none of the vaults is a directory that is there. */
export async function freeVaultBytes(config: Config): Promise<number | null> {
  const free: number[] = [];
  for (const each of config.vaults) {
    if (each.kind !== 'directory') continue;
    const bytes = await freeBytes(each.path).catch(() => undefined); // one that is away is told as such
    if (bytes !== undefined) free.push(bytes);
  }
  return free.length === 0 ? null : Math.min(...free);
}

type ProblemView = StatusView['problems'][number];

/** Newest first. */
function latest(problems: readonly ProblemView[]): ProblemView[] {
  return problems.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MAX_PROBLEMS);
}

function viewRefusal({ entry }: ReturnType<Catalog['recentRefusals']>[number]): ProblemView {
  const { serial } = entry.camera;
  const next =
    serial === undefined ? 'Look at the camera; docket dock FOLDER takes it by hand.' : `docket camera add ${serial}`;
  return { at: entry.at, what: `a camera was refused: ${entry.reason}`, next };
}

function viewRecent({ entry }: CatalogAcquisition): StatusView['recent'][number] {
  const open = Object.entries(entry.outcomes).reduce(
    (sum, [outcome, n]) => sum + (OPEN_OUTCOMES.has(outcome as Outcome) ? n : 0),
    0,
  ); // the schema's keys are outcomes
  return {
    acquisition: entry.acquisition,
    camera: entry.camera.serial ?? entry.camera.folder ?? entry.camera.way,
    finishedAt: entry.finishedAt,
    recorded: entry.outcomes.recorded,
    open,
  };
}

/** Warnings of a configuration that is valid and yet cannot work as it stands. */
export async function warnOf(config: Config): Promise<string[]> {
  const warnings: string[] = [];
  for (const [name, path] of [
    ['paths.key', config.paths.key],
    ...config.vaults.flatMap((each) => (each.kind === 'directory' ? [['vault.path', each.path] as const] : [])),
    ['paths.state', config.paths.state],
  ] as const) {
    if (
      await stat(path).then(
        () => false,
        () => true,
      )
    )
      warnings.push(`${name}: there is no ${path}`);
  }
  warnings.push(...(await warnOfOneDisk(config)));
  if (config.release.enabled) warnings.push('release.enabled: cameras are cleared of what is recorded');
  return warnings;
}

/** Two directory vaults on one disk are lost together; docket even makes one file of the two copies there. */
async function warnOfOneDisk({ vaults }: Config): Promise<string[]> {
  const names = new Map<number, string>();
  const warnings: string[] = [];
  for (const each of vaults) {
    if (each.kind !== 'directory') continue;
    const disk = await stat(each.path).then(
      ({ dev }) => dev,
      () => undefined, // that it is not there is a warning of its own
    );
    const other = disk === undefined ? undefined : names.get(disk);
    if (other !== undefined)
      warnings.push(`vaults ${other} and ${each.name} are on one disk: no copy survives the other there`);
    if (disk !== undefined) names.set(disk, each.name);
  }
  return warnings;
}
