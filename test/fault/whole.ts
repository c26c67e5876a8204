// What must hold after any accident: the same folder is docked again, and then every file of it is on record exactly once, with its
// bytes, nothing is left over anywhere, and verification finds nothing.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { dock, entriesOf, placesIn, verify } from './stations.ts';

/** What was on the camera: digest by path. */
export type Truth = Readonly<Record<string, string>>;

/** Any order, as long as it is always the same. */
function inOrder(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** Goes on after an accident as the next command would, and checks everything. */
export async function expectWhole(
  config: string,
  folder: string,
  truth: Truth,
  caseNumber?: string,
  times: 'once' | 'at least' = 'once',
): Promise<void> {
  const { receipt, final } = await dock(config, { path: folder, case: caseNumber });
  expect(final, 'the second docking is on record').toBe(true);
  expect(receipt.files.map((file) => [file.path.text, file.sha256 ?? file.reason]).toSorted(inOrder)).toEqual(
    Object.entries(truth).toSorted(inOrder),
  );
  for (const file of receipt.files) expect(['recorded', 'already-recorded']).toContain(file.outcome);
  await expectOnce(config, truth, times);
  await expectClean(config);
}

/** Every file is on record exactly once, or at least once; never with other bytes. */
export async function expectOnce(config: string, truth: Truth, times: 'once' | 'at least' = 'once'): Promise<void> {
  const items = await entriesOf(config, 'item.recorded');
  const seen = items.map((item) => `${item.path.text} ${item.payload.sha256}`);
  const wanted = Object.entries(truth).map((each) => each.join(' '));
  expect((times === 'once' ? seen : [...new Set(seen)]).sort()).toEqual(wanted.sort());
}

/** Verification finds nothing, the spool is empty, and nothing temporary is left anywhere. */
export async function expectClean(config: string): Promise<void> {
  const { findings } = await verify(config);
  expect(findings).toEqual([]);
  expect(await leftovers(config)).toEqual([]);
}

/** What lies in the spool, and temporary files in the state folder. Small ones that a kill leaves in the vault are no objects, and stay. */
export async function leftovers(config: string): Promise<string[]> {
  const { spool } = await placesIn(config);
  const root = join(config, '..');
  return readdirSync(join(root, 'state'), { recursive: true, withFileTypes: true })
    .map((each) => join(each.parentPath, each.name))
    .filter((path) => (path.startsWith(`${spool}/`) && path !== join(spool, 'parts')) || /\/\.docket-tmp-/.test(path))
    .map((path) => relative(root, path));
}

/** An error with what was expected and what was there, on one line. */
export function describeError(error: unknown): string {
  const { expected, actual } = error as { expected?: unknown; actual?: unknown }; // members of an assertion's error
  const facts = expected === undefined && actual === undefined ? '' : ` ${JSON.stringify({ expected, actual })}`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}${facts}`;
}
