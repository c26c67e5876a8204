// Keys for a station as IT would give it one: a user of its own, with what `docket vault policy` prints as the policy of the bucket.
// Every other right belongs to the administrator, whose keys the server was made with.
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { parseStationName } from '../../src/evidence/index.ts';
import { leastPolicy } from '../../src/vault/index.ts';
import { adminClient } from './buckets.ts';
import type { S3Server } from './server.ts';

/** The station's user, as Ceph names it in policies. */
export function stationArn(): string {
  return `arn:aws:iam:::user/${inject('s3station').name}`;
}

/** Gives the station's user the least rights on a bucket; returns its keys. */
export async function grantStation(
  bucket: string,
  station = 'pudong-7',
): Promise<Pick<S3Server, 'accessKeyId' | 'secretAccessKey'>> {
  const client = adminClient();
  const policy = JSON.stringify(
    leastPolicy({ bucket, prefix: '', station: parseStationName(station), principal: stationArn() }),
  );
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy }));
  client.destroy();
  return inject('s3station');
}
