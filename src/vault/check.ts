// What a check of a vault says: one line for each thing that was proven, is doubtful or is wrong.
// Never an opinion without a trial: a line says what was tried, or what the store says of itself.
import { Failure } from '../evidence/index.ts';

/** One line of a check. `fail`: no evidence may be given to this vault. `warn`: it holds, and somebody should know. */
export interface Check {
  /** Short name, stable: scripts may look for it. */
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** What to do; with every line that is not ok. */
  readonly next?: string;
}

/** How hard a vault is looked at: what it says of itself, or also what it does with canary objects. */
export type CheckDepth = 'light' | 'full';

/** A line for what was proven. */
export function passed(check: string, what: string): Check {
  return { check, state: 'ok', what };
}

/** A line for what holds, with a reservation. */
export function doubtful(check: string, what: string, next: string): Check {
  return { check, state: 'warn', what, next };
}

/** A line for what makes the vault unfit. */
export function failed(check: string, what: string, next: string): Check {
  return { check, state: 'fail', what, next };
}

/** The Failure 'vault-unfit' of a line; `where` is the vault in words. */
export function unfitBecause(where: string, { what, next }: Check): Failure {
  return new Failure('vault-unfit', `${where}: ${what}${next === undefined ? '' : `. ${next}`}`);
}
