// The door of the room ledger.
export { decodeBundle, encodeBundle } from './bundle.ts';
export { type Checkpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts';
export { copyCheckpoint, copyTree } from './copy-tree.ts';
export { handoverPath, parseHandoverPath } from './handover.ts';
export { EMPTY_ROOT, leafHash, nodeHash } from './hashing.ts';
export { type CopyHeadOptions, copyHead } from './head-copy.ts';
export { createLedger } from './head-file.ts';
export { readHeadKeys, refuseNewerHead } from './head-open.ts';
export type { HeadState } from './head-view.ts';
export { KeyHistory, readHandovers } from './key-history.ts';
export {
  type Appended,
  type Ledger,
  MAX_APPEND_ENTRIES,
  openLedger,
  openLedgerUnder,
  type Published,
} from './ledger.ts';
export { acquireStationLock, type LockHolder, type LockWait, readLockHolder, type StationLock } from './lock.ts';
export { MemoryTileStore } from './memory-store.ts';
export { verifyConsistency, verifyInclusion } from './proof.ts';
export { type LedgerReader, openLedgerReader } from './reader.ts';
export { type RestoredHead, type RestoreHeadOptions, restoreHead } from './restore.ts';
export type { TileStore } from './store.ts';
export { compareWithStore, type StoreStanding } from './store-check.ts';
export { CHECKPOINT_PATH, parseTilePath, TILE_WIDTH, type TileName, tilePath } from './tile.ts';
export { formatTlogProof, type ProvenEntry, parseTlogProof, type TlogProof, verifyTlogProof } from './tlog-proof.ts';
export { type LedgerVerification, type VerifyLedgerOptions, verifyLedger } from './verify.ts';
export { type LedgerEntry, LedgerView } from './view.ts';
