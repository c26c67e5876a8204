// Names as cameras write them, bytes, and the text that people read. The bytes are the truth; the text never loses to them silently.
// Inside the room a name is a latin1 string: one character per byte, so it compares, splits and joins as bytes do.
import { createHash } from 'node:crypto';
import type { SourcePath } from '../evidence/index.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const gb18030 = new TextDecoder('gb18030', { fatal: true });
/** Control, direction, zero-width and line-separating characters: shown as they are they could make one name look like another. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** What a GBK decoder makes of bytes that are no GBK text: private use, unassigned, control. */
const NO_TEXT = /[\p{Cc}\p{Co}\p{Cn}]/u;
const encoder = new TextEncoder();

/** A name or path in bytes, one latin1 character per byte. */
export type RawName = string;

/** The raw form of a readable text. */
export function rawOf(text: string): RawName {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The bytes of a raw path. */
export function bytesOfRaw(raw: RawName): Buffer {
  return Buffer.from(raw, 'latin1');
}

/** Readable text of one raw name: UTF-8, else GB18030 where it is text, else each strange byte as %XX. */
export function textOfName(name: RawName): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name;
  const bytes = Buffer.from(name, 'latin1');
  return (decodeUtf8(bytes) ?? decodeGbk(bytes) ?? percentBytes(name)).replaceAll(HIDDEN, percentCharacter);
}

/** Readable path and, where that is not the very bytes, the bytes. */
export function sourcePathOfRaw(raw: RawName): SourcePath {
  if (/^[\x20-\x7e]*$/.test(raw)) return { text: raw };
  const text = raw.split('/').map(textOfName).join('/');
  const bytes = Buffer.from(raw, 'latin1');
  return bytes.equals(Buffer.from(text, 'utf8')) ? { text } : { text, bytes: bytes.toString('base64') };
}

/** The exact bytes of a path; two paths are the same file only if these are equal, since two names may read alike. */
export function bytesOfSourcePath(path: SourcePath): Buffer {
  return path.bytes === undefined ? Buffer.from(path.text, 'utf8') : Buffer.from(path.bytes, 'base64');
}

/** The same as a raw path. */
export function rawOfSourcePath(path: SourcePath): RawName {
  return bytesOfSourcePath(path).toString('latin1');
}

/** A path too long to be written down: its beginning and a digest of the whole, at most `maxBytes` long. */
export function shortenRaw(raw: RawName, maxBytes: number): RawName {
  const mark = `~${createHash('sha256').update(raw, 'latin1').digest('hex').slice(0, 16)}`;
  return `${raw.slice(0, Math.max(0, maxBytes - mark.length))}${mark}`;
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined; // not UTF-8: the next decoder is asked
  }
}

function decodeGbk(bytes: Buffer): string | undefined {
  try {
    const text = gb18030.decode(bytes);
    return NO_TEXT.test(text) ? undefined : text;
  } catch {
    return undefined; // not GB18030 either: bytes are shown as bytes
  }
}

function percentBytes(name: RawName): string {
  return name.replaceAll(/[^\x20-\x7e]/g, (c) => percent(c.charCodeAt(0)));
}

function percentCharacter(character: string): string {
  return [...encoder.encode(character)].map(percent).join('');
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
