// The rights a station needs on its bucket, as a policy of AWS IAM; with a principal as a bucket policy, the way Ceph takes it.
// Nothing more: who steals the key can add to the evidence, and neither delete, hide nor unlock it.

/** Where a station writes. */
export interface PolicyScope {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Who gets the rights, in a bucket policy; undefined: the policy is attached to a user. */
  readonly principal?: string | undefined;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: { readonly AWS: readonly string[] };
  readonly Action: readonly string[];
  readonly Resource: string;
}

/** A policy document. */
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** On objects: put them, lock them (a lock is shortened only by who may bypass it, which is denied), read them back, go on with an upload. */
const OBJECT_RIGHTS = [
  's3:PutObject',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
  's3:PutObjectTagging',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
  's3:ListMultipartUploadParts',
  's3:AbortMultipartUpload',
];

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

/** The least rights with which a station works. */
export function leastPolicy({ bucket, prefix, principal }: PolicyScope): Policy {
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const statement = (
    Sid: string,
    Effect: Statement['Effect'],
    Action: readonly string[],
    Resource: string,
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
      statement('DocketObjects', 'Allow', OBJECT_RIGHTS, `${bucketArn}/${prefix}*`),
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
