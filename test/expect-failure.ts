// Expects a failure of the closed list by its code, thrown or rejected, and hands it back for a closer look.
// An error that is no Failure never passes: it is a defect.
import { expect } from 'vitest';
import { type Failure, type FailureCode, isFailure } from '../src/evidence/index.ts';

function demand(code: FailureCode, error: unknown): Failure {
  if (!isFailure(error)) throw new Error(`expected the failure ${code}, got ${String(error)}`, { cause: error });
  expect(error.code).toBe(code);
  expect(error.message, 'one line for people').toMatch(/^[^\n]+$/);
  return error;
}

/** The failure that `work` throws. */
export function expectFailure(code: FailureCode, work: () => unknown): Failure {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    return demand(code, error);
  }
  throw new Error(`expected the failure ${code}, got ${JSON.stringify(result)}`);
}

/** The failure that a promise rejects with. */
export async function expectRejection(code: FailureCode, work: Promise<unknown>): Promise<Failure> {
  const result = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in result) return demand(code, result.error);
  throw new Error(`expected the failure ${code}, got ${JSON.stringify(result.value)}`);
}
