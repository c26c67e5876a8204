// What is said between docketd and the process that reads the files of a card that a program shows; see card-reader.ts.
// Plain data, parsed at both ends; an answer is one of these or a failure of the file it is about.
import { z } from 'zod';

/** Most bytes of one answer: a buffer of the copy (acquire/read-ahead). */
export const MAX_READ_BYTES = 4 * 1_048_576;
/** Longest path said, in bytes: PATH_MAX. */
const MAX_PATH_BYTES = 4096;

const id = z.int().nonnegative();
const file = z.int().nonnegative();

/** A question. `id` comes back with its answer; `file` is the number that opening was answered with. */
export const questionSchema = z.discriminatedUnion('ask', [
  z.strictObject({
    id,
    ask: z.literal('open'),
    root: z.string().max(MAX_PATH_BYTES),
    /** Device and inode number of the root that the card was opened with, as stat gives them. */
    dev: z.number(),
    ino: z.number(),
    /** Raw: one character for each byte. */
    path: z.string().max(MAX_PATH_BYTES),
  }),
  z.strictObject({
    id,
    ask: z.literal('read'),
    file,
    positionBytes: z.int().nonnegative(),
    lengthBytes: z.int().nonnegative().max(MAX_READ_BYTES),
  }),
  z.strictObject({ id, ask: z.literal('stat'), file }),
  z.strictObject({ id, ask: z.literal('close'), file }),
]);
export type Question = z.infer<typeof questionSchema>;

/** An answer: an errno, or a value that depends on the question. */
export const answerSchema = z.union([
  z.strictObject({ id, errno: z.string().regex(/^E[A-Z0-9]{1,30}$/) }),
  z.strictObject({ id, value: z.unknown() }),
]);
export type Answer = z.infer<typeof answerSchema>;

/** The values of the answers. */
export const openedSchema = file;
export const bytesSchema = z.instanceof(Uint8Array);
export const factsSchema = z.strictObject({ size: z.number().nonnegative(), mtimeMs: z.number() });
export const closedSchema = z.literal('closed');
