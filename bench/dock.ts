// Docking 4 GiB from a folder until it is on record, against what a person would do by hand, and against a backup program.
// Docking reads every byte twice more than `cp` does: once to hash what comes from the camera, once to hash what the vault holds.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contestant, compare, costLines, cpuOf, ratio, wallOf } from './compare.ts';
import type { Context } from './context.ts';
import { makeFootage } from './footage.ts';
import { atMost, type Report } from './report.ts';
import { DOCKET, makeStation } from './station.ts';
import { runQuietly } from './timed.ts';

const DOCK = 'docket dock';
const PLAIN = 'docket dock, examine = false';
const HAND = 'cp -r, sync, sha256sum';
const FAST_HAND = 'cp -r, sync, openssl dgst';
const BORG = 'borg create';

/** Measures docking. */
export async function benchDock({ folder, rounds, say }: Context): Promise<Report> {
  const footage = await makeFootage(folder);
  const costs = await compare(
    [
      docking(DOCK, folder, footage, true),
      docking(PLAIN, folder, footage, false),
      byHand(HAND, folder, footage, 'sha256sum'),
      byHand(FAST_HAND, folder, footage, 'openssl dgst -sha256'),
      borg(folder, footage),
    ],
    rounds,
    say,
  );
  const against = (ours: string): ReturnType<typeof atMost>[] => [
    atMost(`${ours}: wall, to ${HAND}`, ratio(costs, ours, HAND, wallOf), 0.8, '×'),
    atMost(`${ours}: CPU, to ${HAND}`, ratio(costs, ours, HAND, cpuOf), 0.8, '×'),
    atMost(`${ours}: wall, to ${BORG}`, ratio(costs, ours, BORG, wallOf), 1, '×'),
    atMost(`${ours}: CPU, to ${BORG}`, ratio(costs, ours, BORG, cpuOf), 1, '×'),
  ];
  const beside = (what: string, pick: typeof wallOf): string =>
    `${what} ${ratio(costs, DOCK, FAST_HAND, pick).toFixed(2)} ×`;
  return {
    name: 'dock',
    title: '4 GiB in 8 files, from a folder until everything is on record',
    lines: [...costLines(costs), ...against(DOCK), ...against(PLAIN)],
    notes: [
      'Vault and spool on the same file system as the source; source in the page cache; medians, ratios within a round.',
      'What `sync` makes the kernel write back is counted to nobody; what docket fsyncs is counted to docket.',
      `Beside the target: ${FAST_HAND}, which uses the processor's SHA instructions where sha256sum does not: ${beside('wall', wallOf)}, ${beside('CPU', cpuOf)}.`,
    ],
  };
}

function docking(name: string, folder: string, footage: string, examine: boolean): Contestant {
  const station = join(folder, examine ? 'station' : 'station-plain');
  const config = join(station, 'docket.toml');
  return {
    name,
    order: { command: [DOCKET, 'dock', footage, '--config', config, '--json'], cwd: folder },
    prepare: async () => {
      await makeStation(station, { examine });
    },
  };
}

function byHand(name: string, folder: string, footage: string, hash: string): Contestant {
  const script = `cp -r "$1" copy && sync && ${hash} copy/* > copy.sums`;
  return {
    name,
    order: { command: ['sh', '-c', script, 'sh', footage], cwd: folder },
    prepare: () => rm(join(folder, 'copy'), { recursive: true, force: true }),
  };
}

function borg(folder: string, footage: string): Contestant {
  const repository = join(folder, 'borg');
  const base = join(folder, 'borg-base');
  const env = { BORG_BASE_DIR: base, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' };
  return {
    name: BORG,
    order: {
      command: ['borg', 'create', '--compression', 'none', `${repository}::footage`, footage],
      cwd: folder,
      env,
    },
    prepare: async () => {
      for (const each of [repository, base]) await rm(each, { recursive: true, force: true });
      await runQuietly(['borg', 'init', '--encryption', 'none', repository], folder, env);
    },
  };
}
