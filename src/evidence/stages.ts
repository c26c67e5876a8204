// The value that travels: SourceFile -> SpooledItem -> SealedItem -> StoredItem -> RecordedItem.
// Each room takes one stage and returns the next, so the compiler keeps the order of custody.
import type { AcquisitionId, ByteCount, EpochMs, ItemId, Sha256, Sm3 } from './brand.ts';
import type { Manifest } from './manifest.ts';
import type { VaultReceipt } from './shape.ts';
import type { SourceFile } from './source.ts';

/** Size and digests of bytes that were read once, in the pass that wrote them. */
export interface PayloadDigest {
  readonly sha256: Sha256;
  readonly sm3?: Sm3 | undefined;
  readonly sizeBytes: ByteCount;
}

/** Durable in the spool: bytes and directory entry are fsynced. */
export interface SpooledItem {
  readonly stage: 'spooled';
  readonly item: ItemId;
  readonly acquisition: AcquisitionId;
  readonly source: SourceFile;
  /** Absolute path of the bytes in the spool. */
  readonly spoolPath: string;
  readonly payload: PayloadDigest;
  readonly startedAtMs: EpochMs;
  readonly finishedAtMs: EpochMs;
  readonly continuedAtBytes?: number | undefined;
  readonly rereadMatched?: boolean | undefined;
}

/** The manifest is signed and fsynced beside the bytes. */
export interface SealedItem {
  readonly stage: 'sealed';
  readonly item: ItemId;
  readonly manifest: Manifest;
  /** The sealed manifest file, byte for byte. */
  readonly sealed: Buffer;
  readonly sealedSha256: Sha256;
  readonly spoolPath: string;
}

/** Every demanded vault gave a receipt whose facts were read back and compared. */
export interface StoredItem {
  readonly stage: 'stored';
  readonly item: ItemId;
  readonly manifest: Manifest;
  readonly manifestObject: { readonly key: string; readonly sha256: Sha256; readonly sizeBytes: ByteCount };
  readonly copies: readonly VaultReceipt[];
  readonly spoolPath: string;
}

/** The ledger head that holds the item's entry is committed. */
export interface RecordedItem {
  readonly stage: 'recorded';
  readonly item: ItemId;
  readonly manifest: Manifest;
  readonly index: number;
  readonly spoolPath: string;
}
