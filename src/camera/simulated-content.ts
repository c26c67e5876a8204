// Bytes of simulated files: given, or made from a seed at any position, so that a file of many gigabytes needs no memory.
// The same seed gives the same bytes for ever; tests compare digests with that.
/** Given bytes; or `sizeBytes` of bytes made from `seed`; `seed` 'zeros' is a sparse file. */
export type SimulatedContent = Buffer | { readonly sizeBytes: number; readonly seed: number | 'zeros' };

const WORD_BYTES = 4;

/** Size in bytes. */
export function contentSize(content: SimulatedContent): number {
  return Buffer.isBuffer(content) ? content.length : content.sizeBytes;
}

/** Fills `buffer` from `offset` with at most `length` bytes at `position`; returns how many there were. */
export function readContent(
  content: SimulatedContent,
  buffer: Buffer,
  offset: number,
  length: number,
  position: number,
): number {
  const count = Math.max(0, Math.min(length, contentSize(content) - position, buffer.length - offset));
  if (Buffer.isBuffer(content)) content.copy(buffer, offset, position, position + count);
  else if (content.seed === 'zeros') buffer.fill(0, offset, offset + count);
  else fillMade(content.seed, buffer.subarray(offset, offset + count), position);
  return count;
}

/** Bytes made from a seed: each word is a mix of its index, so that no two places look alike and order matters. */
export function fillMade(seed: number, into: Buffer, position: number): void {
  for (let k = 0; k < into.length; k += 1) {
    const at = position + k;
    const word = mix(seed, Math.floor(at / WORD_BYTES));
    if (at % WORD_BYTES === 0 && k + WORD_BYTES <= into.length) {
      into.writeUInt32LE(word, k);
      k += WORD_BYTES - 1;
    } else into[k] = (word >>> (8 * (at % WORD_BYTES))) & 0xff;
  }
}

function mix(seed: number, index: number): number {
  let x = (index ^ Math.imul(seed + 1, 0x9e3779b1) ^ Math.floor(index / 0x1_0000_0000)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
