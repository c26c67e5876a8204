// A good door.
export { type Digest, parseDigest } from './digest.ts';
