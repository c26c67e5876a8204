// What was laid over write-once names in a store that keeps versions: delete markers that hide evidence, newer versions that stand in
// for it. Collecting them also teaches the vault where the originals lie, so that all that is read afterwards is the evidence itself.
import { type Finding, finding } from '../evidence/index.ts';
import { isCheckpointKey, type Overlay, type Vault } from '../vault/index.ts';

/** Overlays kept in memory; whoever lays more than these over a vault has made the point, and the rest are counted. */
const MAX_OVERLAYS = 100_000;

/** Overlays of a vault. */
export interface Overlays {
  readonly kept: readonly Overlay[];
  /** How many more there are. */
  readonly more: number;
}

/** Everything laid over names under a prefix (or over one key). Nothing where the vault keeps no versions. */
export async function collectOverlays(vault: Vault, prefix: string): Promise<Overlays> {
  const kept: Overlay[] = [];
  let more = 0;
  for await (const each of vault.guard?.overlays(prefix) ?? []) {
    if (kept.length < MAX_OVERLAYS) kept.push(each);
    else more += 1;
  }
  return { kept, more };
}

/** Findings of the overlays that lie over something on record. A version that is itself on record lies over nothing: it is a copy with a stronger lock. */
export function overlayFindings({ kept, more }: Overlays, isOver: (overlay: Overlay) => boolean): Finding[] {
  const findings = kept.filter(isOver).map(overlayFinding);
  return more === 0
    ? findings
    : [...findings, finding('read-failed', 'verify', `${more} further delete markers and versions are not listed`)];
}

function overlayFinding({ key, kind, version, at }: Overlay): Finding {
  const what = kind === 'delete-marker' ? 'a delete marker' : 'another object';
  const sentence = `${what} of ${at} (version ${version}) lies over it; the original still stands below, unless it is named as missing`;
  if (kind === 'delete-marker' && isCheckpointKey(key)) return finding('checkpoint-missing', key, sentence);
  return finding(kind === 'delete-marker' ? 'object-hidden' : 'object-overlaid', key, sentence);
}
