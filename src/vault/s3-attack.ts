// Attacks on a canary: what somebody with these credentials would try against evidence. Each is judged by what stands afterwards, not by
// the answer: an error says little, a canary that still stands with its lock says it held.
// Never touches anything but canaries.
import {
  DeleteObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type PutObjectRetentionCommandInput,
} from '@aws-sdk/client-s3';
import { epochOf, Failure, formatInstant, type Instant } from '../evidence/index.ts';
import { type Canary, type Ground, lookAtCanary } from './s3-canary.ts';
import { saysNo } from './s3-error.ts';

/** How much is cut off a lock, in milliseconds; what is left is enough for the rest of the check. */
const CUT_MS = 20_000;
/** How much a lock is lengthened, in milliseconds. */
const MORE_MS = 30_000;

/** How an attack ended: the canary stands with its lock, it stands with less, or it is gone. */
export type Aftermath = 'held' | 'weakened' | 'gone';

/** Does something to a canary, and looks. Failures: vault-* when the store has trouble, or took so long that the lock has ended. */
async function attack(ground: Ground, canary: Canary, work: () => Promise<unknown>): Promise<Aftermath> {
  try {
    await work();
  } catch (error) {
    if (!saysNo(error)) throw ground.requests.failure(error, 'trying the lock of a canary');
  }
  const found = await lookAtCanary(ground, canary);
  const held = found !== undefined && found.lock !== 'none' && (found.retainUntil ?? '') >= (canary.until ?? '');
  if (held) return 'held';
  const { where, options } = ground.requests;
  if (options.clock.elapsedMs() > canary.endsElapsedMs)
    throw new Failure(
      'vault-unreachable',
      `${where}: it answers so slowly that the lock of a canary ended before it was tried`,
    );
  return found === undefined ? 'gone' : 'weakened';
}

function version({ requests }: Ground, canary: Canary): { Bucket: string; Key: string; VersionId?: string } {
  return { ...requests.at(canary.key), ...(canary.version === undefined ? {} : { VersionId: canary.version }) };
}

/** Deletes the version that holds the canary. */
export function deleteVersion(ground: Ground, canary: Canary, bypass: boolean): Promise<Aftermath> {
  return attack(ground, canary, () =>
    ground.requests.patiently(
      () =>
        new DeleteObjectCommand({ ...version(ground, canary), ...(bypass ? { BypassGovernanceRetention: true } : {}) }),
    ),
  );
}

/** Sets an earlier end to the lock. */
export function shortenLock(ground: Ground, canary: Canary, bypass: boolean): Promise<Aftermath> {
  return attack(ground, canary, () =>
    ground.requests.patiently(() => retention(ground, canary, shifted(canary, -CUT_MS), bypass)),
  );
}

/** Sets a later end to the lock, as docket itself must be able to; the canary with that lock, or undefined when it does not have it. */
export async function lengthenLock(ground: Ground, canary: Canary): Promise<Canary | undefined> {
  const until = shifted(canary, MORE_MS);
  await ground.requests.ask('lengthening the lock of a canary', () => retention(ground, canary, until, false));
  const found = await lookAtCanary(ground, canary);
  return found?.retainUntil === until ? { ...canary, until } : undefined;
}

function retention(ground: Ground, canary: Canary, until: Instant, bypass: boolean): PutObjectRetentionCommand {
  const input: PutObjectRetentionCommandInput = {
    ...version(ground, canary),
    Retention: {
      Mode: ground.requests.options.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
      RetainUntilDate: new Date(until),
    },
    ...(bypass ? { BypassGovernanceRetention: true } : {}),
  };
  return new PutObjectRetentionCommand(input);
}

function shifted({ until }: Canary, byMs: number): Instant {
  return formatInstant((until === undefined ? 0 : epochOf(until)) + byMs);
}

/** Lays a legal hold on a canary and takes it off again, so that nothing stays held; false when the store does not tell it. */
export async function holdAndLetGo(ground: Ground, canary: Canary): Promise<boolean> {
  const set = (Status: 'ON' | 'OFF'): Promise<unknown> =>
    ground.requests.ask(
      `turning the legal hold of a canary ${Status.toLowerCase()}`,
      () => new PutObjectLegalHoldCommand({ ...version(ground, canary), LegalHold: { Status } }),
    );
  await set('ON');
  const held = (await lookAtCanary(ground, canary))?.legalHold === true;
  await set('OFF');
  return held;
}

/** What these credentials may do to an object that nothing locks. */
export interface DeletingRights {
  /** Undefined: it could not be told, since the bucket locks whatever is put there. */
  readonly versions: boolean | undefined;
  /** Lay a delete marker over a name. */
  readonly markers: boolean | undefined;
}

/** Tries to delete a canary that is not locked: the control without which a refused delete says nothing about locks. */
export async function tryDeleting(ground: Ground, free: Canary): Promise<DeletingRights> {
  if ((await lookAtCanary(ground, free))?.lock !== 'none') return { versions: undefined, markers: undefined };
  const may = async (members: { Bucket: string; Key: string; VersionId?: string }): Promise<boolean> => {
    try {
      await ground.requests.patiently(() => new DeleteObjectCommand(members));
      return true;
    } catch (error) {
      if (saysNo(error)) return false;
      throw ground.requests.failure(error, 'trying to delete a canary');
    }
  };
  const markers = await may(ground.requests.at(free.key));
  await may(version(ground, free));
  return { markers, versions: (await lookAtCanary(ground, free)) === undefined };
}
