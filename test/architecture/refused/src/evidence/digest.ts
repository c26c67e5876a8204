// A good file: nothing here may be refused.
import { createHash } from 'node:crypto';

/** A digest. */
export interface Digest {
  readonly hex: string;
}

/** A timeless use of Date is no reading of a clock. */
export function parseDigest(text: string): Digest {
  const at = new Date(text).getTime() + Date.parse(text) + Date.UTC(2026, 1);
  return { hex: createHash('sha256').update(String(at)).digest('hex') };
}
