// Counts a test run from the JSON report of vitest: the last line is `N passed, N failed`, and the exit code says the same.
// A file that does not load, a run that breaks and a test that is skipped are not passes.
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const reportSchema = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

/** What a run came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** A sentence for everything that did not pass and is no failed test. */
  readonly remarks: readonly string[];
}

/** Counts a report; `report` is undefined when vitest left none, `exitCode` is that of vitest. */
export function tally(report: unknown, exitCode: number): Tally {
  if (report === undefined) return { passed: 0, failed: 1, remarks: ['the test run left no report'] };
  const { success, testResults } = reportSchema.parse(report);
  const tests = testResults.flatMap((file) => file.assertionResults);
  const remarks: string[] = [];
  for (const { name, status, assertionResults } of testResults)
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed'))
      remarks.push(`failed: ${name}`);
  for (const { status, fullName } of tests)
    if (status !== 'passed' && status !== 'failed') remarks.push(`${status}: ${fullName}`);
  const failed = tests.filter((test) => test.status === 'failed').length + remarks.length;
  const passed = tests.filter((test) => test.status === 'passed').length;
  if (failed === 0 && (!success || exitCode !== 0))
    return { passed, failed: 1, remarks: ['the test run itself failed'] };
  return { passed, failed, remarks };
}

if (import.meta.main) {
  const [path = '', exitCode = '1'] = process.argv.slice(2);
  const report: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  const { passed, failed, remarks } = tally(report, Number(exitCode));
  for (const remark of remarks) console.log(remark);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
