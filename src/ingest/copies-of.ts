// Whether an item is in as many vaults as it must be before its camera may be cleared of it: every vault that answers holds its payload
// and its manifest, and so many as are required do. Looks only.
import { type EntryOf, isFailure, payloadKey } from '../evidence/index.ts';
import { membersOf, type Vault } from '../vault/index.ts';
import type { IngestPorts } from './ports.ts';

type Recorded = EntryOf<'item.recorded'>;

/** How closely copies are looked at. */
export interface CopyLook {
  /**
   * Reads the payload back where a store keeps files and no digests: what was stored by an earlier docking may have been altered since, and
   * the camera's file is then the last that is right. What this docking stored was read back just now.
   */
  readonly readBack: boolean;
  readonly signal: AbortSignal;
}

/** What lacks, in words; undefined when nothing does. A vault that is away counts as one that lacks the item, unless enough others have it. */
export async function lackOfCopies(
  { vault, rules }: Pick<IngestPorts, 'vault' | 'rules'>,
  entry: Recorded,
  look: CopyLook,
): Promise<string | undefined> {
  const members = membersOf(vault);
  const answers = await Promise.all(
    members.map(async (member) => ({ member, holds: await holds(member, entry, look) })),
  );
  const lacking = answers.find(({ holds }) => holds === 'no');
  if (lacking !== undefined) return `the vault ${lacking.member.name} does not hold it, or not as it is on record`;
  const held = answers.filter(({ holds }) => holds === 'yes').length;
  return held >= rules.copies ? undefined : `${held} of ${rules.copies} vaults hold it, the others are away`;
}

async function holds(
  member: Vault,
  { payload, manifest, copies }: Recorded,
  { readBack, signal }: CopyLook,
): Promise<'yes' | 'no' | 'away'> {
  const key = payloadKey(payload.sha256);
  try {
    for (const each of [{ key, sizeBytes: payload.sizeBytes }, manifest])
      if ((await member.stat(each.key, copiesFor(copies, each.key)))?.sizeBytes !== each.sizeBytes) return 'no';
    if (!readBack || member.guard !== undefined) return 'yes'; // a store with versions and digests does not alter what it holds
    return (await member.digest(key, copiesFor(copies, key), signal))?.sha256 === payload.sha256 ? 'yes' : 'no';
  } catch (error) {
    if (isFailure(error, 'vault-unreachable')) return 'away';
    throw error;
  }
}

/** Receipts name the version of the payload only. */
function copiesFor(copies: Recorded['copies'], key: string): Recorded['copies'] {
  return copies.filter((each) => each.key === key);
}
