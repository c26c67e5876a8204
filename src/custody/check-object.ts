// Checks one object whose digest is on record: there, unaltered, locked. Manifests, receipts and lists of releases.
// Reports what is wrong as findings; throws only what is no failure of the vault.
import { createHash } from 'node:crypto';
import { type Finding, type FindingCode, finding, isFailure, type Sha256, type Verifier } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Vault } from '../vault/index.ts';
import { KEPT_OPEN, type LockDemand, lockFindings } from './check-lock.ts';

/** How thorough a check is: every byte, or what the store tells of each object and every byte that only we can judge. */
export type Depth = 'full' | 'quick';

/** What checks of objects stand on. */
export interface ObjectPorts {
  readonly vault: Vault;
  /** The key in force at the entry that names the objects. */
  readonly verifier: Verifier;
  readonly clock: Pick<Clock, 'now'>;
  /** Ends the reading of a payload half way. */
  readonly signal?: AbortSignal | undefined;
}

/** An object and what must be true of it. */
export interface ObjectOnRecord {
  readonly key: string;
  readonly sha256: Sha256;
  readonly maxBytes: number;
  readonly demand?: LockDemand;
  readonly missing: FindingCode;
  readonly altered: FindingCode;
  /** Looks into the bytes on record. Failure 'signature-invalid', 'invalid', 'too-large' or 'format-newer' when they are not what they should be. */
  readonly look: (bytes: Buffer) => readonly Finding[];
}

/** Findings of one object. Where the store tells the digest of what it keeps, a quick check asks for no bytes. */
export async function checkObject(
  { vault, clock }: ObjectPorts,
  object: ObjectOnRecord,
  depth: Depth,
): Promise<readonly Finding[]> {
  const { key, sha256, demand = KEPT_OPEN, missing, altered } = object;
  const other = finding(altered, key, `the ledger says sha256 ${sha256}, the vault holds other bytes`);
  return await reporting(key, altered, async () => {
    const facts = await vault.guard?.lockOf(key);
    if (vault.guard !== undefined && facts === undefined) return [finding(missing, key)];
    const locks = facts === undefined ? [] : lockFindings(facts, demand, key, clock.now());
    if (depth === 'quick' && facts?.sha256 !== undefined) return facts.sha256 === sha256 ? locks : [other, ...locks];
    const bytes = await vault.readSmall(key, object.maxBytes);
    if (bytes === undefined) return [finding(missing, key)];
    const same = createHash('sha256').update(bytes).digest('hex') === sha256;
    return [...(same ? reportingLook(object, bytes) : [other]), ...locks];
  });
}

/** What is wrong with the bytes must not hide what is wrong with the lock. */
function reportingLook({ key, altered, look }: ObjectOnRecord, bytes: Buffer): readonly Finding[] {
  try {
    return look(bytes);
  } catch (error) {
    return [failureFinding(error, key, altered)];
  }
}

/** Runs a check of an object; a Failure becomes a finding about it. Throws what is none, and what cancels. */
export async function reporting(
  where: string,
  altered: FindingCode,
  check: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [failureFinding(error, where, altered)];
  }
}

function failureFinding(error: unknown, where: string, altered: FindingCode): Finding {
  if (!isFailure(error) || error.code === 'cancelled') throw error;
  if (error.code === 'signature-invalid' || error.code === 'format-newer')
    return finding(error.code, where, error.message);
  const bad = error.code === 'invalid' || error.code === 'too-large';
  return finding(bad ? altered : 'read-failed', where, error.message);
}
