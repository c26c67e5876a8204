// Adapts a vault to the ledger's tile store: the ledger's objects live under ledgers/<station>/.
// Never anything else: what a tile is, the ledger knows; what write-once is, the vault knows.
import { createHash } from 'node:crypto';
import { isFailure, ledgerPrefix, parseSha256, type StationName } from '../evidence/index.ts';
import { CHECKPOINT_PATH, parseCheckpoint, type TileStore } from '../ledger/index.ts';
import type { Vault } from '../vault/index.ts';

/** Largest object of a ledger: a bundle of 256 entries of 65,535 bytes and their lengths. */
const MAX_TILE_BYTES = 256 * 65_537;

/** The tile store of a station in a vault. */
export function tileStoreOf(vault: Vault, station: StationName): TileStore {
  const prefix = ledgerPrefix(station);
  const put = async (path: string, bytes: Buffer, locked: boolean): Promise<void> => {
    const sha256 = parseSha256(createHash('sha256').update(bytes).digest('hex'));
    await vault.putOnce(
      prefix + path,
      { bytes, sha256, sizeBytes: bytes.length },
      { locked, retainUntil: locked ? 'permanent' : undefined },
    );
  };
  return {
    read: (path) => vault.readSmall(prefix + path, MAX_TILE_BYTES),
    putFull: (path, bytes) => put(path, bytes, true),
    putPartial: (path, bytes) => put(path, bytes, false),
    readCheckpoint: async () => (await vault.readSmall(prefix + CHECKPOINT_PATH, MAX_TILE_BYTES))?.toString('utf8'),
    ...(vault.holdsCheckpoint === undefined
      ? {}
      : {
          holdsCheckpoint: async (text) =>
            (await vault.holdsCheckpoint?.(prefix + CHECKPOINT_PATH, Buffer.from(text, 'utf8'))) ?? false,
        }),
    ...(vault.readEach === undefined
      ? {}
      : {
          readCheckpoints: async () =>
            (await vault.readEach?.(prefix + CHECKPOINT_PATH, MAX_TILE_BYTES))?.map((each) => each.toString('utf8')) ??
            [],
        }),
    replaceCheckpoint: (text, since) =>
      vault.replaceCheckpoint(
        prefix + CHECKPOINT_PATH,
        Buffer.from(text, 'utf8'),
        (there) => since === 0 || (there !== undefined && checkpointSize(there) >= since),
      ),
    list: async function* () {
      for await (const { key } of vault.list(prefix)) yield key.slice(prefix.length);
    },
  };
}

/** Entries that a checkpoint vouches for; Infinity for what is none, so that it is looked at before any other, and named. */
export function checkpointSize(bytes: Buffer): number {
  try {
    return parseCheckpoint(bytes.toString('utf8'), 'a checkpoint').size;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return Number.POSITIVE_INFINITY;
  }
}
