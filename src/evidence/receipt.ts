// The receipt of an acquisition: every file seen on the camera and what became of each. See FORMAT.md, "Receipt".
// Written as a listing before the first byte is copied, finished when the last file has its outcome.
import { z } from 'zod';
import { decodeJson, encodeCanonical } from './canonical.ts';
import {
  acquisitionSchema,
  bytesSchema,
  cameraSchema,
  caseSchema,
  instantSchema,
  itemSchema,
  kindSchema,
  parseShape,
  pathSchema,
  sha256Schema,
  stationSchema,
} from './shape.ts';
import type { SourcePath } from './source.ts';

/**
 * What may become of a file. recorded: in vault and ledger. already-recorded: the same bytes from the same place are on record.
 * interrupted: a part is kept and continued at the next docking. in-progress: still being written. skipped: the profile says it is
 * no evidence. refused: not a file docket may read, or over a limit. failed: tried, and the reason is given.
 */
export const OUTCOMES = [
  'recorded',
  'already-recorded',
  'interrupted',
  'in-progress',
  'skipped',
  'refused',
  'failed',
] as const;
/** One of OUTCOMES. */
export type Outcome = (typeof OUTCOMES)[number];

/** Outcomes after which evidence may still be on the camera only. */
export const OPEN_OUTCOMES: ReadonlySet<Outcome> = new Set(['interrupted', 'in-progress', 'refused', 'failed']);

/** What an officer reads of a file, or of a camera, that is copied whole while the vault cannot take it. */
export const WAITS_TEXT = 'copied; waits for the vault';

/** Longest receipt, in bytes: 100,000 files of 1340 bytes. What would not fit is not listed (camera/walk). */
export const MAX_RECEIPT_BYTES = 134_217_728;
/** Of it, for what is not about a file. */
const FRAME_BYTES = 1_048_576;
/** Of a file and a gap before it, without paths; a reason takes most of it. */
const LINE_BYTES = 700;
/** The path itself, in a reason, and before and after a gap; once more to be sure. */
const PATH_TIMES = 5;

/** Bytes of all receiptLineBytes of a receipt at most. */
export const RECEIPT_LINES_BYTES = MAX_RECEIPT_BYTES - FRAME_BYTES;

/** What a file takes of a receipt at most, in bytes, whatever becomes of it. */
export function receiptLineBytes({ text, bytes = '' }: SourcePath): number {
  return LINE_BYTES + PATH_TIMES * (Buffer.byteLength(JSON.stringify(text)) + bytes.length);
}

const receiptFileSchema = z.strictObject({
  /** Ordinal on this receipt, from 1. */
  n: z.int().min(1),
  path: pathSchema,
  kind: kindSchema,
  sizeBytes: bytesSchema,
  modified: instantSchema,
  keyMark: z.boolean(),
  outcome: z.enum(OUTCOMES),
  item: itemSchema.optional(),
  sha256: sha256Schema.optional(),
  /** Why it is not recorded, or what is notable although it is. */
  reason: z.string().max(2000).optional(),
});
/** One line of a receipt. */
export type ReceiptFile = z.infer<typeof receiptFileSchema>;

const gapSchema = z.strictObject({
  kind: z.enum(['time', 'counter']),
  after: z.string(),
  before: z.string(),
  /** Missing time in seconds, or missing numbers. */
  missing: z.number(),
});
/** A break in a series of segments: something was recorded here that is not on the card, or the camera was off. */
export type Gap = z.infer<typeof gapSchema>;

const receiptSchema = z.strictObject({
  type: z.literal('docket/receipt'),
  v: z.literal(1),
  station: stationSchema,
  acquisition: acquisitionSchema,
  camera: cameraSchema,
  case: caseSchema.optional(),
  startedAt: instantSchema,
  finishedAt: instantSchema,
  /** complete: every listed file has its final outcome; interrupted: the camera left or the station stopped. */
  ended: z.enum(['complete', 'interrupted']),
  files: z.array(receiptFileSchema),
  gaps: z.array(gapSchema),
  /** Things worth a person's eye that concern no single file. */
  notes: z.array(z.string()),
});
/** Every file seen and what became of each. */
export type Receipt = z.infer<typeof receiptSchema>;

/** Throws Failure 'format-newer' or 'invalid'. */
export function parseReceipt(value: unknown, what: string): Receipt {
  return parseShape(receiptSchema, value, what);
}

/** The file as stored: canonical JSON and one newline. It is named by digest in the ledger, so it needs no signature of its own. */
export function encodeReceipt(receipt: Receipt): Buffer {
  return Buffer.concat([encodeCanonical(receipt), Buffer.from('\n')]);
}

/** Throws Failure 'format-newer' or 'invalid'. */
export function decodeReceipt(bytes: Uint8Array, what: string): Receipt {
  return parseReceipt(decodeJson(bytes, what), what);
}

/** How many files had each outcome. */
export function countOutcomes(files: readonly ReceiptFile[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = {
    recorded: 0,
    'already-recorded': 0,
    interrupted: 0,
    'in-progress': 0,
    skipped: 0,
    refused: 0,
    failed: 0,
  };
  for (const file of files) counts[file.outcome] += 1;
  return counts;
}
