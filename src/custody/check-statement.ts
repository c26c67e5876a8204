// Checks the case statement of a ledger entry: there, signed, saying what the ledger says, locked.
// It has no digest on record, since it is made from the entry: so it is read whole by every check.
import { type caseStatementOf, checkStatement, type Finding, finding, MAX_STATEMENT_BYTES } from '../evidence/index.ts';
import { KEPT_OPEN, lockFindings } from './check-lock.ts';
import { type ObjectPorts, reporting } from './check-object.ts';
import { checkEachCopy } from './copies.ts';

type Statement = NonNullable<ReturnType<typeof caseStatementOf>>;

/** Findings of one statement in all its copies. */
export async function checkStatementObject(ports: ObjectPorts, statement: Statement): Promise<readonly Finding[]> {
  const { findings } = await checkEachCopy(ports, async (each) => ({
    findings: await checkCopy(each, statement),
    bytesRead: 0,
  }));
  return findings;
}

async function checkCopy(
  { vault, verifier, clock }: ObjectPorts,
  { key, statement }: Statement,
): Promise<readonly Finding[]> {
  const content = await reporting(key, 'statement-altered', async () => {
    const bytes = await vault.readSmall(key, MAX_STATEMENT_BYTES);
    if (bytes === undefined) return [finding('statement-missing', key)];
    checkStatement(bytes, statement, verifier, key);
    return [];
  });
  if (vault.guard === undefined || content.some(({ code }) => code === 'statement-missing')) return content;
  const { guard } = vault;
  const lock = await reporting(key, 'read-failed', async () => {
    const facts = await guard.lockOf(key);
    return facts === undefined ? [] : lockFindings(facts, KEPT_OPEN, key, clock.now());
  });
  return [...content, ...lock];
}
