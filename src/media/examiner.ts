// The child that looks inside one original and ends: `limited.sh … node examiner.ts JOB <original`. One child per look, so
// that no file can touch what is said of the next, a decoder that breaks costs one look, and the memory is given back.
// Writes nothing but its answer, JSON on standard output; it could not write a file if it wanted to.
import { open } from 'node:fs/promises';
import { examine } from './examine.ts';
import type { Answer, Job } from './job.ts';
import { loadSharp } from './photo.ts';
import { drawPictures } from './pictures.ts';
import { ORIGINAL, ToolMissing } from './tools.ts';
import { WARM_ARGUMENT } from './warm.ts';

async function answer(job: Job, signal: AbortSignal): Promise<Answer> {
  const file = await open(ORIGINAL, 'r');
  try {
    if (job.task === 'pictures') return { drawn: await drawPictures(job, file, signal) };
    return { found: await examine(job, file) };
  } catch (error) {
    if (error instanceof ToolMissing) return { missing: error.tool };
    throw error;
  } finally {
    await file.close();
  }
}

/** Takes the job from the command line; SIGTERM asks it to end with what it has. */
async function main(): Promise<void> {
  if (process.argv[2] === WARM_ARGUMENT) {
    await loadSharp(); // everything else is loaded already
    return;
  }
  const ending = new AbortController();
  process.on('SIGTERM', () => ending.abort());
  const job = JSON.parse(process.argv[2] ?? '') as Job; // our own parent wrote it
  const said = JSON.stringify(await answer(job, ending.signal));
  process.stdout.write(said, () => process.exit(0));
}

if (import.meta.main) await main();
