// The brands that keep look-alike values apart, and the only functions that make them.
// Every parse takes `unknown` or text from outside and throws Failure 'invalid' with one clear sentence.
import { Failure } from './failure.ts';

declare const brand: unique symbol;
/** A value of type T that only its parse function can make. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** SHA-256 of a payload or object: 64 lower-case hexadecimal digits. */
export type Sha256 = Brand<string, 'Sha256'>;
/** SM3 of a payload (GB/T 32905): 64 lower-case hexadecimal digits. */
export type Sm3 = Brand<string, 'Sm3'>;
/** One acquisition: `YYYYMMDD-HHMMSS-xxxxxxxx`, station UTC time plus eight random hexadecimal digits. */
export type AcquisitionId = Brand<string, 'AcquisitionId'>;
/** One item: its acquisition and its ordinal on that receipt, `<acquisition>-NNNNNN`. */
export type ItemId = Brand<string, 'ItemId'>;
/** A station's name; also the name of its key and part of its ledger's origin. */
export type StationName = Brand<string, 'StationName'>;
/** A case number as people write it, for example `2110-LX-2010-0003` or `沪盗罚〔2026〕3号`; NFC, no control characters. */
export type CaseNumber = Brand<string, 'CaseNumber'>;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Brand<number, 'EpochMs'>;
/** A non-negative whole number of bytes. */
export type ByteCount = Brand<number, 'ByteCount'>;
/** An instant as written in records: ISO 8601, UTC, milliseconds, `2026-11-21T06:48:54.000Z`. */
export type Instant = Brand<string, 'Instant'>;

/** Longest case number in characters; 4 x 120 bytes percent-encoded still fits a file name of 255 only for Latin, so the vault key is checked too. */
export const MAX_CASE_NUMBER_CHARS = 80;
/** Longest station name in characters (it is a folder name and a key name). */
export const MAX_STATION_NAME_CHARS = 64;

const HEX64 = /^[0-9a-f]{64}$/;
const ACQUISITION = /^\d{8}-\d{6}-[0-9a-f]{8}$/;
const ITEM = /^\d{8}-\d{6}-[0-9a-f]{8}-\d{6}$/;
const STATION = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
// C0, C1, line separators, bidirectional controls, zero-width characters, fillers and selectors that show nothing: a number must look like what it is.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;

function refuse(what: string, value: unknown, wanted: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : typeof value;
  throw new Failure('invalid', `${what} ${shown} is not valid: ${wanted}`);
}

/** Throws Failure 'invalid'. */
export function parseSha256(value: unknown): Sha256 {
  if (typeof value === 'string' && HEX64.test(value)) return value as Sha256;
  return refuse('SHA-256 digest', value, 'expected 64 lower-case hexadecimal digits');
}

/** Throws Failure 'invalid'. */
export function parseSm3(value: unknown): Sm3 {
  if (typeof value === 'string' && HEX64.test(value)) return value as Sm3;
  return refuse('SM3 digest', value, 'expected 64 lower-case hexadecimal digits');
}

/** Throws Failure 'invalid'. */
export function parseAcquisitionId(value: unknown): AcquisitionId {
  if (typeof value === 'string' && ACQUISITION.test(value)) return value as AcquisitionId;
  return refuse('acquisition id', value, 'expected YYYYMMDD-HHMMSS-xxxxxxxx');
}

/** Throws Failure 'invalid'. */
export function parseItemId(value: unknown): ItemId {
  if (typeof value === 'string' && ITEM.test(value)) return value as ItemId;
  return refuse('item id', value, 'expected YYYYMMDD-HHMMSS-xxxxxxxx-NNNNNN, as printed on the receipt');
}

/** Throws Failure 'invalid'. */
export function parseStationName(value: unknown): StationName {
  if (typeof value === 'string' && value.length <= MAX_STATION_NAME_CHARS && STATION.test(value))
    return value as StationName;
  return refuse(
    'station name',
    value,
    `expected 1-${MAX_STATION_NAME_CHARS} of a-z 0-9 . - with a letter or digit at both ends`,
  );
}

/** Normalises to NFC and trims; throws Failure 'invalid' for empty, long, dot-only or invisible characters. */
export function parseCaseNumber(value: unknown): CaseNumber {
  const wanted = `expected 1-${MAX_CASE_NUMBER_CHARS} visible characters, for example 2026-LX-0003`;
  if (typeof value !== 'string') return refuse('case number', value, wanted);
  const text = value.normalize('NFC').trim();
  if (text.length === 0 || [...text].length > MAX_CASE_NUMBER_CHARS) return refuse('case number', value, wanted);
  if (INVISIBLE.test(text) || !text.isWellFormed())
    return refuse('case number', value, 'it holds control or invisible characters');
  if (/^\.+$/.test(text)) return refuse('case number', value, 'dots alone are not a number');
  return text as CaseNumber;
}

/** Throws Failure 'invalid' unless a finite number. */
export function parseEpochMs(value: unknown): EpochMs {
  if (typeof value === 'number' && Number.isFinite(value)) return value as EpochMs;
  return refuse('time', value, 'expected milliseconds since 1970');
}

/** Throws Failure 'invalid' unless a safe non-negative integer. */
export function parseByteCount(value: unknown): ByteCount {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value as ByteCount;
  return refuse('byte count', value, 'expected a whole number, 0 or more');
}

/** Throws Failure 'invalid'. */
export function parseInstant(value: unknown): Instant {
  // Date.parse takes 30 February for 2 March: an instant must be the one its own time is written as, or text and time would sort apart.
  if (typeof value === 'string' && INSTANT.test(value) && formatInstant(Date.parse(value)) === value)
    return value as Instant;
  return refuse('instant', value, 'expected an existing time in UTC with milliseconds, 2026-11-21T06:48:54.000Z');
}

/** The instant of an epoch time; years outside 0000-9999 are clamped, since a camera clock may say anything. */
export function formatInstant(epochMs: number): Instant {
  const clamped = Math.min(Math.max(Math.trunc(epochMs) || 0, -62_167_219_200_000), 253_402_300_799_999);
  return new Date(clamped).toISOString() as Instant;
}

/** Milliseconds since 1970 of an instant. */
export function epochOf(instant: Instant): EpochMs {
  return Date.parse(instant) as EpochMs;
}

/** A new acquisition id from station time and eight random hexadecimal digits. */
export function makeAcquisitionId(at: EpochMs, randomHex8: string): AcquisitionId {
  const stamp = formatInstant(at).replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return parseAcquisitionId(`${stamp}-${randomHex8}`);
}

/** The id of the item that is file number `ordinal` (from 1) on the receipt. */
export function makeItemId(acquisition: AcquisitionId, ordinal: number): ItemId {
  return parseItemId(`${acquisition}-${String(ordinal).padStart(6, '0')}`);
}
