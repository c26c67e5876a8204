// The programs that look inside files, and the one way to run them: no shell, no name of the original, little output.
// The original is this process's own standard input, opened for reading only; a tool gets it as its standard input too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Names or absolute paths of the programs. */
export interface Tools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly pdftotext: string;
  readonly pdfinfo: string;
  readonly unzip: string;
}

/** As Debian's ffmpeg, poppler-utils and unzip install them. */
export const DEFAULT_TOOLS: Tools = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffprobe',
  pdftotext: 'pdftotext',
  pdfinfo: 'pdfinfo',
  unzip: 'unzip',
};

/** The original as a program sees it that has it as standard input: opened anew, so it can be sought in. */
export const ORIGINAL = '/proc/self/fd/0';

/** Bytes of standard error kept: the last line is what matters. */
const MAX_ERROR_BYTES = 4096;

/** A program that is not installed. Never leaves the examiner: there it becomes Failure 'media-tool-missing'. */
export class ToolMissing extends Error {
  readonly tool: string;

  constructor(tool: string) {
    super(`${tool} is not installed`);
    this.tool = tool;
  }
}

/** What a program said: at most `maxBytes` of its output. */
export interface ToolOutput {
  /** Exit code; null when it was killed, also because it said too much. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a tool over the original and stops it once it has said `maxBytes`. Throws ToolMissing. */
export async function runTool(tool: string, args: readonly string[], maxBytes: number): Promise<ToolOutput> {
  const child = spawn(tool, args, { stdio: ['inherit', 'pipe', 'pipe'] });
  const ended = once(child, 'close').catch((error: unknown) => {
    throw isMissing(error) ? new ToolMissing(tool) : error;
  });
  const [stdout, stderr] = await Promise.all([
    readUpTo(child.stdout, maxBytes, () => child.kill('SIGKILL')),
    readUpTo(child.stderr, MAX_ERROR_BYTES, () => undefined),
    ended,
  ]);
  return { code: child.exitCode, stdout, stderr: stderr.toString('utf8') };
}

/** First number in what the program says of its own version, `5.1.9` or `22.12.0`; 'unknown' if it says none. */
export async function versionOf(tool: string, flag: string): Promise<string> {
  const { stdout, stderr } = await runTool(tool, [flag], MAX_ERROR_BYTES);
  return /\d+(?:\.\d+)+/.exec(`${stdout.toString('utf8')}\n${stderr}`)?.[0] ?? 'unknown';
}

/** True for the error of a program that cannot be started because it is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The first `maxBytes` of a stream; `full` is called when there is more, and the rest is read and dropped. */
export async function readUpTo(stream: AsyncIterable<Buffer>, maxBytes: number, full: () => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let kept = 0;
  for await (const chunk of stream) {
    if (kept + chunk.length > maxBytes) full();
    const part = chunk.subarray(0, maxBytes - kept);
    if (part.length > 0) chunks.push(part);
    kept += part.length;
  }
  return Buffer.concat(chunks);
}
