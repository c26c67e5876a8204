// Stations whose vault is a bucket of the common server, made small, and the hands of whoever has the bucket's keys and no good intentions.
// Nothing is simulated: the product's own composition on one side, the store's own requests on the other.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { rememberPassed } from '../../src/daemon/check-record.ts';
import { placesOf } from '../../src/daemon/places.ts';
import { formatInstant, formatKeyLine, parseStationName } from '../../src/evidence/index.ts';
import { createLedger } from '../../src/ledger/index.ts';
import { readConfig, systemClock } from '../../src/platform/index.ts';
import { createStationKey } from '../../src/seal/index.ts';
import { leastPolicy } from '../../src/vault/index.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, dock, openIt } from '../fault/stations.ts';
import { adminClient, makeBucket } from './buckets.ts';

/** A station in a folder, and the bucket that is its vault. */
export interface BucketStation {
  readonly config: string;
  readonly folder: string;
  readonly station: string;
  readonly bucket: string;
}

const REST = `
[cameras]
unknown = "allow"
roots = []
usb = false

[media]
examine = false

[limits]
spool_reserve_mib = 0
`;

/** Makes a station; `mode` as in the configuration. */
export async function makeBucketStation(mode: 'governance' | 'compliance' = 'governance'): Promise<BucketStation> {
  const server = inject('s3station');
  const bucket = await makeBucket();
  const station = 'pudong-7';
  await letIn(server.name, bucket, station);
  const folder = temporaryPlace('fast');
  for (const each of ['state', 'inbox']) mkdirSync(join(folder, each), { recursive: true });
  const signer = await createStationKey(join(folder, 'station.key'), parseStationName(station));
  await createLedger({ path: join(folder, 'state', 'ledger.db'), signer });
  const credentials = join(folder, 's3.credentials');
  writeFileSync(
    credentials,
    `aws_access_key_id = ${server.accessKeyId}\naws_secret_access_key = ${server.secretAccessKey}\n`,
  );
  chmodSync(credentials, 0o600);
  const config = join(folder, 'docket.toml');
  const vault = `[vault]\nkind = "s3"\nendpoint = "${server.endpoint}"\nbucket = "${bucket}"\nmode = "${mode}"\nopen_ended_days = 30\ncredentials_file = "s3.credentials"\n`;
  writeFileSync(config, `[station]\nname = "${station}"\npublic_key = "${formatKeyLine(signer)}"\n\n${vault}${REST}`);
  await trustStore(config);
  return { config, folder, station, bucket };
}

/** What a store does with canaries is tested where it is checked; here each station would only wait for it. */
async function trustStore(file: string): Promise<void> {
  const config = await readConfig(file);
  for (const each of config.vaults)
    if (each.kind === 's3') await rememberPassed(placesOf(config).vaultCheck, each, systemClock.now());
}

/** Lets a station reach its store another way, as through a proxy. */
export async function reroute({ config }: BucketStation, endpoint: string): Promise<void> {
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace(/^endpoint = .*$/m, `endpoint = ${JSON.stringify(endpoint)}`));
  await trustStore(config);
}

/** An empty machine: nothing of the station but key, configuration and credentials. */
export async function loseState({ config, folder }: BucketStation): Promise<void> {
  rmSync(join(folder, 'state'), { recursive: true });
  mkdirSync(join(folder, 'state'));
  await trustStore(config);
}

/** Gives a station the least rights on a bucket, those of `docket vault policy`; the owner may do everything, with what a station stored too. */
async function letIn(user: string, bucket: string, station: string): Promise<void> {
  const client = adminClient();
  const principal = `arn:aws:iam:::user/${user}`;
  const policy = leastPolicy({ bucket, prefix: '', station: parseStationName(station), principal });
  const owner = {
    Sid: 'Owner',
    Effect: 'Allow',
    Principal: { AWS: ['arn:aws:iam:::user/test'] },
    Action: ['s3:*'],
    Resource: `arn:aws:s3:::${bucket}/*`,
  };
  const both = { ...policy, Statement: [...policy.Statement, owner] };
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(both) }));
  client.destroy();
}

/** Puts evidence of every kind on record: footage of a case, one of it key-marked, enough register entries for full tiles, a second docking. */
export async function fillStation({ config, folder }: BucketStation, cameras = 260): Promise<void> {
  const first = layOut(join(folder, 'first'), {
    'VIDEO/a.mp4': bytesOf(1, 20_000),
    'VIDEO/b.mp4': bytesOf(2, 5000),
    'VIDEO/DSJ_A100_012345_20260131_080000_IMP.mp4': bytesOf(3, 700),
  });
  await dock(config, { path: first, case: '沪盗罚〔2026〕3号' });
  {
    await using station = await openIt(config);
    const { recorder, publisher, clock } = station.ports;
    recorder.record(
      Array.from({ length: cameras }, (_, k) => ({
        v: 1,
        kind: 'camera.registered',
        at: formatInstant(clock.now()),
        actor: ACTOR,
        serial: `CAM${k}`,
      })),
    );
    await publisher.publish();
  }
  await dock(config, { path: layOut(join(folder, 'second'), { 'd.jpg': bytesOf(4, 900) }) });
}

/** One version in a bucket. */
export interface StoredVersion {
  readonly key: string;
  readonly version: string;
  readonly marker: boolean;
}

/** Somebody with the keys of the bucket and the right to go past governance locks. */
export class Attacker implements Disposable {
  readonly #client = adminClient();
  readonly #bucket: string;

  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  /** Every version and marker, newest first within a key. */
  async versions(): Promise<StoredVersion[]> {
    const found: StoredVersion[] = [];
    let at: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (at !== undefined) {
      const page: ListObjectVersionsCommandOutput = await this.#page(at);
      for (const each of page.Versions ?? [])
        found.push({ key: each.Key ?? '', version: each.VersionId ?? '', marker: false });
      for (const each of page.DeleteMarkers ?? [])
        found.push({ key: each.Key ?? '', version: each.VersionId ?? '', marker: true });
      at =
        page.IsTruncated === true
          ? { KeyMarker: page.NextKeyMarker ?? '', VersionIdMarker: page.NextVersionIdMarker ?? '' }
          : undefined;
    }
    return found;
  }

  #page(at: { KeyMarker?: string; VersionIdMarker?: string }): Promise<ListObjectVersionsCommandOutput> {
    return this.#client.send(new ListObjectVersionsCommand({ Bucket: this.#bucket, ...at }));
  }

  /** The keys of objects, each once. */
  async keys(): Promise<string[]> {
    return [...new Set((await this.versions()).flatMap(({ key, marker }) => (marker ? [] : [key])))].sort();
  }

  /** The only version of a key. */
  async versionOf(key: string): Promise<string> {
    const found = (await this.versions()).find((each) => each.key === key && !each.marker);
    if (found === undefined) throw new Error(`no version of ${key}`);
    return found.version;
  }

  /** Hides a key under a delete marker, as a plain delete does; returns the marker. */
  async hide(key: string): Promise<string> {
    const { VersionId } = await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
    return VersionId ?? '';
  }

  /** Lays another object over a key; returns its version. */
  async overlay(key: string, bytes: string | Uint8Array): Promise<string> {
    const { VersionId } = await this.#client.send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: bytes }),
    );
    return VersionId ?? '';
  }

  /** Deletes one version for good, past a governance lock. */
  async erase(key: string, version: string): Promise<void> {
    await this.#client.send(
      new DeleteObjectCommand({
        Bucket: this.#bucket,
        Key: key,
        VersionId: version,
        BypassGovernanceRetention: true,
      }),
    );
  }

  /** Sets the end of a governance lock to so many days from now, past the lock. */
  async relock(key: string, version: string, days: number): Promise<void> {
    await this.#client.send(
      new PutObjectRetentionCommand({
        Bucket: this.#bucket,
        Key: key,
        VersionId: version,
        BypassGovernanceRetention: true,
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(systemClock.now() + days * 86_400_000) },
      }),
    );
  }

  /** Lets a governance lock end now. */
  async endLock(key: string, version: string): Promise<void> {
    await this.relock(key, version, 1 / 86_400);
    await systemClock.wait(2100); // stores keep whole seconds, and may round up
  }

  /** Deletes the object past its lock and puts the same bytes there again, without one; returns the new version. */
  async putAnew(key: string): Promise<string> {
    const version = await this.versionOf(key);
    const { Body } = await this.#client.send(
      new GetObjectCommand({ Bucket: this.#bucket, Key: key, VersionId: version }),
    );
    const bytes = await Body?.transformToByteArray();
    await this.erase(key, version);
    return await this.overlay(key, bytes ?? '');
  }

  /** Takes a legal hold off. */
  release(key: string, version: string): Promise<void> {
    return this.#setHold(key, version, 'OFF');
  }

  /** Lays a legal hold. */
  hold(key: string, version: string): Promise<void> {
    return this.#setHold(key, version, 'ON');
  }

  async #setHold(key: string, version: string, status: 'ON' | 'OFF'): Promise<void> {
    const at = { Bucket: this.#bucket, Key: key, VersionId: version };
    await this.#client.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: status } }));
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}
