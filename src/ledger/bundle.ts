// Entry bundles of C2SP tlog-tiles: up to 256 entries, each behind a big-endian 16-bit length.
// Pure; decoding never trusts a length.
import { Failure, MAX_ENTRY_BYTES } from '../evidence/index.ts';
import { leafHash } from './hashing.ts';
import { TILE_WIDTH } from './tile.ts';

const LENGTH_BYTES = 2;

/** Throws Failure 'too-large' for an entry over MAX_ENTRY_BYTES. */
export function checkEntrySize(entry: Uint8Array): void {
  if (entry.length > MAX_ENTRY_BYTES)
    throw new Failure('too-large', `a ledger entry of ${entry.length} bytes is over the limit of ${MAX_ENTRY_BYTES}`);
}

/** Bytes of a bundle. Throws Failure 'too-large'. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    checkEntrySize(entry);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(entry.length);
    parts.push(length, entry);
  }
  return Buffer.concat(parts);
}

/** What could be read of a bundle: whole entries in order, and whether they used up the bytes exactly. */
export interface DecodedBundle {
  readonly entries: readonly Buffer[];
  readonly exact: boolean;
}

/** Reads as many whole entries as there are, at most 256. */
export function decodeBundle(bytes: Buffer): DecodedBundle {
  const entries: Buffer[] = [];
  let at = 0;
  while (entries.length < TILE_WIDTH && at + LENGTH_BYTES <= bytes.length) {
    const end = at + LENGTH_BYTES + bytes.readUInt16BE(at);
    if (end > bytes.length) break;
    entries.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return { entries, exact: at === bytes.length };
}

/** The level 0 tile of a run of entries. */
export function hashEntries(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(entries.map(leafHash));
}
