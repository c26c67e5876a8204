// The count of a test run never says more than the run showed.
import { expect, it } from 'vitest';
import { tally } from '../../.ci/tally.ts';

const file = (status: string, ...tests: readonly string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((test) => ({ status: test, fullName: `a test that ${test}` })),
});
const count = (success: boolean, exitCode: number, ...testResults: readonly unknown[]) => {
  const { passed, failed } = tally({ success, testResults }, exitCode);
  return `${passed} passed, ${failed} failed`;
};

it('counts what passed and what failed', () => {
  expect(count(true, 0, file('passed', 'passed', 'passed'), file('passed', 'passed'))).toBe('3 passed, 0 failed');
  expect(count(false, 1, file('failed', 'passed', 'failed'), file('passed', 'passed'))).toBe('2 passed, 1 failed');
});

it('counts a file that does not load as a failure', () => {
  expect(count(false, 1, file('failed'), file('passed', 'passed'))).toBe('1 passed, 1 failed');
});

it('counts a skipped test as a failure', () => {
  expect(count(true, 0, file('passed', 'passed', 'skipped'))).toBe('1 passed, 1 failed');
  expect(count(true, 0, file('passed', 'todo'))).toBe('0 passed, 1 failed');
});

it('counts a run that broke outside any test as a failure', () => {
  expect(count(false, 0, file('passed', 'passed'))).toBe('1 passed, 1 failed');
  expect(count(true, 1, file('passed', 'passed'))).toBe('1 passed, 1 failed');
  expect(tally(undefined, 0)).toMatchObject({ passed: 0, failed: 1 });
});
