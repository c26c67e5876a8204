// Stations with a bucket as their vault for tests of outages: asked through the commands and the daemon.
// What must hold after any outage is the same as after any accident (test/fault/whole.ts), and every object has one version.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { DockResult, StatusView } from '../../../src/cli/index.ts';
import { rememberPassed } from '../../../src/daemon/check-record.ts';
import { openUseCases } from '../../../src/daemon/local.ts';
import { placesOf } from '../../../src/daemon/places.ts';
import { formatKeyLine, parseStationName } from '../../../src/evidence/index.ts';
import { createLedger } from '../../../src/ledger/index.ts';
import { readConfig, systemClock } from '../../../src/platform/index.ts';
import { createStationKey } from '../../../src/seal/index.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from '../../fault/places.ts';
import { entriesOf, never } from '../../fault/stations.ts';
import { type Ended, nodeArguments, run } from '../../fault/syscalls.ts';
import { expectClean, expectOnce, type Truth } from '../../fault/whole.ts';
import { adminClient, makeBucket } from '../buckets.ts';
import type { S3Server } from '../server.ts';

/** A station with a bucket. */
export interface Outpost {
  readonly config: string;
  readonly folder: string;
  readonly bucket: string;
  /** The store itself, whatever stands between it and the station. */
  readonly server: S3Server;
}

/** What a test asks for. */
export interface OutpostOptions {
  /** The store as the station reaches it. */
  readonly via: S3Server;
  /** The store itself. */
  readonly server: S3Server;
  readonly bucket?: string;
  /** Name of the station. */
  readonly name?: string;
  /** A connection on which nothing moves for so long is given up, in seconds; 10 unless a test says otherwise. */
  readonly idleSeconds?: number;
  /** More keys of the vault's table. */
  readonly vault?: string;
  /** Keys of [limits]. */
  readonly limits?: string;
}

/**
 * Makes a station: any camera may come, and no docks are watched. Its vault counts as checked: what init tries with canaries has its own tests.
 */
export async function makeOutpost(options: OutpostOptions): Promise<Outpost> {
  const { via, server, name = 'pudong-7' } = options;
  const bucket = options.bucket ?? (await makeBucket(server));
  const place = temporaryPlace('fast');
  const folder = join(place, 'station');
  for (const each of ['state', 'inbox', '../cameras']) mkdirSync(join(folder, each), { recursive: true });
  const signer = await createStationKey(join(folder, 'station.key'), parseStationName(name));
  await createLedger({ path: join(folder, 'state', 'ledger.db'), signer });
  writeFileSync(
    join(folder, 's3.credentials'),
    `aws_access_key_id = ${server.accessKeyId}\naws_secret_access_key = ${server.secretAccessKey}\n`,
    { mode: 0o600 },
  );
  const config = join(folder, 'docket.toml');
  writeFileSync(
    config,
    `[station]
name = "${name}"
public_key = "${formatKeyLine(signer)}"

[vault]
kind = "s3"
endpoint = "${via.endpoint}"
bucket = "${bucket}"
mode = "governance"
open_ended_days = 30
credentials_file = "s3.credentials"
idle_timeout_seconds = ${options.idleSeconds ?? 10}
${options.vault ?? ''}

[cameras]
unknown = "allow"
roots = []
usb = false

[media]
examine = false

[limits]
spool_reserve_mib = 0
${options.limits ?? ''}
`,
  );
  const read = await readConfig(config);
  for (const vault of read.vaults)
    if (vault.kind === 's3') await rememberPassed(placesOf(read).vaultCheck, vault, systemClock.now());
  return { config, folder, bucket, server };
}

/** Changes the configuration's text. */
export function reconfigure({ config }: Outpost, change: (text: string) => string): void {
  const text = readFileSync(config, 'utf8');
  const changed = change(text);
  expect(changed, 'the configuration was changed').not.toBe(text);
  writeFileSync(config, changed);
}

/** A camera's card: files of that size, no two alike; `seed` tells cards apart. */
export function layCard(
  { folder }: Outpost,
  seed: number,
  sizesBytes: readonly number[],
): { path: string; truth: Truth } {
  const path = join(folder, '../cameras', `card-${seed}`);
  const files = sizesBytes.map((sizeBytes, k) => {
    const name = `VIDEO/f${seed}-${String(k).padStart(5, '0')}.mp4`;
    return [name, bytesOf(seed * 100_000 + k, sizeBytes)] as const;
  });
  layOut(path, Object.fromEntries(files));
  return { path, truth: Object.fromEntries(files.map(([name, bytes]) => [name, sha256Of(bytes)])) };
}

/** Runs the docket command for a station. */
export function docket({ config }: Outpost, ...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, nodeArguments([...args, '--config', config]));
}

/** Docks a folder as `docket dock` does, through the daemon where one runs, without the cost of a process. */
export async function dockAt({ config }: Outpost, path: string): Promise<DockResult> {
  await using cases = openUseCases(await readConfig(config));
  return await cases.dock({ path, actor: 'tester' }, () => undefined, never());
}

/** Everything of a docking is on record; what is not is shown with its reason. */
export function expectOnRecord({ files, notes, onRecord }: DockResult): void {
  expect(files.flatMap(({ outcome, reason }) => (outcome === 'recorded' ? [] : [`${outcome}: ${reason}`]))).toEqual([]);
  expect([notes, onRecord]).toEqual([[], true]);
}

/** `docket status`. */
export async function statusOf({ config }: Outpost): Promise<StatusView> {
  await using cases = openUseCases(await readConfig(config));
  return await cases.status();
}

/** Every file is on record once, verification finds nothing, the spool is empty, and the bucket holds one version of each object. */
export async function expectSound(outpost: Outpost, truth: Truth): Promise<void> {
  await expectOnce(outpost.config, truth);
  await expectClean(outpost.config);
  expect(await doubled(outpost)).toEqual([]);
}

/** Names of evidence that have more than one version, or something laid over them. */
async function doubled({ bucket, server }: Outpost): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const key of await versionsIn(bucket, server))
    if (/^(?:payload|manifests|receipts|cases)\//.test(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  expect(counts.size, 'objects of evidence').toBeGreaterThan(0);
  return [...counts].flatMap(([key, count]) => (count === 1 ? [] : [`${key}: ${count}`]));
}

/** The key of every version and delete marker in a bucket. */
async function versionsIn(bucket: string, server: S3Server): Promise<string[]> {
  const client = adminClient(server);
  try {
    const keys: string[] = [];
    for await (const page of paginateVersions(client, bucket))
      for (const { Key } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) keys.push(Key ?? '');
    return keys;
  } finally {
    client.destroy();
  }
}

async function* paginateVersions(client: S3Client, bucket: string): AsyncIterable<ListObjectVersionsCommandOutput> {
  let markers: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (markers !== undefined) {
    const page: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, ...markers }),
    );
    yield page;
    markers =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker ?? '', VersionIdMarker: page.NextVersionIdMarker ?? '' }
        : undefined;
  }
}

/** Paths of the recorded items in the order of the ledger. */
export async function orderOf({ config }: Outpost): Promise<string[]> {
  return (await entriesOf(config, 'item.recorded')).map(({ path }) => path.text);
}
