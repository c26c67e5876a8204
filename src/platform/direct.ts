// Direct I/O: bytes go between memory and the disk without a stay in the page cache. Footage is written once and read back once: a page
// for every 4 KiB of it costs more than the writing, and what is read back should come from the disk, not from memory.
// Never required: where a file system does not offer it, the same file is read and written in the ordinary way.
import { constants } from 'node:fs';

/** Positions, lengths and memory of direct I/O are multiples of this, in bytes: no disk or file system in use asks for more. */
const DIRECT_BYTES = 4096;

/** Flag of open(2). */
export const { O_DIRECT } = constants;

/**
 * Memory that direct I/O can use. A resizable ArrayBuffer is mapped in pages of its own, so it starts on a page; were that to change, the
 * kernel refuses the buffer (EINVAL) and its user goes the ordinary way.
 */
export function allocateDirect(sizeBytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(sizeBytes, { maxByteLength: sizeBytes }), 0, sizeBytes);
}

/** True for numbers that direct I/O can use as position or length. */
export function fitsDirect(...bytes: readonly number[]): boolean {
  return bytes.every((each) => each % DIRECT_BYTES === 0);
}
