// The rights a station needs on its bucket, as a policy of AWS IAM; with a principal as a bucket policy, the way Ceph takes it.
// Nothing more: who steals the key can add to the evidence of that station, and neither delete, hide nor unlock any. What another station of the
// bucket is going to write is not open to it: names of tiles and statements can be told ahead, and what is locked under one of them stays there.
import type { StationName } from '../evidence/index.ts';

/** Canaries that are put before there is a station stand under this name. */
export const NO_STATION = 'no-station';

/** Where a station writes. */
export interface PolicyScope {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Whose names may be written. */
  readonly station: StationName;
  /** Who gets the rights, in a bucket policy; undefined: the policy is attached to a user. */
  readonly principal?: string | undefined;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}

/** A policy document. */
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** On what the station writes: put it, lock it (a lock is shortened only by who may bypass it, which is denied), go on with an upload. */
const WRITING_RIGHTS = [
  's3:PutObject',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
  's3:PutObjectTagging',
  's3:ListMultipartUploadParts',
  's3:AbortMultipartUpload',
];

/** On whatever stands in the vault: verification and the catch-up of another vault read it. */
const READING_RIGHTS = ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', 's3:GetObjectLegalHold'];

/** On the bucket: list what is there, and see that it is fit. */
const BUCKET_RIGHTS = [
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:ListBucketMultipartUploads',
  's3:GetBucketVersioning',
  's3:GetBucketObjectLockConfiguration',
];

/** Said aloud, since a denial wins over whatever else is allowed somewhere. */
const DENIED_ON_OBJECTS = ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'];
/** In Ceph who uploads an object owns it, and could make it public. Only there: MinIO does not know these words and refuses them. */
const DENIED_TO_OWNERS = ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'];
const DENIED_ON_BUCKET = ['s3:DeleteBucket', 's3:PutBucket*', 's3:PutLifecycleConfiguration'];

/** The names that a station writes. Payloads are common: their names are their digests, and nobody knows those of footage to come. */
function namesOf(station: StationName): string[] {
  const own = ['manifests', 'receipts', 'ledgers', 'canary'].map((folder) => `${folder}/${station}/*`);
  return ['payload/*', ...own, `canary/${NO_STATION}/*`, `cases/*/${station}-*`];
}

/** The least rights with which a station works. */
export function leastPolicy({ bucket, prefix, station, principal }: PolicyScope): Policy {
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const own = namesOf(station).map((name) => `${bucketArn}/${prefix}${name}`);
  const statement = (
    Sid: string,
    Effect: Statement['Effect'],
    Action: readonly string[],
    Resource: Statement['Resource'],
  ): Statement => ({
    Sid,
    Effect,
    ...(principal === undefined ? {} : { Principal: { AWS: [principal] } }),
    Action,
    Resource,
  });
  return {
    Version: '2012-10-17',
    Statement: [
      statement('DocketWrites', 'Allow', WRITING_RIGHTS, own),
      statement('DocketReads', 'Allow', READING_RIGHTS, `${bucketArn}/${prefix}*`),
      statement('DocketBucket', 'Allow', BUCKET_RIGHTS, bucketArn),
      statement(
        'DocketNeverObjects',
        'Deny',
        [...DENIED_ON_OBJECTS, ...(principal === undefined ? [] : DENIED_TO_OWNERS)],
        `${bucketArn}/*`,
      ),
      statement('DocketNeverBucket', 'Deny', DENIED_ON_BUCKET, bucketArn),
    ],
  };
}
