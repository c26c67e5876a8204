// The bucket of an S3 vault as the store describes it: there or not, versions, Object Lock, the store's clock.
// Makes a bucket when asked to; an existing one is looked at and never changed.
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  GetBucketVersioningCommand,
  type GetBucketVersioningCommandOutput,
  GetObjectLockConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { Failure } from '../evidence/index.ts';
import { errorName, storeDate, withoutKeys } from './s3-error.ts';
import type { S3VaultOptions } from './s3-options.ts';
import { S3Requests } from './s3-requests.ts';

const SECOND_MS = 1000;
const DEFAULT_REGION = 'us-east-1';

/** A bucket as the store describes it. */
export interface BucketFacts {
  /** Clock of the store minus clock of this machine, in milliseconds, good to a second; undefined when the store tells no time. */
  readonly aheadMs: number | undefined;
  /** False when the clocks differ so much that the store refuses every request; nothing else is known then. */
  readonly answers: boolean;
  readonly versions: boolean;
  readonly locks: boolean;
  /** The lock that the bucket gives to whatever is put without one, in words. */
  readonly defaultLock: string | undefined;
}

/** Looks at the bucket. Undefined: there is none. Failures: vault-unreachable, vault-refused. */
export async function lookAtBucket(requests: S3Requests): Promise<BucketFacts | undefined> {
  const lock = lookAtLock(requests);
  lock.catch(() => undefined); // asked beside the first question; what that one tells goes before
  const { answer, aheadMs } = await askTheTime(requests);
  if (answer === 'no-bucket') return undefined;
  if (answer === 'too-skewed')
    return { aheadMs, answers: false, versions: false, locks: false, defaultLock: undefined };
  return { aheadMs, answers: true, versions: answer.Status === 'Enabled', ...(await lock) };
}

interface Timed {
  readonly answer: GetBucketVersioningCommandOutput | 'no-bucket' | 'too-skewed';
  readonly aheadMs: number | undefined;
}

/** The first question; it also shows the clock of the store, whether it is answered or refused. */
async function askTheTime(requests: S3Requests): Promise<Timed> {
  const { clock } = requests.options;
  let date: string | undefined;
  let asked = clock.now();
  const make = (): GetBucketVersioningCommand => {
    const command = new GetBucketVersioningCommand({ Bucket: requests.options.bucket });
    command.middlewareStack.add(
      (next) => async (args) => {
        asked = clock.now();
        const result = await next(args);
        date = (result.response as { headers?: Record<string, string> }).headers?.['date']; // an HTTP response; the SDK does not say so
        return result;
      },
      { step: 'deserialize', name: 'docketReadsTheClock' },
    );
    return command;
  };
  const ahead = (told: string | undefined): number | undefined => aheadOf(told, (asked + clock.now()) / 2);
  try {
    const answer = await requests.patiently(make);
    return { answer, aheadMs: ahead(date) };
  } catch (error) {
    const name = errorName(error);
    if (name === 'NoSuchBucket') return { answer: 'no-bucket', aheadMs: undefined };
    if (name === 'RequestTimeTooSkewed') return { answer: 'too-skewed', aheadMs: ahead(storeDate(error)) };
    throw requests.failure(error, 'looking at the bucket');
  }
}

/** The header has whole seconds, cut off: the store's time is half a second later on average. */
function aheadOf(date: string | undefined, nowMs: number): number | undefined {
  const told = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(told) ? undefined : told + SECOND_MS / 2 - nowMs;
}

async function lookAtLock(requests: S3Requests): Promise<Pick<BucketFacts, 'locks' | 'defaultLock'>> {
  try {
    const { ObjectLockConfiguration: found } = await requests.patiently(
      () => new GetObjectLockConfigurationCommand({ Bucket: requests.options.bucket }),
    );
    const rule = found?.Rule?.DefaultRetention;
    return {
      locks: found?.ObjectLockEnabled === 'Enabled',
      defaultLock:
        rule?.Mode === undefined
          ? undefined
          : `${rule.Mode.toLowerCase()}, ${rule.Years === undefined ? `${rule.Days ?? 0} days` : `${rule.Years} years`}`,
    };
  } catch (error) {
    const name = errorName(error);
    if (/^(ObjectLockConfigurationNotFoundError|NoSuchObjectLockConfiguration|NotImplemented)$/.test(name))
      return { locks: false, defaultLock: undefined };
    throw requests.failure(error, 'looking at the Object Lock of the bucket');
  }
}

/** What became of a bucket that was to be made. */
export interface MadeBucket {
  readonly where: string;
  /** False when it stood already and was right. */
  readonly made: boolean;
}

/** Makes the bucket with versions and Object Lock. Failure 'vault-unfit' when one stands there that is not right: it is not touched. */
export async function makeBucket(options: S3VaultOptions, signal?: AbortSignal): Promise<MadeBucket> {
  const requests = new S3Requests(options, signal);
  try {
    const found = await lookAtBucket(requests);
    if (found !== undefined) {
      demandRight(requests, found, 'it stands already and is not touched');
      return { where: requests.where, made: false };
    }
    await create(requests);
    const now = await lookAtBucket(requests);
    if (now?.versions === false && now.locks)
      await requests.ask(
        'switching versions on',
        () =>
          new PutBucketVersioningCommand({ Bucket: options.bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    demandRight(requests, await lookAtBucket(requests), 'it was made just now');
    return { where: requests.where, made: true };
  } finally {
    requests.close();
  }
}

function demandRight(requests: S3Requests, found: BucketFacts | undefined, state: string): void {
  if (found?.answers === false)
    throw new Failure(
      'vault-refused',
      `${requests.where}: the clocks of this machine and of the store differ too much`,
    );
  const lacks = found === undefined ? ['a bucket'] : lacksOf(found);
  if (lacks.length > 0)
    throw new Failure(
      'vault-unfit',
      `${requests.where}: the bucket has no ${lacks.join(' and no ')}; ${state}. Choose another name: most stores can switch Object Lock on only when a bucket is made`,
    );
}

function lacksOf(found: BucketFacts): string[] {
  return [...(found.locks ? [] : ['Object Lock']), ...(found.versions ? [] : ['versions'])];
}

async function create(requests: S3Requests): Promise<void> {
  const { bucket, endpoint, region } = requests.options;
  // AWS alone wants to be told the region, and only when it is not its first one.
  const location = endpoint === undefined && region !== DEFAULT_REGION;
  try {
    await requests.patiently(
      () =>
        new CreateBucketCommand({
          Bucket: bucket,
          ObjectLockEnabledForBucket: true,
          ...(location
            ? { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } } // the SDK lists those it knows
            : {}),
        }),
    );
  } catch (error) {
    if (errorName(error) === 'BucketAlreadyExists')
      throw new Failure(
        'vault-refused',
        `${requests.where}: somebody else on this store has a bucket of that name; choose another`,
        { cause: withoutKeys(error) },
      );
    throw requests.failure(error, 'making the bucket');
  }
}
