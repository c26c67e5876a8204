// Locks: what to ask of the store for an object, and whether what it says it keeps is enough.
// A lock is only ever lengthened.
import type { HeadObjectCommandOutput, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { epochOf, formatInstant, type Instant, parseSha256, type VaultReceipt } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { LockFacts, PutTerms } from './port.ts';

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;

/** The lock that terms ask for; undefined for what is not locked. */
export interface WantedLock {
  readonly mode: 'governance' | 'compliance';
  readonly until: Instant;
  /** The least that is good enough when it stands already: an open end is not set anew at every touch. */
  readonly atLeast: Instant;
  readonly legalHold: boolean;
}

/** How a vault locks. */
export interface LockRules {
  readonly mode: 'governance' | 'compliance';
  readonly openEndedDays: number;
  readonly clock: Clock;
}

/** The lock for terms. An end in the past (a clock that went back, an old card) is not asked for: the store would refuse the object. */
export function wantedLock(terms: PutTerms, { mode, openEndedDays, clock }: LockRules): WantedLock | undefined {
  if (!terms.locked) return undefined;
  const now = clock.now();
  const legalHold = terms.legalHold === true;
  const open = terms.retainUntil === undefined || terms.retainUntil === 'permanent';
  if (open || epochOf(terms.retainUntil) <= now) {
    const days = open ? openEndedDays : 1;
    return {
      mode,
      until: wholeSecond(now + days * DAY_MS),
      atLeast: wholeSecond(now + (days * DAY_MS) / 2),
      legalHold,
    };
  }
  const until = wholeSecond(epochOf(terms.retainUntil));
  return { mode, until, atLeast: until, legalHold };
}

/** Stores keep whole seconds; rounding up never shortens. */
function wholeSecond(epochMs: number): Instant {
  return formatInstant(Math.ceil(epochMs / SECOND_MS) * SECOND_MS);
}

/** The mode as S3 writes it. */
export function lockWord(mode: WantedLock['mode']): 'COMPLIANCE' | 'GOVERNANCE' {
  return mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
}

/** Lock members of a PUT, or of the start of an upload in parts. */
export function lockMembers(
  wanted: WantedLock | undefined,
): Pick<PutObjectCommandInput, 'ObjectLockMode' | 'ObjectLockRetainUntilDate' | 'ObjectLockLegalHoldStatus'> {
  if (wanted === undefined) return {};
  return {
    ObjectLockMode: lockWord(wanted.mode),
    ObjectLockRetainUntilDate: new Date(wanted.until),
    ...(wanted.legalHold ? { ObjectLockLegalHoldStatus: 'ON' as const } : {}),
  };
}

/** The lock as the store tells it. */
export function lockFacts(head: HeadObjectCommandOutput): LockFacts {
  const until = head.ObjectLockRetainUntilDate;
  return {
    version: head.VersionId === 'null' ? undefined : head.VersionId,
    sizeBytes: head.ContentLength ?? 0,
    sha256: wholeSha256(head.ChecksumSHA256),
    composite: head.ChecksumSHA256?.includes('-') === true ? head.ChecksumSHA256 : undefined,
    lock: lockMode(head.ObjectLockMode),
    retainUntil: until === undefined ? undefined : formatInstant(until.getTime()),
    legalHold: head.ObjectLockLegalHoldStatus === 'ON',
  };
}

/** Of an object that came in parts the store keeps a digest of digests, which says nothing of the whole. */
function wholeSha256(sum: string | undefined): LockFacts['sha256'] {
  if (sum === undefined || sum.includes('-')) return undefined;
  return parseSha256(Buffer.from(sum, 'base64').toString('hex'));
}

function lockMode(mode: string | undefined): VaultReceipt['lock'] {
  if (mode === 'COMPLIANCE') return 'compliance';
  return mode === 'GOVERNANCE' ? 'governance' : 'none';
}

/** True where governance stands and compliance is wanted: changing that takes a right that no station may have, so only another version helps. */
export function isWeaker(lock: VaultReceipt['lock'], wanted: WantedLock | undefined): boolean {
  return wanted?.mode === 'compliance' && lock === 'governance';
}

/** What a lock lacks of what is wanted but its mode (see isWeaker), in words; undefined when it is enough. */
export function lackOf(found: LockFacts, wanted: WantedLock | undefined): string | undefined {
  if (wanted === undefined) return undefined;
  if (found.lock === 'none') return 'is not locked';
  if (found.retainUntil === undefined || found.retainUntil < wanted.atLeast)
    return `is locked until ${found.retainUntil ?? 'never'} instead of ${wanted.until}`;
  if (wanted.legalHold && !found.legalHold) return 'has no legal hold';
  return undefined;
}
