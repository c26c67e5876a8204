// Whether an item is in as many vaults as it must be before its camera may be cleared of it: every vault that answers holds its payload
// and its manifest, and so many as are required do. Looks only.
import { type EntryOf, isFailure, payloadKey } from '../evidence/index.ts';
import { membersOf, type Vault } from '../vault/index.ts';
import type { IngestPorts } from './ports.ts';

type Recorded = EntryOf<'item.recorded'>;

/** What lacks, in words; undefined when nothing does. A vault that is away counts as one that lacks the item, unless enough others have it. */
export async function lackOfCopies(
  { vault, rules }: Pick<IngestPorts, 'vault' | 'rules'>,
  entry: Recorded,
): Promise<string | undefined> {
  const members = membersOf(vault);
  const answers = await Promise.all(members.map(async (member) => ({ member, holds: await holds(member, entry) })));
  const lacking = answers.find(({ holds }) => holds === 'no');
  if (lacking !== undefined) return `the vault ${lacking.member.name} does not hold it`;
  const held = answers.filter(({ holds }) => holds === 'yes').length;
  return held >= rules.copies ? undefined : `${held} of ${rules.copies} vaults hold it, the others are away`;
}

async function holds(member: Vault, { payload, manifest, copies }: Recorded): Promise<'yes' | 'no' | 'away'> {
  try {
    for (const { key, sizeBytes } of [{ key: payloadKey(payload.sha256), sizeBytes: payload.sizeBytes }, manifest])
      if ((await member.stat(key, copiesFor(copies, key)))?.sizeBytes !== sizeBytes) return 'no';
    return 'yes';
  } catch (error) {
    if (isFailure(error, 'vault-unreachable')) return 'away';
    throw error;
  }
}

/** Receipts name the version of the payload only. */
function copiesFor(copies: Recorded['copies'], key: string): Recorded['copies'] {
  return copies.filter((each) => each.key === key);
}
