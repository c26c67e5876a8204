// The manifest: the canonical statement of one item, sealed before it is stored. See FORMAT.md, "Manifest".
// Built once, never changed; what is learnt later is a ledger entry beside it.
import { z } from 'zod';
import { decodeJson, encodeCanonical } from './canonical.ts';
import { Failure, isFailure } from './failure.ts';
import type { Verifier } from './note.ts';
import {
  acquisitionSchema,
  cameraSchema,
  caseSchema,
  instantSchema,
  itemSchema,
  kindSchema,
  parseShape,
  pathSchema,
  payloadSchema,
  retentionSchema,
  stationSchema,
  timeSchema,
} from './shape.ts';

/** Longest manifest read, in bytes; ours are 1-3 KiB, a hostile path makes at most 30. */
export const MAX_MANIFEST_BYTES = 131_072;

const manifestSchema = z.strictObject({
  type: z.literal('docket/manifest'),
  v: z.literal(1),
  station: stationSchema,
  item: itemSchema,
  acquisition: acquisitionSchema,
  kind: kindSchema,
  payload: payloadSchema,
  source: z.strictObject({ camera: cameraSchema, path: pathSchema, accompanies: z.string().optional() }),
  time: timeSchema,
  case: caseSchema.optional(),
  /** Type of a document as filed, for example 询问笔录. */
  documentType: z.string().max(200).optional(),
  keyMark: z.boolean(),
  /** How the bytes were read: when, and from which byte a part kept from an earlier docking was continued. */
  reading: z.strictObject({
    startedAt: instantSchema,
    finishedAt: instantSchema,
    continuedAtBytes: z.int().optional(),
    rereadMatched: z.boolean().optional(),
  }),
  retention: retentionSchema,
});
/** The canonical statement of one item. */
export type Manifest = z.infer<typeof manifestSchema>;

const sealedSchema = z.strictObject({
  manifest: z.unknown(),
  signatures: z
    .array(z.strictObject({ key: z.string(), value: z.base64() }))
    .min(1)
    .max(16),
});

/** Throws Failure 'format-newer' or 'invalid'. */
export function parseManifest(value: unknown, what: string): Manifest {
  return parseShape(manifestSchema, value, what);
}

/** Bytes that are signed: the canonical JSON of the manifest. */
export function manifestBytes(manifest: Manifest): Buffer {
  return encodeCanonical(manifest);
}

/** Name of a key as written beside a signature: C2SP key name and id, `name+hash`. */
export function keyLabel(verifier: Verifier): string {
  return `${verifier.name}+${verifier.keyId.toString('hex')}`;
}

interface Signature {
  readonly key: string;
  readonly value: string;
}

/** The file as stored: canonical JSON of the manifest and its signatures, one newline at the end. */
export function encodeSealed(manifest: Manifest, signatures: readonly Signature[]): Buffer {
  return encodeSigned(manifest, signatures);
}

function encodeSigned(manifest: unknown, signatures: readonly Signature[]): Buffer {
  return Buffer.concat([encodeCanonical({ manifest, signatures }), Buffer.from('\n')]);
}

/**
 * Parses a sealed manifest and checks the signature of `verifier`. Throws Failure 'invalid', 'signature-invalid', or 'format-newer': only of
 * one that is signed, so that damage never passes for a later version.
 */
export function openSealed(bytes: Uint8Array, verifier: Verifier, what: string): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES)
    throw new Failure('invalid', `${what} is larger than ${MAX_MANIFEST_BYTES} bytes`);
  const sealed = parseShape(sealedSchema, decodeJson(bytes, what), what);
  const manifest = parseOrNewer(sealed.manifest, what);
  const statement = isFailure(manifest) ? sealed.manifest : manifest;
  if (!encodeSigned(statement, sealed.signatures).equals(bytes))
    throw new Failure('invalid', `${what} is not in canonical form`);
  const ours = sealed.signatures.find((each) => each.key === keyLabel(verifier));
  if (ours === undefined) throw new Failure('signature-invalid', `${what} is not signed by ${keyLabel(verifier)}`);
  const signature = Buffer.from(ours.value, 'base64');
  // Canonical base64 only: else the unused bits of its last character could be flipped unseen.
  if (signature.toString('base64') !== ours.value || !verifier.verify(encodeCanonical(statement), signature))
    throw new Failure('signature-invalid', `${what}: the signature of ${verifier.name} does not fit`);
  if (isFailure(manifest)) throw manifest;
  return manifest;
}

/** The manifest, or the failure 'format-newer'. Throws Failure 'invalid'. */
function parseOrNewer(value: unknown, what: string): Manifest | Failure {
  try {
    return parseManifest(value, what);
  } catch (error) {
    if (isFailure(error, 'format-newer')) return error;
    throw error;
  }
}
