// A docking station for tests: a spool in a temporary folder, a clock that stands still, and dockings with ids of their own.
// Closes nothing but its folder.
import {
  type Listing,
  listCard,
  openSpool,
  type PullPorts,
  pullFile,
  type Spool,
  type SpoolFolder,
} from '../../src/acquire/index.ts';
import type { Card } from '../../src/camera/index.ts';
import { makeAcquisitionId, parseEpochMs, type SpooledItem } from '../../src/evidence/index.ts';
import type { Clock } from '../../src/platform/index.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

export const NOW = parseEpochMs(Date.UTC(2026, 10, 21, 6, 48, 54));
/** Time stands still; nobody waits. */
export const stillClock: Clock = { now: () => NOW, elapsedMs: () => 0, wait: () => Promise.resolve() };
const GIB = 1_073_741_824;
const DEFAULT_LIMITS = { maxBytes: GIB, reserveBytes: 0 };
const never = new AbortController().signal;

/** A docked card: its listing and its folder in the spool. */
export interface Docked {
  readonly listing: Listing;
  readonly folder: SpoolFolder;
  /** Pulls the file of that path. */
  readonly pull: (path: string, options?: PullOptions) => Promise<SpooledItem>;
  /** Number of the file of that path. */
  readonly numberOf: (path: string) => number;
}

/** How one file is pulled; every member has a default. */
export interface PullOptions {
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
  readonly sm3?: boolean;
  readonly maxFileBytes?: number;
}

/** A station's spool, with what is needed to dock cards at it. */
export interface Station extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly spool: Spool;
  dock(card: Card): Promise<Docked>;
}

/** Opens a station. */
export async function openStation(limits = DEFAULT_LIMITS): Promise<Station> {
  const folder = await makeTempFolder();
  const spool = await openSpool(folder.at('spool'), limits);
  let dockings = 0;
  return {
    folder,
    spool,
    dock: (card) => {
      dockings += 1;
      return dock(spool, card, dockings);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function dock(spool: Spool, card: Card, k: number): Promise<Docked> {
  const acquisition = makeAcquisitionId(NOW, k.toString(16).padStart(8, '0'));
  const actor = { kind: 'station', name: 'station-7' } as const;
  const docking = { acquisition, camera: card.identity, cameraOffsetMs: 'unknown', actor } as const;
  const listing = await listCard(docking, card.list(), { startedAtMs: NOW, boot: 'boot-1' });
  const folder = await spool.begin(listing);
  const numberOf = (path: string): number => listing.files.findIndex((file) => file.path.text === path) + 1;
  const pull: Docked['pull'] = (
    path,
    { signal = never, onBytes = () => undefined, sm3 = false, maxFileBytes = GIB } = {},
  ) => {
    const ports: PullPorts = { spool, clock: stillClock, sm3, maxFileBytes };
    return pullFile(ports, card, listing, folder, numberOf(path), onBytes, signal);
  };
  return { listing, folder, pull, numberOf };
}
