// The shapes that several records share, as zod schemas: whatever is read back from a file, a vault or a ledger passes here.
// Never accepts a member it does not know: an unknown member in a signed record is a finding, not a nicety.
import { z } from 'zod';
import {
  type AcquisitionId,
  type ByteCount,
  type CaseNumber,
  type Instant,
  type ItemId,
  parseAcquisitionId,
  parseByteCount,
  parseCaseNumber,
  parseInstant,
  parseItemId,
  parseSha256,
  parseSm3,
  parseStationName,
  type Sha256,
  type Sm3,
  type StationName,
} from './brand.ts';
import { Failure, newerFormat } from './failure.ts';
import { retentionRuleSchema } from './retention.ts';
import { ITEM_KINDS } from './source.ts';

/** A zod schema from one of our parse functions. */
function branded<T>(parse: (value: unknown) => T): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

export const sha256Schema: z.ZodType<Sha256> = branded(parseSha256);
export const sm3Schema: z.ZodType<Sm3> = branded(parseSm3);
export const acquisitionSchema: z.ZodType<AcquisitionId> = branded(parseAcquisitionId);
export const itemSchema: z.ZodType<ItemId> = branded(parseItemId);
export const stationSchema: z.ZodType<StationName> = branded(parseStationName);
export const caseSchema: z.ZodType<CaseNumber> = branded(parseCaseNumber);
export const bytesSchema: z.ZodType<ByteCount> = branded(parseByteCount);
export const instantSchema: z.ZodType<Instant> = branded(parseInstant);
export const kindSchema = z.enum(ITEM_KINDS);

const text = z.string().max(4096);

export const officerSchema = z.strictObject({ name: text.optional(), certificate: text.optional() });

export const cameraSchema = z.strictObject({
  way: z.enum(['usb', 'mount', 'folder', 'inbox', 'document']),
  serial: text.optional(),
  model: text.optional(),
  vendorId: text.optional(),
  productId: text.optional(),
  volume: z.strictObject({ uuid: text.optional(), label: text.optional() }).optional(),
  profile: text.optional(),
  officer: officerSchema.optional(),
  unit: text.optional(),
  folder: text.optional(),
});

/** A path of up to 4096 bytes on a camera; text is at most three characters per byte, percent-written. */
export const pathSchema = z.strictObject({ text: z.string().max(16_384), bytes: z.base64().max(8_192).optional() });

/** Size and digests of a payload. */
export const payloadSchema = z.strictObject({
  sha256: sha256Schema,
  sm3: sm3Schema.optional(),
  sizeBytes: bytesSchema,
});

/** Reference to an object in the vault by its content. */
export const objectSchema = z.strictObject({ key: text, sha256: sha256Schema, sizeBytes: bytesSchema });

/** A vault receipt: where a copy lies and what was read back of it. */
export const vaultReceiptSchema = z.strictObject({
  vault: text,
  key: text,
  /** Version id of the store; absent where the store has none. */
  version: text.optional(),
  sha256: sha256Schema,
  sizeBytes: bytesSchema,
  /** Of an object that was uploaded in parts, the digest of their digests as the store told it: base64, `-` and their number. */
  composite: text.optional(),
  /** Lock mode as read back; 'none' where the store cannot lock. */
  lock: z.enum(['none', 'governance', 'compliance']),
  retainUntil: instantSchema.optional(),
  legalHold: z.literal(true).optional(),
});
/** Where one copy lies and what was read back of it. */
export type VaultReceipt = z.infer<typeof vaultReceiptSchema>;

export const retentionSchema = z.strictObject({
  class: text,
  rule: retentionRuleSchema,
  until: z.union([instantSchema, z.literal('permanent')]),
});

/** When something was recorded, by every clock that has an opinion. */
export const timeSchema = z.strictObject({
  /** Best known start of the recording and where it comes from. */
  captured: instantSchema,
  capturedFrom: z.enum(['name', 'modified']),
  /** The card's modification time, raw: the camera's own clock. */
  cameraModified: instantSchema,
  /** Local time in the file name, raw, and the zone it was read in. */
  cameraNamed: z.strictObject({ local: text, zone: text.optional() }).optional(),
  /** Station clock when the first byte was read. */
  stationRead: instantSchema,
  /** Camera clock minus station clock, measured, in milliseconds; or 'unknown'. */
  cameraOffsetMs: z.union([z.number(), z.literal('unknown')]),
});

/** The version a record says it is of, where that is later than `known`; undefined for any other. */
export function laterVersion(value: unknown, known: number): number | undefined {
  if (typeof value !== 'object' || value === null || !('v' in value)) return undefined;
  const { v } = value;
  return typeof v === 'number' && Number.isSafeInteger(v) && v > known ? v : undefined;
}

/** Parses with a schema or throws Failure 'format-newer' (of a later version than the schema's `v`), or 'invalid' with the first problem in one line. */
export function parseShape<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  refuseLater(value, result.error.issues, what);
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.map(String).join('.')}`;
  throw new Failure('invalid', `${what} is not in a form docket knows${where}: ${issue?.message ?? 'unknown problem'}`);
}

/** Whatever else does not fit is no wonder then: the version is told before it. */
function refuseLater(value: unknown, issues: readonly z.core.$ZodIssue[], what: string): void {
  for (const issue of issues) {
    if (issue.code !== 'invalid_value' || issue.path.length !== 1 || issue.path[0] !== 'v') continue;
    const known = Math.max(...issue.values.map(Number));
    const version = laterVersion(value, known);
    if (version !== undefined) throw newerFormat(what, version, known);
  }
}
