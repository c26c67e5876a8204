// Pictures of an original: a poster, and for footage a contact sheet. Runs in the examiner, which can write no file, so they
// stay in memory. Asked to end (the signal), it makes do with the frames it has.
import type { FileHandle } from 'node:fs/promises';
import { claimsOf } from './claims.ts';
import { grabFrame, probe, reasonOf } from './footage.ts';
import type { Drawn, Job } from './job.ts';
import { isBitmap } from './marks.ts';
import { asPoster, drawPhoto, firstLine, loadSharp, POSTER_PX } from './photo.ts';
import { drawSheet, type Frame, sheetTimes, TILE_PX } from './sheet.ts';
import { keepLine } from './text.ts';
import { ToolMissing } from './tools.ts';

/** Where in a recording a poster is looked for, as parts of its duration: not the very first frame, which is often black. */
const POSTER_AT = [0.1, 0.3, 0.5, 0.7, 0.9, 0];
/** Standard deviation of brightness (0 to 127) from which a frame shows something: a lens cap or a dark yard stays below. */
const GOOD_DEVIATION = 8;
const MAX_PROBLEM_CHARS = 200;

/** Draws what can be drawn. Throws ToolMissing. */
export async function drawPictures(job: Job, file: FileHandle, signal: AbortSignal): Promise<Drawn> {
  try {
    return job.kind === 'footage' ? await drawFootage(job, signal) : await drawStill(job, file, signal);
  } catch (error) {
    if (error instanceof ToolMissing) throw error;
    return { problem: keepLine(`no picture could be made: ${firstLine(error)}`, MAX_PROBLEM_CHARS) };
  }
}

async function drawStill(job: Job, file: FileHandle, signal: AbortSignal): Promise<Drawn> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
  if (!isBitmap(buffer.subarray(0, bytesRead))) return { poster: encode(await drawPhoto(job.photoPixels)) };
  const frame = await grabFrame({ atS: 0, sidePx: POSTER_PX, tools: job.tools, signal });
  return { poster: encode(await drawFrame(frame)) };
}

async function drawFootage(job: Job, signal: AbortSignal): Promise<Drawn> {
  const facts = claimsOf(await probe(job.tools).catch(quote));
  if (facts.video === undefined) return { problem: 'there is no picture in it' };
  const durationS = (facts.durationMs ?? 0) / 1000;
  const poster = await drawFootagePoster(job, durationS, signal);
  const frames = await grabFrames(job, durationS, signal);
  if (poster === undefined && frames.length === 0)
    return {
      problem: signal.aborted ? 'time was up before a frame of it was decoded' : 'no frame of it can be decoded',
    };
  return {
    ...(poster === undefined ? {} : { poster: encode(poster) }),
    ...(frames.length === 0 ? {} : { contactSheet: encode(await drawSheet(frames, { title: job.title, facts })) }),
  };
}

/** The first frame that shows something, else the one that shows most. */
async function drawFootagePoster(job: Job, durationS: number, signal: AbortSignal): Promise<Buffer | undefined> {
  const sharp = await loadSharp();
  let best: { png: Buffer; deviation: number } | undefined;
  for (const part of POSTER_AT) {
    const png = await tryGrab(job, part * durationS, POSTER_PX, signal);
    if (png === undefined) continue;
    const { channels } = await sharp(png).greyscale().stats();
    const deviation = channels[0]?.stdev ?? 0;
    if (best === undefined || deviation > best.deviation) best = { png, deviation };
    if (best.deviation >= GOOD_DEVIATION) break;
  }
  return best === undefined ? undefined : await drawFrame(best.png);
}

async function grabFrames(job: Job, durationS: number, signal: AbortSignal): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  for (const atS of sheetTimes(durationS)) {
    const png = await tryGrab(job, atS, TILE_PX, signal);
    if (png !== undefined) frames.push({ atS, png });
  }
  return frames;
}

/** One frame, or nothing where none can be decoded: a damaged stretch must not cost the rest of the sheet. */
async function tryGrab(job: Job, atS: number, sidePx: number, signal: AbortSignal): Promise<Buffer | undefined> {
  if (signal.aborted) return undefined;
  try {
    const png = await grabFrame({ atS, sidePx, tools: job.tools, signal });
    return png.length === 0 ? undefined : png;
  } catch (error) {
    if (error instanceof ToolMissing) throw error;
    return undefined;
  }
}

async function drawFrame(png: Buffer): Promise<Buffer> {
  return await asPoster((await loadSharp())(png));
}

function encode(picture: Buffer): string {
  return picture.toString('base64');
}

/** ffprobe's failure, said in its own last line. */
function quote(error: unknown): never {
  throw error instanceof ToolMissing ? error : new Error(reasonOf(error), { cause: error });
}
