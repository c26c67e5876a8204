// The listing: every file seen on a camera, made durable in the spool before the first byte is copied.
// It is what recovery starts from, and what the receipt answers file by file.
import { z } from 'zod';
import {
  type AcquisitionId,
  acquisitionSchema,
  bytesSchema,
  type CameraIdentity,
  type CaseNumber,
  cameraSchema,
  caseSchema,
  compareUrgency,
  decodeJson,
  type EpochMs,
  encodeCanonical,
  formatInstant,
  instantSchema,
  kindSchema,
  parseEpochMs,
  parseShape,
  pathSchema,
  type SourceFile,
} from '../evidence/index.ts';

const epochSchema: z.ZodType<EpochMs> = z.number().transform((value) => parseEpochMs(value));

const sourceFileSchema: z.ZodType<SourceFile> = z.strictObject({
  path: pathSchema,
  type: z.enum(['file', 'symlink', 'fifo', 'socket', 'device', 'unreadable']),
  sizeBytes: bytesSchema,
  modifiedAtMs: epochSchema,
  kind: kindSchema,
  keyMark: z.boolean(),
  verdict: z.union([
    z.strictObject({ take: z.literal(true) }),
    z.strictObject({
      take: z.literal(false),
      outcome: z.enum(['skipped', 'in-progress', 'refused']),
      reason: z.string(),
    }),
  ]),
  named: z
    .strictObject({
      camera: z.string().optional(),
      officer: z.string().optional(),
      local: z.string().optional(),
      zone: z.string().optional(),
      startedAtMs: epochSchema.optional(),
      series: z.string().optional(),
      counter: z.number().optional(),
    })
    .optional(),
  accompanies: z.string().optional(),
});

const listingSchema = z.strictObject({
  type: z.literal('docket/listing'),
  v: z.literal(1),
  acquisition: acquisitionSchema,
  camera: cameraSchema,
  case: caseSchema.optional(),
  documentType: z.string().optional(),
  /** Camera clock minus station clock as measured, or unknown. */
  cameraOffsetMs: z.union([z.number(), z.literal('unknown')]),
  /** Who asked for it. */
  actor: z.strictObject({ kind: z.enum(['station', 'person']), name: z.string() }),
  startedAt: instantSchema,
  boot: z.string(),
  files: z.array(sourceFileSchema),
  notes: z.array(z.string()),
});
/** Every file seen, in the order of copying; file number n (from 1) is files[n - 1]. */
export type Listing = z.infer<typeof listingSchema>;

/** What is known of a docking before the card is read. */
export interface Docking {
  readonly acquisition: AcquisitionId;
  readonly camera: CameraIdentity;
  readonly case?: CaseNumber | undefined;
  readonly documentType?: string | undefined;
  readonly cameraOffsetMs: number | 'unknown';
  readonly actor: { readonly kind: 'station' | 'person'; readonly name: string };
}

/** Reads the whole card's directory and puts it in the order of copying. */
export async function listCard(
  docking: Docking,
  files: AsyncIterable<SourceFile>,
  at: { readonly startedAtMs: EpochMs; readonly boot: string },
): Promise<Listing> {
  const seen: SourceFile[] = [];
  for await (const file of files) seen.push(file);
  const { acquisition, camera, documentType, cameraOffsetMs, actor } = docking;
  return {
    type: 'docket/listing',
    v: 1,
    acquisition,
    camera,
    case: docking.case,
    documentType,
    cameraOffsetMs,
    actor,
    startedAt: formatInstant(at.startedAtMs),
    boot: at.boot,
    files: seen.sort(compareUrgency),
    notes: [],
  };
}

/** Bytes of the listing file. */
export function encodeListing(listing: Listing): Buffer {
  return encodeCanonical(listing);
}

/** Throws Failure 'format-newer' or 'invalid'. */
export function decodeListing(bytes: Uint8Array, what: string): Listing {
  return parseShape(listingSchema, decodeJson(bytes, what), what);
}
