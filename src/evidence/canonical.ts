// RFC 8785 canonical JSON: the one byte form of a value, so that a digest or signature of it means something.
// Never accepts what JSON cannot say exactly: undefined members, NaN, lone surrogates, class instances.
import { Failure } from './failure.ts';

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deepest nesting accepted, in levels: our own records have five; a hostile file may have any. */
const MAX_DEPTH = 32;

/** RFC 8785 text of a value. Optional members that are undefined are left out. Throws Failure 'invalid'. */
export function formatCanonical(value: unknown): string {
  return format(value, 0);
}

/** RFC 8785 bytes (UTF-8). Throws Failure 'invalid'. */
export function encodeCanonical(value: unknown): Buffer {
  return Buffer.from(formatCanonical(value), 'utf8');
}

function format(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new Failure('invalid', `JSON is nested deeper than ${MAX_DEPTH} levels`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return formatString(value);
  if (Array.isArray(value)) return `[${Array.from(value, (each: unknown) => format(each, depth + 1)).join(',')}]`; // map() would skip holes
  if (isPlainObject(value)) return formatObject(value, depth);
  throw new Failure('invalid', `a ${typeof value} cannot be written as canonical JSON`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Failure('invalid', 'a number that is not finite cannot be written as JSON');
  return JSON.stringify(value); // ECMAScript number text is what RFC 8785 section 3.2.2.3 asks for; -0 becomes 0
}

function formatString(value: string): string {
  if (!value.isWellFormed())
    throw new Failure('invalid', 'a text with a lone surrogate cannot be written as canonical JSON');
  return JSON.stringify(value);
}

function formatObject(value: Record<string, unknown>, depth: number): string {
  const members: string[] = [];
  // The default sort compares UTF-16 code units, which is the order RFC 8785 section 3.2.3 asks for.
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) members.push(`${formatString(key)}:${format(member, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

/** Parses JSON text that must be in canonical form already. Throws Failure 'invalid'. */
export function decodeCanonical(bytes: Uint8Array, what: string): unknown {
  const text = decodeText(bytes, what);
  const value = parseJson(text, what);
  // Texts are compared: strict UTF-8 has one byte form for each.
  if (formatCanonical(value) !== text) throw new Failure('invalid', `${what} is not in canonical JSON form (RFC 8785)`);
  return value;
}

/** Parses UTF-8 JSON; throws Failure 'invalid' naming `what`. */
export function decodeJson(bytes: Uint8Array, what: string): unknown {
  return parseJson(decodeText(bytes, what), what);
}

function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw notJson(what, cause);
  }
}

function parseJson(text: string, what: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw notJson(what, cause);
  }
}

function notJson(what: string, cause: unknown): Failure {
  return new Failure('invalid', `${what} is not valid JSON`, { cause });
}
