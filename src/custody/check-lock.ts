// Whether the store still locks an object as it must: against what its receipt says, or against what every object on record needs.
// Never asks for a lock and never lengthens one.
import {
  type EntryOf,
  type EpochMs,
  epochOf,
  type Finding,
  finding,
  type Instant,
  type VaultReceipt,
} from '../evidence/index.ts';
import type { LockFacts } from '../vault/index.ts';

/** What the lock of an object must at least be. */
export interface LockDemand {
  readonly mode: 'governance' | 'compliance';
  /** The end on record; undefined where none was recorded. */
  readonly until: Instant | undefined;
  /** True where nobody knows yet when it may end: then it must stand now, whatever was recorded. */
  readonly open: boolean;
  readonly legalHold: boolean;
}

/** The lock of what is kept as long as anything is: receipts, statements, full tiles and bundles. */
export const KEPT_OPEN: LockDemand = { mode: 'governance', until: undefined, open: true, legalHold: false };

/** The lock of an item's payload in a vault: what its receipt says, and no less than its retention. */
export function payloadDemand(entry: EntryOf<'item.recorded'>, vault: string): LockDemand {
  const terms = manifestDemand(entry);
  const receipt = entry.copies.findLast((each) => each.vault === vault); // the newest one, where a copy was made again
  return {
    ...terms,
    mode: modeOf(receipt),
    until: receipt?.retainUntil ?? terms.until,
    legalHold: terms.legalHold || receipt?.legalHold === true,
  };
}

function modeOf(receipt: VaultReceipt | undefined): LockDemand['mode'] {
  return receipt?.lock === 'compliance' ? 'compliance' : 'governance';
}

/** The lock of an item's manifest, for which there is no receipt: what its retention asks for. */
export function manifestDemand({ retention }: EntryOf<'item.recorded'>): LockDemand {
  const open = retention.until === 'permanent';
  return {
    mode: 'governance',
    until: retention.until === 'permanent' ? undefined : retention.until,
    open,
    legalHold: retention.rule === 'permanent',
  };
}

/** What a lock lacks. */
export function lockFindings(found: LockFacts, demand: LockDemand, where: string, now: EpochMs): Finding[] {
  const findings = lockFinding(found, demand, where, now);
  if (demand.legalHold && !found.legalHold) findings.push(finding('hold-missing', where));
  return findings;
}

function lockFinding(found: LockFacts, demand: LockDemand, where: string, now: EpochMs): Finding[] {
  const over = !demand.open && demand.until !== undefined && epochOf(demand.until) <= now;
  if (over) return [];
  if (found.lock === 'none' || found.retainUntil === undefined)
    return [finding('lock-missing', where, 'the store does not lock it: whoever may write there can delete it')];
  if (found.lock === 'governance' && (demand.mode === 'compliance' || found.asked === 'compliance')) {
    const wanted =
      demand.mode === 'compliance' ? 'on record is compliance mode' : 'the station asks for compliance mode';
    return [finding('lock-missing', where, `it is locked in governance mode only; ${wanted}`)];
  }
  if (demand.until !== undefined && found.retainUntil < demand.until)
    return [finding('lock-shortened', where, `it is locked until ${found.retainUntil}; on record is ${demand.until}`)];
  return epochOf(found.retainUntil) <= now
    ? [finding('lock-missing', where, `its lock ended at ${found.retainUntil}`)]
    : [];
}
