// Pulling 4 GiB from a folder into the spool, hashed and fsynced, against a copy that is only synced.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contestant, compare, costLines, cpuOf, ratio, wallOf } from './compare.ts';
import type { Context } from './context.ts';
import { makeFootage } from './footage.ts';
import { atMost, type Report } from './report.ts';
import { NODE } from './station.ts';

const PULL = 'pull into the spool';
const COPY = 'cp -r, sync';

/** Measures pulling. */
export async function benchPull({ folder, rounds, say }: Context): Promise<Report> {
  const footage = await makeFootage(folder);
  const contestant = (name: string, target: string, command: readonly string[]): Contestant => ({
    name,
    order: { command, cwd: folder },
    prepare: () => rm(join(folder, target), { recursive: true, force: true }),
  });
  const child = join(import.meta.dirname, 'pull-child.ts');
  const costs = await compare(
    [
      contestant(PULL, 'spool', [NODE, child, footage, join(folder, 'spool')]),
      contestant(COPY, 'copy', ['sh', '-c', 'cp -r "$1" copy && sync', 'sh', footage]),
    ],
    rounds,
    say,
  );
  return {
    name: 'pull',
    title: '4 GiB in 8 files, from a folder into the spool: hashed, every file fsynced and named',
    lines: [
      ...costLines(costs),
      atMost(`wall, to ${COPY}, which hashes nothing`, ratio(costs, PULL, COPY, wallOf), 1.05, '×'),
      { what: 'CPU, to the same', value: `${ratio(costs, PULL, COPY, cpuOf).toFixed(2)} ×` },
    ],
    notes: ['Same file system; source in the page cache; medians, ratios within a round; Node starts within the time.'],
  };
}
