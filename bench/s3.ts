// From a folder into a bucket on a real S3 server, against the programs a person would use: rclone and the AWS command line.
// docket also spools, hashes, signs, locks, reads back what the store says, and records; the peers copy.
// Every run gets a server of its own that holds nothing yet: the server's work is then the same for everybody.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/platform/index.ts';
import { type OwnServer, startServer } from '../test/s3/server.ts';
import { type Contestant, type Costs, compare, costLines, cpuOf, ratio, wallOf } from './compare.ts';
import type { Context } from './context.ts';
import { makeFiles } from './footage.ts';
import { atMost, median, type Report } from './report.ts';
import { DOCKET, makeStation } from './station.ts';
import { runQuietly, runTimed } from './timed.ts';

const DOCK = 'docket dock';
const RCLONE = 'rclone copy';
const AWS = 'aws s3 cp';
const BUCKET = 'footage';
const MAX_MIB = 250;

interface Load {
  readonly name: string;
  readonly title: string;
  readonly files: number;
  readonly mib: number;
}

const LOADS: readonly Load[] = [
  { name: 's3-files', title: '8 files of 128 MiB, from a folder into a bucket', files: 8, mib: 128 },
  { name: 's3-large', title: '1 file of 4 GiB, from a folder into a bucket', files: 1, mib: 4096 },
];

/** Measures uploads, and how fast what waited through an outage drains. */
export async function benchS3(context: Context): Promise<readonly Report[]> {
  await using place = new ServerPlace(context.folder);
  const reports: Report[] = [];
  for (const load of LOADS) reports.push(await measureLoad(context, place, load));
  reports.push(await measureDrain(context, place));
  return reports;
}

async function measureLoad({ folder, rounds, say }: Context, place: ServerPlace, load: Load): Promise<Report> {
  const footage = await makeFiles(folder, load.files, load.mib);
  const costs = await compare(
    [docking(folder, footage, place), rclone(folder, footage, place), aws(folder, footage, place)],
    rounds,
    say,
  );
  return {
    name: load.name,
    title: load.title,
    lines: [
      ...costLines(costs),
      atMost(`${DOCK}: wall, to the faster peer`, best(costs, wallOf), 1, '×'),
      atMost(`${DOCK}: CPU, to the thriftier peer`, best(costs, cpuOf), 1, '×'),
      atMost(`${DOCK}: peak memory`, peak(costs), MAX_MIB, 'MiB'),
    ],
    notes: [
      'Client and server (Ceph RADOS Gateway, in memory) share the machine; CPU is the client\u2019s alone. Medians, ratios within a round.',
      'The peers\u2019 objects are neither locked nor recorded; docket\u2019s are.',
    ],
  };
}

/** The ratio to whichever peer is better. */
function best(costs: Costs, pick: typeof wallOf): number {
  return Math.max(ratio(costs, DOCK, RCLONE, pick), ratio(costs, DOCK, AWS, pick));
}

function peak(costs: Costs): number {
  return Math.max(...(costs.get(DOCK) ?? []).map(({ peakMiB }) => peakMiB));
}

/** The server of the run under way. */
class ServerPlace {
  readonly #folder: string;
  #server: OwnServer | undefined;
  /** What contestants hand to their programs; the same object all the time, filled anew for every run. */
  readonly env: Record<string, string> = {};

  constructor(folder: string) {
    this.#folder = folder;
  }

  async fresh(): Promise<OwnServer> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = await startServer();
    const { endpoint, accessKeyId, secretAccessKey } = this.#server;
    Object.assign(this.env, {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: endpoint,
      PATH: '/usr/bin:/bin', // the peers as Debian has them, whatever else lies on the PATH
      AWS_CA_BUNDLE: '', // of whoever runs the bench: rclone does not start with one
      AWS_CONFIG_FILE: join(this.#folder, 'aws.config'),
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_STORE_TYPE: 's3',
      RCLONE_CONFIG_STORE_PROVIDER: 'Ceph',
      RCLONE_CONFIG_STORE_ENDPOINT: endpoint,
      RCLONE_CONFIG_STORE_ACCESS_KEY_ID: accessKeyId,
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: secretAccessKey,
    });
    return this.#server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}

/** A station on a fresh server, with its bucket made as docket makes it. */
async function makeS3Station(folder: string, place: ServerPlace): Promise<OwnServer> {
  const server = await place.fresh();
  await rm(join(folder, 'station'), { recursive: true, force: true });
  const target = ['--vault', `s3://${BUCKET}`, '--endpoint', server.endpoint, '--mode', 'compliance'];
  await runQuietly([DOCKET, 'vault', 'init', ...target], folder, place.env);
  await makeStation(join(folder, 'station'), { examine: false, arguments: target, env: place.env });
  return server;
}

function docking(folder: string, footage: string, place: ServerPlace): Contestant {
  return {
    name: DOCK,
    order: { command: dockCommand(folder, footage), cwd: folder, env: place.env },
    prepare: async () => {
      await makeS3Station(folder, place);
    },
  };
}

function dockCommand(folder: string, footage: string): readonly string[] {
  return [DOCKET, 'dock', footage, '--config', join(folder, 'station', 'docket.toml'), '--json'];
}

function rclone(folder: string, footage: string, place: ServerPlace): Contestant {
  return {
    name: RCLONE,
    order: { command: ['rclone', 'copy', footage, `store:${BUCKET}`], cwd: folder, env: place.env },
    prepare: () => makePlainBucket(folder, place),
  };
}

function aws(folder: string, footage: string, place: ServerPlace): Contestant {
  // The endpoint is an argument too: versions before 2.13 do not know the variable.
  const script = 'exec aws --endpoint-url "$AWS_ENDPOINT_URL" s3 cp --recursive --only-show-errors "$1" "s3://$2/"';
  return {
    name: AWS,
    order: { command: ['sh', '-c', script, 'sh', footage, BUCKET], cwd: folder, env: place.env },
    prepare: () => makePlainBucket(folder, place),
  };
}

async function makePlainBucket(folder: string, place: ServerPlace): Promise<void> {
  await place.fresh();
  await runQuietly(['rclone', 'mkdir', `store:${BUCKET}`], folder, place.env);
}

/** A day's footage taken while the store is away, then recorded when it is back, to the same footage docked straight into the store. */
async function measureDrain({ folder, rounds, say }: Context, place: ServerPlace): Promise<Report> {
  const footage = await makeFiles(folder, 8, 128);
  const config = join(folder, 'station', 'docket.toml');
  const drains: number[] = [];
  const straight: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const command = dockCommand(folder, footage);
    await makeS3Station(folder, place);
    straight.push((await runTimed({ command, cwd: folder, env: place.env })).wallSeconds);
    const server = await makeS3Station(folder, place);
    await server.killGateway();
    await runQuietly(['sh', '-c', '"$@" || true', 'sh', ...command], folder, place.env);
    await server.startGateway();
    const started = systemClock.elapsedMs();
    // Any command that writes takes up what waits, before it does its own work.
    await runQuietly([DOCKET, 'camera', 'add', 'BC-7', '--config', config], folder, place.env);
    drains.push((systemClock.elapsedMs() - started) / 1000);
    say(`round ${round}: straight ${straight.at(-1)?.toFixed(2)} s, drained in ${drains.at(-1)?.toFixed(2)} s`);
  }
  const rates = straight.map((seconds, k) => seconds / (drains[k] ?? Number.NaN));
  const slowness = 1 / median(rates);
  return {
    name: 's3-drain',
    title: '1 GiB that waited in the spool through an outage, until it is on record',
    lines: [
      { what: 'docked straight into the store', value: `${median(straight).toFixed(2)} s` },
      { what: 'drained after the outage', value: `${median(drains).toFixed(2)} s` },
      atMost('drained: wall, to docked straight', slowness, 1 / 0.9, '×'),
    ],
    notes: ['Docking straight also reads the camera; draining begins with bytes that are hashed and sealed.'],
  };
}
