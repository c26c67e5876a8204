// Which volumes the system did not mount now: one look at its notes, and the difference to the look before.
// Reads small files of one folder; never looks at a device.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type EpochMs, errnoOf, isFailure, parseEpochMs } from '../evidence/index.ts';
import type { CameraRefused, RefusalWithdrawn } from './arrival.ts';
import { MAX_NOTE_BYTES, parseRefusal } from './refusal.ts';

/** Most notes looked at: more volumes are plugged into no station. */
const MAX_NOTES = 256;
/** Names the kernel gives to volumes; what else lies there is being written. */
const VOLUME = /^[a-z0-9]{1,32}$/;

/** What is refused, by a key that the same volume plugged in again does not have. */
export type PresentRefusals = ReadonlyMap<string, CameraRefused>;

/** The refusals that stand now; none where there is no such folder. Errors are errno errors of reading it. */
export async function lookForRefusals(folder: string, before: PresentRefusals): Promise<PresentRefusals> {
  const names = (await namesIn(folder)).filter((name) => VOLUME.test(name)).toSorted();
  const found = new Map<string, CameraRefused>();
  for (const name of names.slice(0, MAX_NOTES)) {
    const note = await readNote(join(folder, name), before);
    if (note !== undefined) found.set(note.key, note.refused);
  }
  return found;
}

/** What was withdrawn, then what is refused now and was not before. */
export function compareRefusals(before: PresentRefusals, now: PresentRefusals): (CameraRefused | RefusalWithdrawn)[] {
  const gone = [...before]
    .filter(([key]) => !now.has(key))
    .map(([, { note }]) => ({ kind: 'withdrawn' as const, note }));
  return [...gone, ...[...now].filter(([key]) => !before.has(key)).map(([, refused]) => refused)];
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A note, unless it went meanwhile or is none. */
async function readNote(
  note: string,
  before: PresentRefusals,
): Promise<{ readonly key: string; readonly refused: CameraRefused } | undefined> {
  try {
    await using file = await open(note);
    const { ino, mtimeMs } = await file.stat();
    const key = `${ino} ${mtimeMs} ${note}`;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_NOTE_BYTES), 0, MAX_NOTE_BYTES, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    return { key, refused: before.get(key) ?? refusedOf(text, note, parseEpochMs(Math.trunc(mtimeMs))) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || isFailure(error, 'invalid')) return undefined;
    throw error;
  }
}

function refusedOf(text: string, note: string, at: EpochMs): CameraRefused {
  return { kind: 'refused', note, at, ...parseRefusal(text, note) };
}
