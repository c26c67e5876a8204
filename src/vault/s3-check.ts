// Checks whether a bucket is fit to hold evidence: what the store says of it, and (in full) what it does with canaries.
// The store is not trusted: each promise that docket relies on is tried once, the way an attacker or a crash would.
import { goesInClear } from '../platform/index.ts';
import { type Check, type CheckDepth, doubtful, failed, passed } from './check.ts';
import { type BucketFacts, lookAtBucket } from './s3-bucket.ts';
import { checkCanaries } from './s3-check-canary.ts';
import type { S3VaultOptions } from './s3-options.ts';
import { S3Requests } from './s3-requests.ts';

const SECOND_MS = 1000;
/** Further apart than this, somebody should know: what docket writes down would not agree with the store. */
const WARN_SKEW_MS = 5 * SECOND_MS;
/** Further apart than this, locks would end at another time than the record says, and soon (15 minutes) every request is refused. */
const MAX_SKEW_MS = 300 * SECOND_MS;

/** Who asks, and how hard. */
export interface S3CheckOrder {
  readonly depth: CheckDepth;
  /** Name of the station: canaries are put under it. */
  readonly station: string;
  /** Ends the check; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks an S3 vault, line by line; stops behind the lines that make the rest pointless. Throws what keeps it from finding out:
 * Failures 'vault-unreachable', 'vault-refused', 'vault-full', 'config-invalid' (no credentials).
 */
export async function* checkBucket(options: S3VaultOptions, order: S3CheckOrder): AsyncIterable<Check> {
  const requests = new S3Requests(options, order.signal);
  try {
    const facts = await lookAtBucket(requests);
    const lines = facts === undefined ? [noBucket(options)] : linesOf(options, facts);
    yield* lines;
    if (facts === undefined || order.depth === 'light' || lines.some(({ state }) => state === 'fail')) return;
    yield* checkCanaries({ requests, station: order.station, aheadMs: facts.aheadMs ?? 0 });
  } finally {
    requests.close();
  }
}

function noBucket({ bucket }: S3VaultOptions): Check {
  return failed('bucket', `there is no bucket ${bucket}`, 'Make it: docket vault init; or correct its name');
}

function linesOf(options: S3VaultOptions, facts: BucketFacts): Check[] {
  if (!facts.answers) return [clockLine(facts.aheadMs)];
  return [
    passed('reachable', `the store answers, knows the credentials, and has the bucket ${options.bucket}`),
    ...transportLine(options),
    clockLine(facts.aheadMs),
    facts.versions
      ? passed('versions', 'switched on: what is laid over an object does not replace it')
      : failed('versions', 'the bucket keeps no versions: an object could be overwritten', RIGHT_BUCKET),
    facts.locks
      ? passed('object-lock', 'switched on for the bucket')
      : failed('object-lock', 'the bucket has no Object Lock: nothing in it can be locked', RIGHT_BUCKET),
    ...defaultLockLine(facts),
    ...(facts.locks ? [modeLine(options)] : []),
  ];
}

const RIGHT_BUCKET = 'Use a bucket that was made with Object Lock: docket vault init with another name';

/** Nothing to say of TLS: a certificate that is not right ends the first request. */
function transportLine({ endpoint, encryption }: S3VaultOptions): Check[] {
  if (!goesInClear(endpoint)) return [];
  const key = encryption.kind === 'customer' ? ' and the key that encrypts it in the store' : '';
  return [
    doubtful(
      'transport',
      `http: whoever listens on the network sees the footage${key}; the secret of the credentials is not sent, and digests are signed`,
      'Let the store speak https, and name its authority as ca_file where it is a private one',
    ),
  ];
}

const SET_CLOCK = 'Set the clock that is wrong, here: timedatectl, chronyc tracking';

function clockLine(aheadMs: number | undefined): Check {
  if (aheadMs === undefined)
    return doubtful('clock', 'the store does not say what time it has', 'Compare its clock by hand');
  const size = Math.abs(aheadMs);
  const apart = `the clock of the store is ${spanText(size)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  if (size > MAX_SKEW_MS)
    return failed('clock', `${apart}: locks would end at another time than the record says`, SET_CLOCK);
  return size > WARN_SKEW_MS
    ? doubtful('clock', apart, SET_CLOCK)
    : passed('clock', 'store and station have the same time (within 5 s)');
}

function spanText(spanMs: number): string {
  const seconds = Math.round(spanMs / SECOND_MS);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function defaultLockLine({ defaultLock }: BucketFacts): Check[] {
  if (defaultLock === undefined) return [];
  return [
    doubtful(
      'default-lock',
      `the bucket locks by itself whatever is put there (${defaultLock}): checkpoints and parts of tiles too, each time they are written`,
      'Take the default retention of the bucket away; docket locks each object as long as it must be kept',
    ),
  ];
}

function modeLine({ mode }: S3VaultOptions): Check {
  return mode === 'compliance'
    ? passed('mode', 'compliance: nobody can delete before the date, not even who owns the store')
    : doubtful(
        'mode',
        'governance: whoever has the right to bypass it can delete before the date',
        'For evidence use mode = "compliance"; governance is for trying things out',
      );
}
