// Verifying an archive against hashing the same files: what proof costs beyond reading the bytes.
import { join } from 'node:path';
import { type Contestant, compare, costLines, cpuOf, ratio, wallOf } from './compare.ts';
import type { Context } from './context.ts';
import { makeFootage } from './footage.ts';
import { atLeast, type Report } from './report.ts';
import { DOCKET, makeStation } from './station.ts';
import { runQuietly } from './timed.ts';

const VERIFY = 'docket verify';
const OPENSSL = 'openssl dgst -sha256';

/** Measures verification of 4 GiB. */
export async function benchVerify({ folder, rounds, say }: Context): Promise<Report> {
  const footage = await makeFootage(folder);
  const station = join(folder, 'station-verify');
  const config = await makeStation(station, { examine: false });
  await runQuietly([DOCKET, 'dock', footage, '--config', config], folder);
  const contestant = (name: string, command: readonly string[]): Contestant => ({
    name,
    order: { command, cwd: folder },
    prepare: () => Promise.resolve(),
  });
  const script = `${OPENSSL} "$1"/payload/sha256/*/* > sums`;
  const costs = await compare(
    [
      contestant(VERIFY, [DOCKET, 'verify', '--config', config]),
      contestant(OPENSSL, ['sh', '-c', script, 'sh', join(station, 'vault')]),
    ],
    rounds,
    say,
  );
  return {
    name: 'verify',
    title: 'docket verify of 4 GiB, against openssl hashing the same bytes',
    lines: [
      ...costLines(costs),
      atLeast('throughput, to openssl', 1 / ratio(costs, VERIFY, OPENSSL, wallOf), 0.9, '×'),
      { what: 'CPU, to openssl', value: `${ratio(costs, VERIFY, OPENSSL, cpuOf).toFixed(2)} ×` },
    ],
    notes: ['All bytes in the page cache. docket hashes on up to four threads, openssl on one.'],
  };
}
