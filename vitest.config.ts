// How tests run: each file in a process of its own, two at a time, on the Node that runs vitest.
// Tests that break things at every step (fault) may take minutes; the others may not.
import { defineConfig } from 'vitest/config';

const SECOND_MS = 1000;

export default defineConfig({
  test: {
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
          testTimeout: 600 * SECOND_MS,
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
    ],
  },
});
