// Runs a check in each vault that holds a copy, so that no copy hides behind another: what one vault lacks and another has is a missing copy.
// Never decides which copy is right: each is compared with what is on record.
import { type Finding, type FindingCode, finding } from '../evidence/index.ts';
import { membersOf, type Vault } from '../vault/index.ts';

/** What was found, and how many payload bytes were read for it. */
export interface Checked {
  readonly findings: readonly Finding[];
  readonly bytesRead: number;
}

const MISSING: ReadonlySet<FindingCode> = new Set([
  'payload-missing',
  'manifest-missing',
  'receipt-missing',
  'statement-missing',
]);

/** The findings of all copies, each naming its vault where there are several. */
export async function checkEachCopy<P extends { readonly vault: Vault }>(
  ports: P,
  check: (ports: P) => Promise<Checked>,
): Promise<Checked> {
  const members = membersOf(ports.vault);
  if (members.length === 1) return await check(ports);
  const each: { readonly vault: string; readonly checked: Checked }[] = [];
  for (const vault of members) each.push({ vault: vault.name, checked: await check({ ...ports, vault }) });
  const missingIn = (wanted: Finding): number =>
    each.filter(({ checked }) => checked.findings.some((found) => isSame(found, wanted))).length;
  return {
    findings: each.flatMap(({ vault, checked }) =>
      checked.findings.map((found) => {
        const elsewhere = MISSING.has(found.code) && missingIn(found) < members.length;
        return finding(elsewhere ? 'copy-missing' : found.code, found.where, `vault ${vault}: ${found.what}`);
      }),
    ),
    bytesRead: each.reduce((sum, { checked }) => sum + checked.bytesRead, 0),
  };
}

function isSame(a: Finding, b: Finding): boolean {
  return a.code === b.code && a.where === b.where;
}
