// A glance at the first bytes, in this process: what needs no decoder is told without starting one.
// Compares bytes and decodes plain text, nothing else; whatever could be a recording, a picture, a PDF or a DOCX goes to the examiner.
import type { FileHandle } from 'node:fs/promises';
import { examineText } from './document.ts';
import type { Found, Job } from './job.ts';
import { isBitmap, isPdf, isPicture, isZip, mayBeRecording } from './marks.ts';

/** First bytes read to tell what a file is, and all of a plain text file that can be kept: four bytes per character. */
const HEAD_BYTES = 64 * 1024;

/** The first bytes of an open file. */
export async function readHead(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

/** What the first bytes alone say; undefined when the examiner must look. */
export function glance(job: Pick<Job, 'kind' | 'extension' | 'textChars'>, head: Buffer): Found | undefined {
  if (head.every((byte) => byte === 0))
    return { readable: false, problem: 'it begins with nothing but zeros: no recording was written', tool: 'docket' };
  if (job.kind === 'footage' || job.kind === 'audio')
    return mayBeRecording(head)
      ? undefined
      : { readable: false, problem: 'it is none of the forms of recordings that docket knows', tool: 'docket' };
  if (job.kind === 'photo' || isPdf(head) || isZip(head) || isPicture(head) || isBitmap(head)) return undefined;
  return examineText(job, head);
}
