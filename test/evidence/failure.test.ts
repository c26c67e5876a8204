// Whatever is expected to go wrong says what to do next; what is not of the list is a defect and never passes for a failure.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import {
  EXIT,
  errnoOf,
  Failure,
  type FailureCode,
  FINDINGS,
  finding,
  isFailure,
  isFailureCode,
} from '../../src/evidence/index.ts';

/** The codes as they stand in the source: the list itself is not exported. */
async function listCodes(): Promise<readonly FailureCode[]> {
  const source = await readFile(new URL('../../src/evidence/failure.ts', import.meta.url), 'utf8');
  const table = source.slice(source.indexOf('const CODES'), source.indexOf('satisfies'));
  return [...table.matchAll(/^ {2}'?([a-z-]+)'?: \{/gm)].map(([, code]) => code).filter(isFailureCode);
}

it('every code has an exit of the table, a policy, and one sentence of what to do next', async () => {
  const codes = await listCodes();
  expect(codes.length).toBeGreaterThan(30);
  for (const code of codes) {
    const failure = new Failure(code, 'it went wrong');
    expect(Object.values(EXIT), `exit of ${code}`).toContain(failure.exit);
    expect([EXIT.ok, EXIT.findings, EXIT.defect], `${code} is neither success, a finding nor a defect`).not.toContain(
      failure.exit,
    );
    expect(['retry', 'report', 'stop'], `policy of ${code}`).toContain(failure.policy);
    expect(failure.next, `next of ${code}`).toMatch(/^\S[^\n]{10,200}$/);
  }
});

it('no two meanings share an exit code', () => {
  expect(new Set(Object.values(EXIT)).size).toBe(Object.keys(EXIT).length);
});

it('a failure keeps its cause and its facts', () => {
  const cause = new Error('ENOSPC');
  const failure = new Failure('spool-full', 'no room', { cause, facts: { wanted: 7 } });
  expect([failure.cause, failure.facts, failure.name]).toEqual([cause, { wanted: 7 }, 'Failure']);
  expect('cause' in new Failure('invalid', 'x')).toBe(false);
});

it('only a Failure is one, and only of its own code', () => {
  expect(isFailure(new Failure('invalid', 'x'), 'invalid')).toBe(true);
  expect(isFailure(new Failure('invalid', 'x'), 'cancelled')).toBe(false);
  expect(isFailure(Object.assign(new Error('x'), { code: 'invalid' }))).toBe(false);
  expect(isFailureCode('constructor')).toBe(false);
  expect(isFailureCode(7)).toBe(false);
});

it('an errno is found where there is one', () => {
  expect(errnoOf(Object.assign(new Error('x'), { code: 'EIO' }))).toBe('EIO');
  for (const none of [new Error('x'), { code: 7 }, null, undefined, 'EIO']) expect(errnoOf(none)).toBeUndefined();
});

it('a finding says its own sentence unless there is a better one', () => {
  expect(finding('payload-altered', 'payload/x')).toEqual({
    code: 'payload-altered',
    where: 'payload/x',
    what: FINDINGS['payload-altered'],
  });
  expect(finding('payload-altered', 'payload/x', 'byte 7').what).toBe('byte 7');
});
