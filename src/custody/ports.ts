// What the read side needs. Nothing here can write to a vault, a ledger or a catalog; the rolling check has ports of its own.
import type { Catalog } from '../catalog/index.ts';
import type { StationName } from '../evidence/index.ts';
import type { LedgerReader, TileStore } from '../ledger/index.ts';
import type { Clock } from '../platform/index.ts';
import type { Vault } from '../vault/index.ts';

/** How far a long check is. */
export interface CheckProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'entries';
}

/** Receives progress; must not throw. */
export type OnCheck = (progress: CheckProgress) => void;

/** The station as the read side sees it. */
export interface CustodyPorts {
  readonly station: StationName;
  readonly vault: Vault;
  readonly tiles: TileStore;
  /** Opened with the first key, from the configuration: the trust anchor, never from the ledger itself. */
  readonly ledger: LedgerReader;
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Acquisitions that are still in the spool: what they have stored already is no stray. */
  inHand(): Promise<{ readonly acquisitions: ReadonlySet<string>; readonly digests: ReadonlySet<string> }>;
}
