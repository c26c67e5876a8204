// One look at what an original holds. Runs inside the examiner: every byte it reads may be hostile.
// Says what the file claims and, in one sentence, what is wrong with it; repairs nothing.
import type { FileHandle } from 'node:fs/promises';
import { readBoxes } from './boxes.ts';
import { claimsOf, type Probed } from './claims.ts';
import { examineDocument } from './document.ts';
import { probe, reasonOf } from './footage.ts';
import { readHead } from './glance.ts';
import type { Found, Job } from './job.ts';
import { isBitmap, isPicture } from './marks.ts';
import { examinePhoto, firstLine, loadSharp } from './photo.ts';
import { keepLine } from './text.ts';
import { ToolMissing, versionOf } from './tools.ts';

/** Characters of another program's reason quoted in a sentence. */
const MAX_REASON_CHARS = 160;

/** Looks inside the original, which is open as `file`. Throws ToolMissing. */
export async function examine(job: Job, file: FileHandle): Promise<Found> {
  const head = await readHead(file);
  if (job.kind === 'footage' || job.kind === 'audio') return await examineFootage(job, file);
  if (isBitmap(head)) return await examineBitmap(job);
  if (job.kind === 'photo' || isPicture(head)) return await lookAtPhoto(job);
  return await examineDocument(job, head);
}

async function lookAtPhoto(job: Job): Promise<Found> {
  const tool = `sharp ${(await loadSharp()).versions.sharp ?? 'unknown'}`;
  try {
    const { facts, problem } = await examinePhoto(job.photoPixels);
    return {
      readable: problem === undefined,
      facts,
      ...(problem === undefined ? {} : { problem: sentence(problem) }),
      tool,
    };
  } catch (error) {
    return { readable: false, problem: sentence(`it is no photo docket can open: ${firstLine(error)}`), tool };
  }
}

async function examineBitmap(job: Job): Promise<Found> {
  const tool = `ffprobe ${await versionOf(job.tools.ffprobe, '-version')}`;
  const probed = await tryProbe(job);
  const video = typeof probed === 'string' ? undefined : claimsOf(probed).video;
  if (video === undefined)
    return { readable: false, problem: 'it is no photo docket can open: a damaged bitmap', tool };
  return {
    readable: true,
    facts: { image: { format: 'bmp', widthPx: video.widthPx, heightPx: video.heightPx } },
    tool,
  };
}

async function examineFootage(job: Job, file: FileHandle): Promise<Found> {
  const tool = `ffprobe ${await versionOf(job.tools.ffprobe, '-version')}`;
  const boxes = await readBoxes(file, job.sizeBytes);
  if (boxes.isMp4 && !boxes.hasIndex)
    return {
      readable: false,
      problem: 'the recording was cut off before the camera closed it: it has no index (moov)',
      tool,
    };
  const probed = await tryProbe(job);
  if (typeof probed === 'string') return { readable: false, problem: unopenable(probed), tool };
  const facts = claimsOf(probed);
  const problem = problemOf(job.kind, facts, boxes.missingBytes);
  return { readable: problem === undefined, facts, ...(problem === undefined ? {} : { problem }), tool };
}

/** ffprobe's reason, in a sentence; one that was killed had no time to give any. */
function unopenable(reason: string): string {
  if (/was killed with signal/.test(reason)) return 'looking inside used up the processor time or memory it may have';
  return sentence(`it is no footage or sound docket can open: ${reason}`);
}

function problemOf(kind: Job['kind'], facts: NonNullable<Found['facts']>, missingBytes: number): string | undefined {
  if (missingBytes > 0) return `the file was cut off: its last ${missingBytes} bytes are missing`;
  if (facts.video === undefined && facts.audio === undefined) return 'there is neither picture nor sound in it';
  if (kind === 'footage' && facts.video === undefined) return 'there is no picture in it, only sound';
  if (facts.video !== undefined && facts.video.widthPx * facts.video.heightPx === 0)
    return 'there is no picture in it that can be decoded';
  return undefined;
}

/** What ffprobe found, or its reason for finding nothing. */
async function tryProbe(job: Job): Promise<Probed | string> {
  try {
    return await probe(job.tools);
  } catch (error) {
    if (error instanceof ToolMissing) throw error;
    return reasonOf(error);
  }
}

/** A sentence that quotes another program: one line, bounded. */
function sentence(text: string): string {
  return keepLine(text, MAX_REASON_CHARS);
}
