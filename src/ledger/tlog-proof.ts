// C2SP tlog-proof@v1: the receipt that an entry stands in a ledger, checked offline with the entry, the file and the public key.
// Pure; never trusts the `extra` line: what stands there is believed only once the proof leads to it.
import { Failure, type Verifier } from '../evidence/index.ts';
import { type Checkpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { HASH_BYTES, leafHash } from './hashing.ts';
import { verifyInclusion } from './proof.ts';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^53 leaves has proofs of at most 53 hashes. */
const MAX_PROOF_HASHES = 53;

/** An inclusion proof with the checkpoint it leads to. */
export interface TlogProof {
  /** Bytes of the `extra` line, vouched for by nothing; absent where there is none. */
  readonly extra?: Buffer | undefined;
  readonly index: number;
  /** From the leaf's sibling up to the root's child, 32 bytes each. */
  readonly hashes: readonly Buffer[];
  /** Signed note. */
  readonly checkpoint: string;
}

/** Text of a `.tlog-proof` file. */
export function formatTlogProof(proof: TlogProof): string {
  const extra = proof.extra === undefined ? [] : [`extra ${proof.extra.toString('base64')}`];
  const lines = [FIRST_LINE, ...extra, `index ${proof.index}`, ...proof.hashes.map((each) => each.toString('base64'))];
  return `${lines.join('\n')}\n\n${proof.checkpoint}`;
}

/** Reads a `.tlog-proof`; checks form only. Throws Failure 'invalid'. */
export function parseTlogProof(text: string, what: string): TlogProof {
  const split = text.indexOf('\n\n');
  const lines = split < 0 ? [] : text.slice(0, split).split('\n');
  if (lines.shift() !== FIRST_LINE) throw new Failure('invalid', `${what} does not begin with ${FIRST_LINE}`);
  const extra = /^extra (.*)$/.exec(lines[0] ?? '')?.[1];
  if (extra !== undefined) lines.shift();
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || lines.length > MAX_PROOF_HASHES)
    throw new Failure('invalid', `${what} has no valid index or too many hashes`);
  const checkpoint = text.slice(split + 2);
  parseCheckpoint(checkpoint, `the checkpoint of ${what}`);
  const hashes = lines.map((line) => parseHash(line, what));
  return {
    extra: extra === undefined ? undefined : Buffer.from(extra, 'base64'),
    index: Number(index),
    hashes,
    checkpoint,
  };
}

function parseHash(line: string, what: string): Buffer {
  const hash = Buffer.from(line, 'base64');
  if (hash.length !== HASH_BYTES || hash.toString('base64') !== line)
    throw new Failure('invalid', `${what} has a line that is not a hash`);
  return hash;
}

/** What a proof that holds says. */
export interface ProvenEntry {
  readonly index: number;
  readonly checkpoint: Checkpoint;
}

/**
 * Checks that `entry` stands in the verifier's ledger. Throws Failure 'invalid' (not a proof), 'signature-invalid', 'ledger-foreign',
 * 'key-foreign' (the checkpoint) or 'digest-mismatch' (the entry is not the one proven).
 */
export function verifyTlogProof(text: string, entry: Uint8Array, verifier: Verifier, what: string): ProvenEntry {
  const proof = parseTlogProof(text, what);
  const checkpoint = openCheckpoint(proof.checkpoint, verifier, `the checkpoint of ${what}`);
  if (!verifyInclusion(leafHash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root))
    throw new Failure('digest-mismatch', `${what} does not prove this entry`);
  return { index: proof.index, checkpoint };
}
