// C2SP signed notes (c2sp.org/signed-note) with Ed25519: the one signature form of checkpoints and statements.
// Pure: holds no key file; a private key arrives as a Signer and never leaves it.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { Failure } from './failure.ts';

/** Ed25519 signature type byte of C2SP signed-note. */
const ED25519 = 0x01;
/** SPKI prefix of a raw Ed25519 public key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** Most signature lines read on one note (a checkpoint with all its witnesses). */
const MAX_SIGNATURES = 64;
/** Longest note read, in bytes. */
export const MAX_NOTE_BYTES = 1_000_000;

/** Who can check signatures: a name and an Ed25519 public key. */
export interface Verifier {
  /** Key name as it stands on signature lines, for example `docket/station-7`. */
  readonly name: string;
  /** First four bytes of SHA-256(name LF 0x01 key), as C2SP says. */
  readonly keyId: Buffer;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Buffer;
  /** True if `signature` (64 bytes) is this key's over `bytes`. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** Who can sign; made by the seal room from the station's key file. */
export interface Signer extends Verifier {
  /** 64-byte Ed25519 signature. */
  sign(bytes: Uint8Array): Buffer;
}

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

/** A parsed note; `text` ends with a newline and is what was signed. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** C2SP key id of an Ed25519 key under a name. */
export function keyIdOf(name: string, publicKey: Uint8Array): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(publicKey).digest();
  return hash.subarray(0, 4);
}

/** A verifier from a raw 32-byte key. Throws Failure 'invalid'. */
export function makeVerifier(name: string, publicKey: Uint8Array): Verifier {
  if (publicKey.length !== 32) throw new Failure('invalid', `public key ${name} is not 32 bytes of Ed25519`);
  if (!isKeyName(name))
    throw new Failure('invalid', `key name ${JSON.stringify(name)} is empty or holds a space or plus sign`);
  const key: KeyObject = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return {
    name,
    keyId: keyIdOf(name, publicKey),
    publicKey: Buffer.from(publicKey),
    verify: (bytes, signature) => signature.length === 64 && verify(null, bytes, key, signature),
  };
}

function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= 255 && !/[\s+\p{Cc}]/u.test(name);
}

/** The key line of C2SP signed-note: `name+hash+base64(0x01 key)`. */
export function formatKeyLine(verifier: Verifier): string {
  const key = Buffer.concat([Buffer.of(ED25519), verifier.publicKey]).toString('base64');
  return `${verifier.name}+${verifier.keyId.toString('hex')}+${key}`;
}

/** The verifier of a key line. Throws Failure 'invalid'. */
export function parseKeyLine(line: string): Verifier {
  const [, name, hash, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(line.trim()) ?? [];
  if (name === undefined || hash === undefined || encoded === undefined)
    throw new Failure('invalid', `key line ${JSON.stringify(line.slice(0, 120))} is not name+hash+key`);
  const key = Buffer.from(encoded, 'base64');
  if (key.toString('base64') !== encoded) throw new Failure('invalid', `key line of ${name} is damaged`);
  if (key[0] !== ED25519) throw new Failure('invalid', `key line of ${name} is not an Ed25519 key`);
  const verifier = makeVerifier(name, key.subarray(1));
  if (verifier.keyId.toString('hex') !== hash)
    throw new Failure('invalid', `key line of ${name}: its hash does not fit its key`);
  return verifier;
}

/** The public key as PEM (SPKI), for openssl. */
export function formatPublicPem(verifier: Verifier): string {
  const base64 = Buffer.concat([SPKI_PREFIX, verifier.publicKey]).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
}

/** What C2SP signed-note never allows: ASCII control characters other than newline. */
const CONTROL = /[\0-\x09\x0b-\x1f]/;

/** Signs a text (must end with a newline, holds no other control character) and returns the whole note. Throws Failure 'invalid'. */
export function signNote(text: string, signer: Signer): string {
  if (!text.endsWith('\n') || !text.isWellFormed() || CONTROL.test(text))
    throw new Failure('invalid', 'a note must be UTF-8 text without control characters that ends with a newline');
  return `${text}\n${formatSignature(signer, signer.sign(Buffer.from(text, 'utf8')))}`;
}

/** One signature line, newline included. */
export function formatSignature(
  signer: { readonly name: string; readonly keyId: Uint8Array },
  signature: Uint8Array,
): string {
  return `\u2014 ${signer.name} ${Buffer.concat([signer.keyId, signature]).toString('base64')}\n`;
}

/** Splits a note into text and signatures; checks form only. Throws Failure 'invalid'. */
export function parseNote(note: string, what: string): Note {
  const split = note.lastIndexOf('\n\n');
  if (note.length > MAX_NOTE_BYTES || split < 0 || !note.endsWith('\n') || CONTROL.test(note))
    throw new Failure('invalid', `${what} is not a signed note`);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new Failure('invalid', `${what} has more than ${MAX_SIGNATURES} signatures`);
  return { text: note.slice(0, split + 1), signatures: lines.map((line) => parseSignature(line, what)) };
}

function parseSignature(line: string, what: string): NoteSignature {
  const [, name, encoded] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  if (name === undefined || encoded === undefined)
    throw new Failure('invalid', `${what} has a line that is not a signature`);
  const bytes = Buffer.from(encoded, 'base64');
  // Canonical base64 only: otherwise two different files would carry the same signature and a flipped padding bit pass unseen.
  if (bytes.length < 5 || bytes.toString('base64') !== encoded)
    throw new Failure('invalid', `${what} has a damaged signature`);
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** The note's text if `verifier` signed it; signatures of unknown keys are ignored. Throws Failure 'signature-invalid'. */
export function openNote(note: string, verifier: Verifier, what: string): string {
  const parsed = parseNote(note, what);
  const ours = parsed.signatures.filter((each) => each.name === verifier.name && each.keyId.equals(verifier.keyId));
  if (ours.length === 0) throw new Failure('signature-invalid', `${what} is not signed by ${verifier.name}`);
  const bytes = Buffer.from(parsed.text, 'utf8');
  if (!ours.every((each) => verifier.verify(bytes, each.signature)))
    throw new Failure('signature-invalid', `${what}: the signature of ${verifier.name} does not fit the text`);
  return parsed.text;
}
