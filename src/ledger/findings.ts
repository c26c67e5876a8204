// Collects what a verification finds, by the ledger's own prefix, up to a limit.
// Never repairs, never decides what follows.
import {
  type Finding,
  type FindingCode,
  finding,
  ledgerPrefix,
  parseStationName,
  type Verifier,
} from '../evidence/index.ts';

/** Findings kept: a vault that lost everything would otherwise fill the memory with them. */
export const MAX_FINDINGS = 10_000;
/** Runs of indices spelled out in one sentence. */
const MAX_RUNS = 20;
const ORIGIN_PREFIX = 'docket/';

/** Vault prefix of the ledger that a verifier signs. Throws Failure 'invalid' when its name is not `docket/<station>`. */
export function prefixOf(verifier: Verifier): string {
  const name = verifier.name.startsWith(ORIGIN_PREFIX) ? verifier.name.slice(ORIGIN_PREFIX.length) : '';
  return ledgerPrefix(parseStationName(name));
}

/** A growing list of findings. */
export class Findings {
  readonly list: Finding[] = [];
  readonly #prefix: string;
  #dropped = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Adds a finding about an object of the ledger, by its path under the ledger's prefix. */
  add(code: FindingCode, path: string, what?: string): void {
    this.addAt(code, `${this.#prefix}${path}`, what);
  }

  /** Adds a finding about something elsewhere, a head file for example. */
  addAt(code: FindingCode, where: string, what?: string): void {
    if (this.list.length < MAX_FINDINGS) this.list.push(finding(code, where, what));
    else this.#dropped += 1;
  }

  /** All findings; the last says how many more there were. */
  finish(): Finding[] {
    if (this.#dropped === 0) return this.list;
    return [...this.list, finding('read-failed', this.#prefix, `${this.#dropped} more findings are not listed`)];
  }
}

/** Indices as text: `5`, `5, 7-9`. */
export function formatIndices(indices: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const index of indices) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  const text = runs.slice(0, MAX_RUNS).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  return `${text.join(', ')}${runs.length > MAX_RUNS ? ' and others' : ''}`;
}
