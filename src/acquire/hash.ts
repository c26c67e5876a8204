// The hash of the pass: SHA-256 always, SM3 beside it when the station is set so.
// Both see every byte once, in order; nothing is ever hashed from a copy of the copy.
import { createHash, type Hash } from 'node:crypto';
import { type PayloadDigest, parseByteCount, parseSha256, parseSm3, type Sha256 } from '../evidence/index.ts';

/** A running digest. */
export interface PassHash {
  update(chunk: Uint8Array): void;
  /** SHA-256 of what was seen so far; the pass may go on. */
  sha256SoFar(): Sha256;
  /** Bytes seen so far. */
  readonly sizeBytes: number;
  /** Ends the pass. */
  finish(): PayloadDigest;
}

/** Starts a pass. */
export function startHash(options: { readonly sm3: boolean }): PassHash {
  const sha256 = createHash('sha256');
  const sm3: Hash | undefined = options.sm3 ? createHash('sm3') : undefined;
  let sizeBytes = 0;
  return {
    update(chunk) {
      sha256.update(chunk);
      sm3?.update(chunk);
      sizeBytes += chunk.length;
    },
    sha256SoFar: () => parseSha256(sha256.copy().digest('hex')),
    get sizeBytes() {
      return sizeBytes;
    },
    finish: () => ({
      sha256: parseSha256(sha256.digest('hex')),
      ...(sm3 === undefined ? {} : { sm3: parseSm3(sm3.digest('hex')) }),
      sizeBytes: parseByteCount(sizeBytes),
    }),
  };
}
