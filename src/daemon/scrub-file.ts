// state/scrub.json: the bookmark of the rolling check. See FORMAT.md, "Station folder".
// Never a record: what was found is in the ledger; without the file the check begins again at the first entry.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { NEVER_SCRUBBED, type ScrubState } from '../custody/index.ts';
import { FINDINGS, type FindingCode, instantSchema } from '../evidence/index.ts';
import { replaceFile, wrapWriteError } from '../platform/index.ts';

const count = z.int().nonnegative();
const tally = { startedAt: instantSchema, items: count, bytes: count, findings: count };
const codes = Object.keys(FINDINGS) as FindingCode[]; // the keys of a constant

const fileSchema = z.strictObject({
  type: z.literal('docket/scrub'),
  v: z.literal(1),
  next: count,
  cycle: z.strictObject(tally).optional(),
  last: z.strictObject({ ...tally, finishedAt: instantSchema }).optional(),
  segment: z
    .strictObject({
      ...tally,
      from: count,
      lastAt: instantSchema,
      first: z.array(z.strictObject({ code: z.enum(codes), where: z.string() })),
    })
    .optional(),
  day: z.strictObject({ date: z.string(), bytes: z.number().nonnegative() }),
});

/** The state as kept last; that of a station that was never checked when there is none that can be read. */
export async function readScrubState(path: string): Promise<ScrubState> {
  try {
    const { type: _type, v: _v, ...state } = fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return state;
  } catch {
    return NEVER_SCRUBBED; // missing or damaged: everything is read back from the beginning, which harms nothing
  }
}

/** Keeps a state; durable on return. Failures: 'spool-full', 'disk-failed'. */
export async function writeScrubState(path: string, state: ScrubState): Promise<void> {
  const text = `${JSON.stringify({ type: 'docket/scrub', v: 1, ...state }, null, 2)}\n`;
  await replaceFile(path, Buffer.from(text)).catch((error: unknown) => {
    throw wrapWriteError(error, path, 'spool-full');
  });
}
