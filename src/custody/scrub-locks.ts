// Lengthens the locks of what an entry names, once half of an open end is over, and puts back what was shortened: a lock must not run out
// while nobody knows how long the evidence is needed. Never shortens one, and never locks anew what may end.
import { type Entry, epochOf, type Finding, finding, isFailure, ledgerPrefix } from '../evidence/index.ts';
import { handoverPath, TILE_WIDTH, tilePath } from '../ledger/index.ts';
import type { Copies, PutTerms } from '../vault/index.ts';
import { type EntryPorts, objectsOf } from './check-entry.ts';
import { withCopies } from './check-item.ts';

interface Kept {
  readonly key: string;
  readonly terms: PutTerms;
  readonly copies?: Copies;
}

const KEEP_OPEN: PutTerms = { locked: true, retainUntil: 'permanent' };

/** Lengthens what needs it; what cannot be lengthened is a finding. Failure 'vault-unreachable' while the vault is away. */
export async function lengthenLocks(
  ports: EntryPorts,
  {
    index,
    entry,
    published,
  }: { readonly index: number; readonly entry: Entry | undefined; readonly published: number },
): Promise<Finding[]> {
  const { guard } = ports.vault;
  if (guard === undefined) return [];
  const findings: Finding[] = [];
  const kept = [
    ...(entry === undefined ? [] : keptOf(ports, index, entry, published)),
    ...tilesEndingAt(ports, index, published),
    ...handoverAt(ports, index, published),
  ];
  for (const { key, terms, copies } of kept) {
    try {
      await guard.extendLock(key, terms, copies);
    } catch (error) {
      if (!isFailure(error) || error.code === 'cancelled' || error.code === 'vault-unreachable') throw error;
      if (error.code !== 'not-found') findings.push(finding('lock-ending', key, error.message)); // what is missing is named by its check
    }
  }
  return findings;
}

function keptOf({ station, clock, copies }: EntryPorts, index: number, entry: Entry, published: number): Kept[] {
  const keys = objectsOf(station, index, entry, published);
  if (entry.kind !== 'item.recorded') return keys.map((key) => ({ key, terms: KEEP_OPEN }));
  const { until, rule } = entry.retention;
  const [payload = '', manifest = '', ...statements] = keys;
  const own = { locked: true, retainUntil: until, legalHold: rule === 'permanent' };
  const over = until !== 'permanent' && epochOf(until) <= clock.now();
  return [
    ...(over
      ? []
      : [
          { key: payload, terms: own, copies: withCopies(entry, copies(entry.item)).copies },
          { key: manifest, terms: own },
        ]),
    ...statements.map((key) => ({ key, terms: KEEP_OPEN })),
  ];
}

/** The handover that entry `index` is, if it is one. */
function handoverAt({ station, keys }: EntryPorts, index: number, published: number): Kept[] {
  const at = keys.handovers.findIndex((each) => each.index === index);
  return at < 0 || index >= published ? [] : [{ key: ledgerPrefix(station) + handoverPath(at + 1), terms: KEEP_OPEN }];
}

/** The full bundle and tiles that entry `index` completes. */
function tilesEndingAt({ station }: EntryPorts, index: number, published: number): Kept[] {
  const kept: Kept[] = [];
  const size = index + 1;
  const keep = (path: string): void => void kept.push({ key: ledgerPrefix(station) + path, terms: KEEP_OPEN });
  if (size > published || size % TILE_WIDTH !== 0) return kept;
  keep(tilePath('entries', size / TILE_WIDTH - 1));
  for (let level = 0, count = size; count % TILE_WIDTH === 0; level += 1) {
    count /= TILE_WIDTH;
    keep(tilePath(level, count - 1));
  }
  return kept;
}
