// How tests run: each file in a process of its own, two at a time, on the Node that runs vitest.
// Tests that break things at every step (fault) may take minutes; the others may not.
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const SECOND_MS = 1000;
/** `all`, `quick` or `long` where bin/test-vm runs: these tests start machines of their own, which takes the whole of this one. */
const VM = process.env['DOCKET_VM'];
const VM_TESTS: Readonly<Record<string, readonly string[]>> = {
  all: ['test/vm/*.test.ts', 'test/vm/quick/**/*.test.ts'],
  quick: ['test/vm/quick/**/*.test.ts'],
  long: ['test/vm/long/**/*.test.ts'],
};

/** Those that take longest begin, in this order: a machine that tries a long one alone at the end would waste half of its time. */
const LONGEST = [
  'quick/power-s3.test.ts',
  'quick/power.test.ts',
  'mounting.test.ts',
  'faults.test.ts',
  'quick/removal.test.ts',
  'release.test.ts',
  'service.test.ts',
  'package.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/test/vm/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    maxWorkers: 2,
    allowOnly: false,
    passWithNoTests: false,
    dangerouslyIgnoreUnhandledErrors: false,
    exclude: ['**/node_modules/**', 'test/architecture/refused/**'],
    teardownTimeout: 10 * SECOND_MS,
    projects: [
      {
        extends: true,
        test: {
          name: 'plain',
          include: ['test/**/*.test.ts', 'src/**/*.test.ts'],
          exclude: [
            '**/node_modules/**',
            'test/architecture/refused/**',
            'test/fault/**',
            'test/s3/**',
            'test/vm/**',
            '**/*.fault.test.ts',
          ],
          testTimeout: 20 * SECOND_MS,
          hookTimeout: 60 * SECOND_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'fault',
          include: ['test/fault/**/*.test.ts', '{src,test}/**/*.fault.test.ts'],
          // Hundreds of commands, one after the other, in one test: a slow machine takes ten minutes.
          testTimeout: 1200 * SECOND_MS,
          hookTimeout: 120 * SECOND_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 's3',
          include: ['test/s3/**/*.test.ts'],
          globalSetup: ['test/s3/global-setup.ts'],
          testTimeout: 120 * SECOND_MS,
          hookTimeout: 120 * SECOND_MS,
        },
      },
      ...(VM === undefined
        ? []
        : [
            {
              extends: true as const,
              test: {
                name: 'vm',
                include: [...(VM_TESTS[VM] ?? [])],
                globalSetup: ['test/vm/global-setup.ts'],
                testTimeout: 900 * SECOND_MS,
                hookTimeout: 300 * SECOND_MS,
              },
            },
          ]),
    ],
  },
});
