// The commit point: entries go into the ledger head in one transaction, and from there into the catalog.
// Both calls are synchronous, so no two appends can interleave and the catalog never sees a gap.

import type { Catalog } from '../catalog/index.ts';
import { type Entry, encodeEntry, Failure } from '../evidence/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { errorFacts, type Log } from '../platform/index.ts';
import type { Recorder } from './ports.ts';

/** A recorder over a ledger and its projection. */
export function makeRecorder(ports: {
  readonly ledger: Ledger;
  readonly catalog: Catalog;
  readonly log: Log;
  /** False until this head was proven against the vault in this run: a head from an old backup must not grow a second history. */
  readonly isConfirmed: () => boolean;
}): Recorder {
  return {
    record(entries) {
      demandConfirmed(ports);
      const { firstIndex } = ports.ledger.append(entries.map(encodeEntry));
      // If we crash here the entries are on record and the next start applies them.
      project(ports, firstIndex, entries);
      return { firstIndex };
    },
    handOver(entry, next) {
      demandConfirmed(ports);
      const { firstIndex } = ports.ledger.handOver(encodeEntry(entry), next);
      // If we crash here the new key is in force, and the next start publishes it and puts it in place.
      project(ports, firstIndex, [entry]);
      return { firstIndex };
    },
  };
}

function demandConfirmed({ isConfirmed }: { readonly isConfirmed: () => boolean }): void {
  if (!isConfirmed())
    throw new Failure(
      'vault-unreachable',
      'nothing is put on record before the ledger was compared with the vault, and the vault has been away since the start',
    );
}

function project(
  ports: { readonly catalog: Catalog; readonly log: Log },
  firstIndex: number,
  entries: readonly Entry[],
): void {
  if (ports.catalog.appliedSize < firstIndex) return; // it fell behind earlier; catchUp brings it back in order
  try {
    ports.catalog.apply(entries.map((entry, k) => ({ index: firstIndex + k, entry })));
  } catch (error) {
    // The truth is committed; a projection that cannot follow is told, and is made again from the ledger.
    ports.log.error('the catalog did not take an entry that is on record', errorFacts(error));
  }
}
