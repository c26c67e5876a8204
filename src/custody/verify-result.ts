// The result of a verification, gathered while it runs: counts of what was looked at, and findings.
// Never drops a finding silently: past the bound it counts them and says so. The very same one is told once: payloads are met with each of
// their items, and with the list of what the vault holds.
import { type Finding, finding } from '../evidence/index.ts';

/** Most findings kept; a destroyed archive would otherwise fill memory with them. */
const MAX_FINDINGS = 100_000;

/** Findings of verification and how much was looked at. */
export interface VerifyResult {
  readonly ok: boolean;
  readonly checked: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/** Gathers a result. */
export class Gathering {
  readonly #checked = new Map<string, number>();
  readonly #findings: Finding[] = [];
  readonly #kept = new Set<string>();
  #dropped = 0;

  count(what: string, by = 1): void {
    this.#checked.set(what, (this.#checked.get(what) ?? 0) + by);
  }

  add(findings: Iterable<Finding>): void {
    for (const each of findings) {
      const same = JSON.stringify([each.code, each.where, each.what]);
      if (this.#kept.has(same)) continue;
      if (this.#findings.length < MAX_FINDINGS) {
        this.#kept.add(same);
        this.#findings.push(each);
      } else this.#dropped += 1;
    }
  }

  checkedSoFar(what: string): number {
    return this.#checked.get(what) ?? 0;
  }

  result(): VerifyResult {
    const findings =
      this.#dropped === 0
        ? this.#findings
        : [...this.#findings, finding('read-failed', 'verify', `${this.#dropped} further findings are not listed`)];
    return { ok: findings.length === 0, checked: Object.fromEntries(this.#checked), findings };
  }
}
