// A station with several vaults, real S3 stores among them: one dies, footage is taken all the same, and afterwards all hold everything.
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Station } from '../../src/daemon/station.ts';
import { tileStoreOf } from '../../src/daemon/tiles.ts';
import type { StationName } from '../../src/evidence/index.ts';
import { dockFolder, openReplicator, type Replicator, readMarks, recoverSpool } from '../../src/ingest/index.ts';
import { openDigestPool, readConfig, systemClock } from '../../src/platform/index.ts';
import { leastPolicy, openCopiesVault, openDirectoryVault } from '../../src/vault/index.ts';
import { describeVault } from '../contract/vault.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, entriesOf, makeStation, never, openIt, verify } from '../fault/stations.ts';
import { makeTempFolder } from '../temp-folder.ts';
import { adminClient, makeBucket, openFreshVault } from './buckets.ts';
import { openLine } from './fault/line.ts';
import { makeOutpost, reconfigure } from './fault/stations.ts';
import { type OwnServer, type S3Server, startServer } from './server.ts';

describeVault('directory and s3', async () => {
  const folder = await makeTempFolder();
  const digests = openDigestPool(2);
  const members = [await openDirectoryVault({ path: folder.path, digests, name: 'disk' }), await openFreshVault()];
  return {
    vault: openCopiesVault({ members, required: 2, clock: systemClock, sizeOf: () => 0 }),
    [Symbol.asyncDispose]: async () => {
      await digests.close();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describe('several stores', () => {
  let server: OwnServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  /** A user of its own, with the least rights on the bucket: whoever may delete is no station. */
  async function makeUser(
    bucket: string,
    station: StationName,
  ): Promise<Pick<S3Server, 'accessKeyId' | 'secretAccessKey'>> {
    const keys = { accessKeyId: `KEY${bucket}`, secretAccessKey: `secret-of-${bucket}` };
    const name = `station-${bucket}`;
    const [access, secret] = [`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`];
    await server.admin('user', 'create', `--uid=${name}`, `--display-name=${name}`, access, secret);
    await letIn(bucket, name, station);
    return keys;
  }

  async function letIn(bucket: string, name: string, station: StationName): Promise<void> {
    const client = adminClient(server);
    const policy = leastPolicy({ bucket, prefix: '', station, principal: `arn:aws:iam:::user/${name}` });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }));
    client.destroy();
  }

  /** A station with a directory vault and a bucket of its own, of which so many must hold a copy. */
  async function makeBoth(required: number): Promise<{ config: string; bucket: string; place: string }> {
    const place = temporaryPlace();
    const config = await makeStation(join(place, 'station'));
    const station = (await readConfig(config)).station.name;
    const { bucket, table } = await makeStore(place, { name: 's3', station, endpoint: server.endpoint });
    const text = readFileSync(config, 'utf8').replace('[vault]', '[[vault]]');
    writeFileSync(config, `${text}\n${table}\n[copies]\nrequired = ${required}\n`);
    return { config, bucket, place };
  }

  /** A bucket with a user of its own, and the table of the configuration that names it. */
  async function makeStore(
    place: string,
    { name, station, endpoint }: { readonly name: string; readonly station: StationName; readonly endpoint: string },
  ): Promise<{ bucket: string; table: string }> {
    const bucket = await makeBucket(server);
    const keys = await makeUser(bucket, station);
    const credentials = join(place, `${name}.credentials`);
    writeFileSync(
      credentials,
      `aws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`,
    );
    chmodSync(credentials, 0o600);
    const table = `[[vault]]\nkind = "s3"\nname = "${name}"\nendpoint = "${endpoint}"\nbucket = "${bucket}"\nmode = "governance"\ncredentials_file = "${credentials}"\n`;
    return { bucket, table };
  }

  async function replicatorOf({ ports, config }: Station): Promise<Replicator> {
    return await openReplicator({
      ...ports,
      tilesOf: (vault) => tileStoreOf(vault, ports.station),
      marksPath: join(config.paths.state, 'copies.json'),
      workFolder: config.paths.state,
      reserveBytes: 0,
    });
  }

  async function rounds(station: Station, replicator: Replicator, count: number): Promise<void> {
    for (let k = 0; k < count; k += 1) {
      await recoverSpool(station.ports);
      await replicator.run(never());
    }
  }

  const dockIn = (station: Station, path: string, caseNumber?: string): ReturnType<typeof dockFolder> =>
    dockFolder(station.ports, { path, case: caseNumber, actor: ACTOR }, () => undefined, never());

  it('the store dies while one copy is enough: all is recorded, and the store catches up with bytes, records and locks', async () => {
    const { config, bucket, place } = await makeBoth(1);
    const later = layOut(join(place, 'later'), { 'a.mp4': bytesOf(1, 2_000_000), 'b.mp4': bytesOf(2, 100) });
    {
      await using station = await openIt(config);
      const replicator = await replicatorOf(station);
      await rounds(station, replicator, 2);
      await dockIn(station, layOut(join(place, 'before'), { 'x.mp4': bytesOf(9, 1000) }));
      await server.killGateway();
      expect((await dockIn(station, later, '案-1')).final).toBe(true);
      await replicator.run(never());
      const { s3 } = await readMarks(join(place, 'station/state/copies.json'));
      expect(s3?.away?.why).toMatch(/nothing answers|cut/);
      await server.startGateway();
      // The store is asked again after its rest; the rounds are those of the service.
      for (let k = 0; k < 3; k += 1) await rounds(station, replicator, 1);
      await station.ports.publisher.publish();
      await rounds(station, replicator, 1);
    }
    const copied = await entriesOf(config, 'item.copied');
    expect(copied.map(({ copy }) => [copy.vault, copy.lock])).toEqual([
      ['s3', 'governance'],
      ['s3', 'governance'],
    ]);
    expect(copied.every(({ copy }) => copy.version !== undefined && copy.retainUntil !== undefined)).toBe(true);
    expect((await verify(config)).findings).toEqual([]);

    const [item] = await entriesOf(config, 'item.recorded');
    const key = item?.copies[0]?.key ?? '';
    const client = adminClient(server);
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
    for (const { VersionId } of Versions)
      await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId, BypassGovernanceRetention: true }),
      );
    client.destroy();
    const { findings } = await verify(config);
    expect(findings.map(({ code }) => code)).toEqual(['copy-missing']);
    expect(`${findings[0]?.where} ${findings[0]?.what}`).toMatch(new RegExp(`${key}.*vault s3`));
  });

  it('another, empty store under the same name is not filled as if nothing had been', async () => {
    const { config, bucket, place } = await makeBoth(1);
    {
      await using station = await openIt(config);
      await rounds(station, await replicatorOf(station), 2);
      await dockIn(station, layOut(join(place, 'card'), { 'a.mp4': bytesOf(1, 1000) }));
    }
    const other = await makeBucket(server);
    await letIn(other, `station-${bucket}`, (await readConfig(config)).station.name);
    writeFileSync(config, readFileSync(config, 'utf8').replaceAll(bucket, other));
    const refused = await expectRejection('vault-unreachable', openIt(config, { needsVault: true }));
    expect(refused.message).toMatch(/vault s3 is empty, and was not/);
    writeFileSync(config, readFileSync(config, 'utf8').replace('name = "s3"', 'name = "another"'));
    {
      await using station = await openIt(config);
      await rounds(station, await replicatorOf(station), 3);
    }
    expect((await entriesOf(config, 'item.copied')).map(({ copy }) => copy.vault)).toEqual(['another']);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('the store dies while both are demanded: footage waits in the spool and drains in order when the store is back', async () => {
    const { config, place } = await makeBoth(2);
    await using station = await openIt(config);
    const replicator = await replicatorOf(station);
    await rounds(station, replicator, 2);
    await server.killGateway();
    const files = Object.fromEntries([1, 2, 3].map((k) => [`v${k}.mp4`, bytesOf(k, 50_000)]));
    expect((await dockIn(station, layOut(join(place, 'card'), files))).final).toBe(false);
    await server.startGateway();
    // The rounds of the service, until the store's rest is over.
    for (let k = 0; k < 90 && (await recoverSpool(station.ports)).waiting.length > 0; k += 1)
      await station.ports.clock.wait(1000);
    const view = station.ports.ledger.view(station.ports.tiles);
    const items = (await Array.fromAsync(view.entries())).flatMap(({ bytes }) => {
      const entry = JSON.parse(bytes.toString()) as { kind: string; path: { text: string }; copies: unknown[] }; // as written
      return entry.kind === 'item.recorded' ? [[entry.path.text, entry.copies.length]] : [];
    });
    expect(items).toEqual([
      ['v1.mp4', 2],
      ['v2.mp4', 2],
      ['v3.mp4', 2],
    ]);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('two stores and no folder: one is cut off, the other is enough, and the first catches up in bytes, records and locks', async () => {
    await using line = await openLine(server);
    const near = await makeOutpost({ via: server, server });
    const { config, folder } = near;
    const place = join(folder, '..');
    const ofStation = (await readConfig(near.config)).station.name;
    const far = await makeStore(place, { name: 'far', station: ofStation, endpoint: line.server.endpoint });
    reconfigure(near, (text) => `${text.replace('[vault]', '[[vault]]')}\n${far.table}\n[copies]\nrequired = 1\n`);
    {
      await using station = await openIt(config);
      const replicator = await replicatorOf(station);
      await rounds(station, replicator, 2);
      expect((await dockIn(station, layOut(join(place, 'before'), { 'x.mp4': bytesOf(9, 1000) }))).final).toBe(true);
      await line.takeDown();
      const during = layOut(join(place, 'during'), { 'a.mp4': bytesOf(1, 2_000_000), 'b.mp4': bytesOf(2, 100) });
      expect((await dockIn(station, during, '案-1')).final).toBe(true);
      await replicator.run(never());
      const marks = await readMarks(join(place, 'station/state/copies.json'));
      expect([marks['s3']?.away, marks['far']?.away?.why]).toEqual([
        undefined,
        expect.stringMatching(/nothing answers|cut/),
      ]);
      await line.putUp();
      for (let k = 0; k < 3; k += 1) await rounds(station, replicator, 1);
      await station.ports.publisher.publish();
      await rounds(station, replicator, 1);
    }
    const items = await entriesOf(config, 'item.recorded');
    expect(items.map(({ path, copies }) => [path.text, copies.map(({ vault }) => vault)])).toEqual([
      ['x.mp4', ['s3', 'far']],
      ['a.mp4', ['s3']],
      ['b.mp4', ['s3']],
    ]);
    const copied = await entriesOf(config, 'item.copied');
    expect(copied.map(({ item, copy }) => [item, copy.vault, copy.lock])).toEqual(
      items.slice(1).map(({ item }) => [item, 'far', 'governance']),
    );
    expect(await objectsIn(far.bucket)).toEqual(await objectsIn(near.bucket));
    expect((await verify(config)).findings).toEqual([]);
  });

  /** Digest by key of what both stores must hold: all but canaries, and older partial tiles, which nothing needs once the wider one stands. */
  async function objectsIn(bucket: string): Promise<Record<string, string>> {
    const client = adminClient(server);
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    client.destroy();
    return Object.fromEntries(
      Contents.flatMap(({ Key = '', ETag = '' }) => (/^canary\/|\.p\/\d+$/.test(Key) ? [] : [[Key, ETag]])),
    );
  }

  it('the folder is away: the store alone fills it afterwards, through a temporary file', async () => {
    const { config, place } = await makeBoth(1);
    await using station = await openIt(config);
    const replicator = await replicatorOf(station);
    await rounds(station, replicator, 2);
    const vault = join(place, 'station/vault');
    renameSync(vault, `${vault}-away`);
    const { final } = await dockIn(station, layOut(join(place, 'card'), { 'a.mp4': bytesOf(5, 3_000_000) }));
    expect(final).toBe(true);
    renameSync(`${vault}-away`, vault);
    for (let k = 0; k < 3; k += 1) {
      await replicator.run(never());
      await station.ports.publisher.publish();
    }
    expect((await entriesOf(config, 'item.copied')).map(({ copy }) => copy.vault)).toEqual(['directory']);
    expect((await verify(config)).findings).toEqual([]);
  });
});
