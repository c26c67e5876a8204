// Ledger entries: what happened, when, by whom, with the names as they were at the time. See FORMAT.md, "Entries".
// An entry is never changed; a correction is a new entry. Kinds this version does not know are kept and passed on, never dropped.
import { z } from 'zod';
import { decodeCanonical, encodeCanonical } from './canonical.ts';
import { Failure } from './failure.ts';
import { OUTCOMES } from './receipt.ts';
import {
  acquisitionSchema,
  bytesSchema,
  cameraSchema,
  caseSchema,
  instantSchema,
  itemSchema,
  kindSchema,
  objectSchema,
  officerSchema,
  parseShape,
  pathSchema,
  payloadSchema,
  retentionSchema,
  sha256Schema,
  stationSchema,
  timeSchema,
  vaultReceiptSchema,
} from './shape.ts';

/** C2SP tlog-tiles: an entry in a bundle has a 16-bit length. */
export const MAX_ENTRY_BYTES = 65_535;
/** Longest extracted text kept in one entry, in characters (three UTF-8 bytes each at most for Chinese). */
export const MAX_EXTRACT_CHARS = 12_000;

/** Findings that one scrub entry spells out; a place is at most 4096 characters, so not all of them may be that long. */
export const MAX_SCRUB_FINDINGS = 10;

/** Files that one entry about a cleared camera names with the reason why they are still there. */
export const MAX_LEFT_NAMED = 10;

const base = {
  v: z.literal(1),
  at: instantSchema,
  /** Who caused it: the station itself, or a person by the name the machine knows. */
  actor: z.strictObject({ kind: z.enum(['station', 'person']), name: z.string().max(200) }),
};

const text = z.string().max(4096);

export const mediaFactsSchema = z.strictObject({
  container: text.optional(),
  durationMs: z.number().nonnegative().optional(),
  bitRate: z.number().nonnegative().optional(),
  video: z
    .strictObject({
      codec: text,
      widthPx: z.int(),
      heightPx: z.int(),
      framesPerSecond: z.number().optional(),
      rotation: z.number().optional(),
    })
    .optional(),
  audio: z.strictObject({ codec: text, channels: z.int().optional(), sampleRateHz: z.int().optional() }).optional(),
  image: z
    .strictObject({ format: text, widthPx: z.int(), heightPx: z.int(), orientation: z.int().optional() })
    .optional(),
  /** Creation time as written in the file, raw. */
  created: text.optional(),
  /** Place as written in the file: ISO 6709 or latitude/longitude. */
  location: text.optional(),
  /** First MAX_EXTRACT_CHARS characters of a document's text. */
  text: z.string().max(MAX_EXTRACT_CHARS).optional(),
  pages: z.int().optional(),
});
/** What a look inside a payload found; every member is what the file claims, not what is proven. */
export type MediaFacts = z.infer<typeof mediaFactsSchema>;

export const entrySchemas = {
  'station.created': z.strictObject({
    ...base,
    kind: z.literal('station.created'),
    station: stationSchema,
    key: text,
    software: text,
  }),
  'camera.registered': z.strictObject({
    ...base,
    kind: z.literal('camera.registered'),
    serial: text,
    model: text.optional(),
    profile: text.optional(),
    officer: officerSchema.optional(),
    unit: text.optional(),
  }),
  'camera.removed': z.strictObject({ ...base, kind: z.literal('camera.removed'), serial: text }),
  'item.recorded': z.strictObject({
    ...base,
    kind: z.literal('item.recorded'),
    item: itemSchema,
    acquisition: acquisitionSchema,
    itemKind: kindSchema,
    manifest: objectSchema,
    payload: payloadSchema,
    camera: cameraSchema,
    path: pathSchema,
    accompanies: text.optional(),
    time: timeSchema,
    case: caseSchema.optional(),
    documentType: text.optional(),
    keyMark: z.boolean(),
    retention: retentionSchema,
    copies: z.array(vaultReceiptSchema).min(1).max(8),
    /** Set when the entry was made again from the vault after the head was lost. */
    recovered: z.literal(true).optional(),
  }),
  'item.copied': z.strictObject({
    ...base,
    kind: z.literal('item.copied'),
    item: itemSchema,
    /** A copy of its payload that was made after it was recorded: in a vault that was away then, or is newer. */
    copy: vaultReceiptSchema,
  }),
  'item.examined': z.strictObject({
    ...base,
    kind: z.literal('item.examined'),
    item: itemSchema,
    readable: z.boolean(),
    facts: mediaFactsSchema.optional(),
    problem: text.optional(),
    tool: text,
  }),
  'acquisition.recorded': z.strictObject({
    ...base,
    kind: z.literal('acquisition.recorded'),
    acquisition: acquisitionSchema,
    camera: cameraSchema,
    case: caseSchema.optional(),
    receipt: objectSchema,
    startedAt: instantSchema,
    finishedAt: instantSchema,
    ended: z.enum(['complete', 'interrupted']),
    outcomes: z.record(z.enum(OUTCOMES), z.int().nonnegative()),
    bytesRecorded: bytesSchema,
    gaps: z.int().nonnegative(),
    recovered: z.literal(true).optional(),
  }),
  'camera.refused': z.strictObject({ ...base, kind: z.literal('camera.refused'), camera: cameraSchema, reason: text }),
  'camera.released': z.strictObject({
    ...base,
    kind: z.literal('camera.released'),
    acquisition: acquisitionSchema,
    camera: cameraSchema,
    files: z.int().nonnegative(),
    sizeBytes: bytesSchema,
    /** Every file that may be cleared, with the digest reread from the camera just before. */
    list: objectSchema,
  }),
  'camera.cleared': z.strictObject({
    ...base,
    kind: z.literal('camera.cleared'),
    acquisition: acquisitionSchema,
    camera: cameraSchema,
    /** Of the files of the release, those that are gone from the camera. */
    files: z.int().nonnegative(),
    sizeBytes: bytesSchema,
    /** How many others there are, and the first of them by their number on the receipt. */
    left: z.int().nonnegative(),
    first: z.array(z.strictObject({ n: z.int().positive(), reason: text })).max(MAX_LEFT_NAMED),
  }),
  'key.replaced': z.strictObject({
    ...base,
    kind: z.literal('key.replaced'),
    /** C2SP key lines: the key in force up to this entry, this one included, and the one in force from the next entry on. */
    old: text,
    new: text,
    reason: z.string().min(1).max(1000),
  }),
  'ledger.restored': z.strictObject({
    ...base,
    kind: z.literal('ledger.restored'),
    size: z.int().nonnegative(),
    root: sha256Schema,
    adopted: z.int().nonnegative(),
    reason: text,
  }),
  'scrub.recorded': z.strictObject({
    ...base,
    kind: z.literal('scrub.recorded'),
    /** Ledger entries whose objects were read back: `from` to `to`, without `to`. */
    from: z.int().nonnegative(),
    to: z.int().nonnegative(),
    items: z.int().nonnegative(),
    bytes: bytesSchema,
    /** How many things were found wrong, and the first of them by code and place. */
    findings: z.int().nonnegative(),
    first: z.array(z.strictObject({ code: text, where: text })).max(MAX_SCRUB_FINDINGS),
    startedAt: instantSchema,
    finishedAt: instantSchema,
    /** Set where this reached the end of the ledger: everything on record was read since `cycleStartedAt`. */
    cycleStartedAt: instantSchema.optional(),
  }),
} as const;

/** Kinds this version writes. */
export type EntryKind = keyof typeof entrySchemas;
/** One entry of a known kind. */
export type EntryOf<K extends EntryKind> = z.infer<(typeof entrySchemas)[K]>;
/** Any entry this version knows. */
export type Entry = { [K in EntryKind]: EntryOf<K> }[EntryKind];
/** An entry of a kind that a later version wrote: kept as it is. */
export interface ForeignEntry {
  readonly foreign: true;
  readonly kind: string;
  readonly value: unknown;
}

/** Canonical bytes of an entry. Throws Failure 'too-large' above MAX_ENTRY_BYTES. */
export function encodeEntry(entry: Entry): Buffer {
  const bytes = encodeCanonical(entry);
  if (bytes.length > MAX_ENTRY_BYTES)
    throw new Failure(
      'too-large',
      `a ${entry.kind} entry of ${bytes.length} bytes is over the ${MAX_ENTRY_BYTES} a ledger entry may have`,
    );
  return bytes;
}

/** What entries of every version and kind begin with; made once, since making a schema costs more than most parses. */
const headSchema = z.looseObject({ v: z.int().min(1), kind: z.string().min(1).max(100) });

/** Parses an entry's bytes. Throws Failure 'invalid' when it is no canonical JSON object with v and kind, or a known kind in a wrong shape. */
export function decodeEntry(bytes: Uint8Array, what: string): Entry | ForeignEntry {
  const value = decodeCanonical(bytes, what);
  const head = parseShape(headSchema, value, what);
  if (head.v !== 1 || !isEntryKind(head.kind)) return { foreign: true, kind: head.kind, value };
  const parsed: Entry = parseShape(entrySchemas[head.kind] as z.ZodType<Entry>, value, what); // the schema under a kind parses that kind
  return parsed;
}

/** True for an entry of a kind this version does not know. */
export function isForeign(entry: Entry | ForeignEntry): entry is ForeignEntry {
  return 'foreign' in entry;
}

function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(entrySchemas, kind);
}
