// The least rights: what `docket vault policy` prints is enough for a station to work end to end, and not enough to harm evidence.
// Tried with a second user of the real store, who has no right but this policy.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BucketLifecycleConfiguration,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, inject, it } from 'vitest';
import { initStation } from '../../src/daemon/init.ts';
import { makeVaultDoors } from '../../src/daemon/vault-care.ts';
import { parseStationName } from '../../src/evidence/index.ts';
import { dockFolder } from '../../src/ingest/index.ts';
import { leastPolicy } from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { ACTOR, never, openIt, outcomesOf, verify } from '../fault/stations.ts';
import { makeBucketStation } from './archives.ts';
import { adminClient, makeBucket } from './buckets.ts';
import { stationArn } from './station-key.ts';
import { addressOf, writeCredentials } from './stores.ts';

const MODES = ['governance', 'compliance'] as const;

const STATION = parseStationName('pudong-7');

it('names the bucket, the prefix and the station, allows nothing that deletes, and denies it aloud', () => {
  const { Statement } = leastPolicy({ bucket: 'b', prefix: 'p/', station: STATION });
  expect(Statement.map(({ Effect, Resource }) => [Effect, Resource])).toEqual([
    [
      'Allow',
      [
        'arn:aws:s3:::b/p/payload/*',
        'arn:aws:s3:::b/p/manifests/pudong-7/*',
        'arn:aws:s3:::b/p/receipts/pudong-7/*',
        'arn:aws:s3:::b/p/ledgers/pudong-7/*',
        'arn:aws:s3:::b/p/canary/pudong-7/*',
        'arn:aws:s3:::b/p/canary/no-station/*',
        'arn:aws:s3:::b/p/cases/*/pudong-7-*',
      ],
    ],
    ['Allow', 'arn:aws:s3:::b/p/*'],
    ['Allow', 'arn:aws:s3:::b'],
    ['Deny', 'arn:aws:s3:::b/*'],
    ['Deny', 'arn:aws:s3:::b'],
  ]);
  const allowed = Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
  expect(allowed.filter((each) => /Delete|Bypass|\*|PutBucket|PutLifecycle|Acl/.test(each))).toEqual([]);
  const denied = Statement.filter(({ Effect }) => Effect === 'Deny').flatMap(({ Action }) => Action);
  expect(denied).toEqual(
    expect.arrayContaining([
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:BypassGovernanceRetention',
      's3:PutBucket*',
    ]),
  );
  expect(Statement.some((each) => 'Principal' in each)).toBe(false);
  expect(denied).not.toContain('s3:PutObjectAcl'); // MinIO would refuse the policy
  const owned = leastPolicy({ bucket: 'b', prefix: '', station: STATION, principal: 'arn:aws:iam:::user/x' });
  expect(owned.Statement.every(({ Principal }) => Principal?.AWS[0] === 'arn:aws:iam:::user/x')).toBe(true);
});

/** Everything somebody with a stolen station key would try against one version of evidence. */
function attacks(bucket: string, { Key, VersionId }: ObjectVersion, mode: (typeof MODES)[number]) {
  const at = { Bucket: bucket, Key, VersionId };
  const retention = (
    until: Date | undefined,
    bypass: boolean,
    Mode = mode.toUpperCase() as 'GOVERNANCE' | 'COMPLIANCE',
  ) =>
    new PutObjectRetentionCommand({
      ...at,
      Retention: until === undefined ? {} : { Mode, RetainUntilDate: until },
      BypassGovernanceRetention: bypass,
    });
  const soon = new Date(Date.now() + 60_000);
  const expire: BucketLifecycleConfiguration = {
    Rules: [
      {
        ID: 'x',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        Expiration: { Days: 1 },
      },
    ],
  };
  return {
    'delete the version': new DeleteObjectCommand(at),
    'hide it under a delete marker': new DeleteObjectCommand({ Bucket: bucket, Key }),
    'delete it past governance': new DeleteObjectCommand({ ...at, BypassGovernanceRetention: true }),
    'shorten the lock': retention(soon, false),
    'shorten it past governance': retention(soon, true),
    'take the lock off': retention(undefined, true),
    'switch versions off': new PutBucketVersioningCommand({
      Bucket: bucket,
      VersioningConfiguration: { Status: 'Suspended' },
    }),
    'change what the bucket locks': new PutObjectLockConfigurationCommand({
      Bucket: bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    }),
    'let the bucket expire everything': new PutBucketLifecycleConfigurationCommand({
      Bucket: bucket,
      LifecycleConfiguration: expire,
    }),
    'give itself more rights': new PutBucketPolicyCommand({
      Bucket: bucket,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${bucket}/*` }],
      }),
    }),
    'take the policy away': new DeleteBucketPolicyCommand({ Bucket: bucket }),
    'make the version public': new PutObjectAclCommand({ ...at, ACL: 'public-read' }),
    'make it public': new PutObjectAclCommand({ Bucket: bucket, Key, ACL: 'public-read' }),
    'write beside its own prefix': new PutObjectCommand({ Bucket: bucket, Key: 'other/x', Body: 'x' }),
  };
}

/** Names of other stations that can be told ahead. */
const OF_OTHERS = [
  'ledgers/pudong-8/tile/entries/000',
  'ledgers/pudong-8/tile/0/000',
  'ledgers/pudong-8/checkpoint',
  'ledgers/pudong-8/keys/1.tlog-proof',
  'ledgers/pudong-70/tile/0/000',
  'cases/2026-LX-0003/pudong-8-1.json',
  'cases/2026-LX-0003/pudong-70-1.json',
  'manifests/pudong-8/20261121-064854-00000000-000001.json',
  'receipts/pudong-8/20261121-064854-00000000.json',
  'canary/pudong-8/20261121-064854-00000000',
];

/** What a station would try against another one of its bucket: to plant something there and lock it, or to lock what stands there. */
function plants(at: { readonly Bucket: string; readonly Key: string }): Readonly<Record<string, unknown>> {
  const day = new Date(Date.now() + 86_400_000);
  const members = {
    ObjectLockMode: 'COMPLIANCE',
    ObjectLockRetainUntilDate: day,
    ChecksumAlgorithm: 'SHA256',
  } as const;
  return {
    plant: new PutObjectCommand({ ...at, ...members, Body: 'planted' }),
    'plant in parts': new CreateMultipartUploadCommand({ ...at, ...members }),
    lock: new PutObjectRetentionCommand({ ...at, Retention: { Mode: 'COMPLIANCE', RetainUntilDate: day } }),
    hold: new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } }),
  };
}

/** What the store says to a request: 'done', or its word for no. */
async function send(client: S3Client, command: unknown): Promise<string> {
  try {
    await client.send(command as DeleteObjectCommand); // any command: only its refusal is looked at
    return 'done';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

it.each(MODES)(
  'in %s mode a station works end to end with these rights, and cannot harm what it stored',
  async (mode) => {
    const place = temporaryPlace();
    const bucket = await makeBucket();
    const prefix = '某区/';
    const doors = makeVaultDoors();
    const vault = addressOf(bucket, writeCredentials(place, inject('s3station')), {
      vault: `s3://${bucket}/${prefix}`,
      mode,
    });
    const policy = await doors.policy(
      { address: vault },
      { principal: stationArn(), name: undefined, station: STATION },
    );
    const admin = adminClient();
    await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }));

    const made = await initStation({
      directory: join(place, 'st'),
      actor: 'tester',
      version: '0',
      vault,
      name: STATION,
    });
    const text = readFileSync(made.config, 'utf8').replace('unknown = "refuse"', 'unknown = "allow"');
    // Small parts, so that the rights of uploads in parts are needed too.
    writeFileSync(
      made.config,
      text
        .replace('[cameras]', '[media]\nexamine = false\n\n[limits]\nspool_reserve_mib = 0\n\n[cameras]')
        .replace('kind = "s3"', 'kind = "s3"\nmultipart_mib = 5\npart_mib = 5'),
    );
    {
      await using station = await openIt(made.config);
      const card = layOut(join(place, 'card'), { 'IMP_a.mp4': bytesOf(1, 5000), 'b.mp4': bytesOf(2, 6 * 1_048_576) });
      const order = { path: card, case: '沪盗罚〔2026〕3号', actor: ACTOR };
      const { receipt } = await dockFolder(station.ports, order, () => undefined, never());
      expect(outcomesOf(receipt)).toEqual({ 'IMP_a.mp4': 'recorded', 'b.mp4': 'recorded' });
    }
    expect(await verify(made.config)).toMatchObject({ ok: true, findings: [] });
    for (const of of [{ config: made.config }, { address: vault }])
      expect(await doors.check(of, never())).toMatchObject({ ok: true });

    const { Versions = [] } = await admin.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: `${prefix}payload/` }),
    );
    expect(Versions).toHaveLength(2);
    const thief = new S3Client({
      endpoint: inject('s3').endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: inject('s3station'),
    });
    for (const name of OF_OTHERS) {
      const at = { Bucket: bucket, Key: `${prefix}${name}` };
      await admin.send(new PutObjectCommand({ ...at, Body: 'of another station' }));
      for (const [what, command] of Object.entries(plants(at)))
        expect([what, name, await send(thief, command)]).toEqual([what, name, 'AccessDenied']);
    }
    for (const version of Versions) {
      const { Key, VersionId } = version;
      const look = () => thief.send(new HeadObjectCommand({ Bucket: bucket, Key, VersionId }));
      const before = await look();
      for (const [what, command] of Object.entries(attacks(bucket, version, mode)))
        expect([what, await send(thief, command)]).toEqual([
          what,
          expect.stringMatching(/^(AccessDenied|InvalidRequest|MalformedXML)$/),
        ]);
      // Many at once answer 200 with a refusal for each.
      const many = await thief
        .send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key, VersionId }] } }))
        .catch((error: unknown) => ({
          Errors: [{ Code: error instanceof Error ? error.name : '' }],
          Deleted: undefined,
        }));
      expect([many.Deleted ?? [], many.Errors?.map(({ Code }) => Code)]).toEqual([[], ['AccessDenied']]);
      const after = await look();
      expect([after.ObjectLockMode, after.ObjectLockRetainUntilDate, after.ChecksumSHA256]).toEqual([
        mode.toUpperCase(),
        before.ObjectLockRetainUntilDate,
        before.ChecksumSHA256,
      ]);
    }
    expect(await verify(made.config)).toMatchObject({ ok: true, findings: [] });
    thief.destroy();
    admin.destroy();
  },
);

it('is that of the station in the configuration, or of the one that is named, and of none without a name', async () => {
  const doors = makeVaultDoors();
  const address = { vault: 's3://bucket' };
  const none = { principal: undefined, name: undefined, station: undefined };
  expect((await expectRejection('invalid', doors.policy({ address }, none))).message).toMatch(/--station/);
  await expectRejection('invalid', doors.policy({ address }, { ...none, station: 'x/*' }));
  const { config } = await makeBucketStation();
  expect(JSON.stringify(await doors.policy({ config }, none))).toContain('/ledgers/pudong-7/*');
  expect(JSON.stringify(await doors.policy({ address }, { ...none, station: 'hongkou-1' }))).toContain('/hongkou-1-*');
});
