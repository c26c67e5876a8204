// The handover of a ledger from one key to the next: the entry that says so, proven under a checkpoint that both keys signed.
// It is kept for good, in the head and in the store, so that whoever has the first key finds every later one without reading the ledger.
// Never believes an entry that the key before has not signed into its tree, nor a new key that did not sign itself.
import {
  decodeEntry,
  type Entry,
  type EntryOf,
  Failure,
  type ForeignEntry,
  formatKeyLine,
  formatSignature,
  isFailure,
  isForeign,
  keyLabel,
  parseKeyLine,
  type Signer,
  type Verifier,
} from '../evidence/index.ts';
import { type Checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { leafHash } from './hashing.ts';
import { verifyInclusion } from './proof.ts';
import type { CompactRange } from './range.ts';
import { formatTlogProof, parseTlogProof, type TlogProof } from './tlog-proof.ts';

/** A handover that holds. */
export interface Handover {
  /** Ledger index of its entry, the last thing that the old key signs alone. */
  readonly index: number;
  readonly entry: EntryOf<'key.replaced'>;
  /** The new key, in force from the next entry on. */
  readonly key: Verifier;
  /** Of `index + 1` entries, signed by both keys. */
  readonly checkpoint: Checkpoint;
  /** The file as it is kept: a C2SP tlog-proof that carries the entry as its `extra`. */
  readonly text: string;
}

/** Path in a store of handover `number`, from 1. */
export function handoverPath(number: number): string {
  return `keys/${number}.tlog-proof`;
}

/** The number in such a path; undefined for any other. */
export function parseHandoverPath(path: string): number | undefined {
  const number = /^keys\/([1-9]\d{0,3})\.tlog-proof$/.exec(path)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** True for bytes that may be an entry of this kind; cheap, since every entry of a ledger is asked. */
export function mayHandOver(bytes: Buffer): boolean {
  return bytes.includes('"kind":"key.replaced"'); // canonical JSON; within a text the quotes would be escaped
}

/** The text of the handover that `entry`, appended to the tree of `range`, makes. */
export function formatHandover(range: CompactRange, entry: Uint8Array, old: Signer, next: Signer): string {
  const grown = range.clone();
  grown.push(leafHash(entry));
  const body = signCheckpoint(old, grown.size, grown.root()).text;
  const signed = body.slice(0, body.indexOf('\n\n') + 1);
  const checkpoint = body + formatSignature(next, next.sign(Buffer.from(signed, 'utf8')));
  return formatTlogProof({ extra: Buffer.from(entry), index: range.size, hashes: range.pathOfNext(), checkpoint });
}

/**
 * The handover in a text, if the key `old` made it. Throws Failure 'ledger-foreign' (of another station), 'key-foreign' (from another key
 * than `old`) or 'signature-invalid' (damaged, or not signed by both).
 */
export function openHandover(text: string, old: Verifier, what: string): Handover {
  try {
    const proof = parseTlogProof(text, what);
    const bytes = proof.extra ?? Buffer.alloc(0);
    if (formatTlogProof(proof) !== text) throw new Failure('invalid', `${what} is not in its one form`);
    const entry = entryIn(decodeEntry(bytes, what), what);
    const key = newKeyOf(entry, old, what);
    const checkpoint = openCheckpoint(proof.checkpoint, old, `the checkpoint of ${what}`);
    openCheckpoint(proof.checkpoint, key, `the checkpoint of ${what}`);
    demandLast(proof, bytes, checkpoint, what);
    return { index: proof.index, entry, key, checkpoint, text };
  } catch (error) {
    if (!isFailure(error) || error.code === 'ledger-foreign') throw error;
    if (error.code === 'key-foreign' && error.facts['from'] !== undefined) throw error;
    throw new Failure('signature-invalid', `${what} does not hold: ${error.message}`, { cause: error });
  }
}

function entryIn(entry: Entry | ForeignEntry, what: string): EntryOf<'key.replaced'> {
  if (isForeign(entry) || entry.kind !== 'key.replaced')
    throw new Failure('invalid', `${what} carries an entry of kind ${entry.kind}`);
  return entry;
}

function newKeyOf(entry: EntryOf<'key.replaced'>, old: Verifier, what: string): Verifier {
  const from = parseKeyLine(entry.old);
  const key = parseKeyLine(entry.new);
  if (from.name !== old.name) throw new Failure('ledger-foreign', `${what} is of ${from.name}, not of ${old.name}`);
  if (entry.old !== formatKeyLine(old))
    throw new Failure('key-foreign', `${what} replaces ${keyLabel(from)}, not ${keyLabel(old)}`, {
      facts: { from: keyLabel(from) },
    });
  if (key.name !== old.name || key.publicKey.equals(old.publicKey))
    throw new Failure('invalid', `${what} names no new key of ${old.name}`);
  return key;
}

function demandLast(proof: TlogProof, entry: Buffer, { size, root }: Checkpoint, what: string): void {
  const { index, hashes } = proof;
  if (size !== index + 1 || !verifyInclusion(leafHash(entry), index, size, hashes, root))
    throw new Failure('invalid', `${what} does not prove its entry`);
}
