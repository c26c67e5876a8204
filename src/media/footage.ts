// The only file that knows fluent-ffmpeg (archived upstream, so it stays behind these functions and can be replaced).
// Runs in the examiner, whose limits every ffmpeg inherits. Reads the original by its descriptor, never by its name; knows no
// protocol but files and pipes, and no playlist or pattern format that would make one file open others.
import { PassThrough } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import type { Probed } from './claims.ts';
import { isMissing, readUpTo, ToolMissing, type Tools } from './tools.ts';

/** Formats cameras write. Not here, on purpose: concat, hls, dash, image2, sdp, lavfi and all else that names other inputs. */
const FORMATS =
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,mpegvideo,h264,hevc,m4v,wav,w64,aac,mp3,amr,ogg,flac,caf,aiff,dhav,bmp_pipe';

/** The original, opened anew through the descriptor of this process: a `:`, `%` or leading `-` in its name is never seen. */
const SOURCE = `file:/proc/${process.pid}/fd/0`;

const CAREFUL = ['-v', 'error', '-hide_banner', '-protocol_whitelist', 'file,pipe', '-format_whitelist', FORMATS];
/** Bytes and microseconds ffprobe may read to find out what the streams are; most streams of one file. */
const PROBING = ['-probesize', '20000000', '-analyzeduration', '20000000', '-max_streams', '32'];

/** Longest a single frame may take, in seconds. */
const MAX_FRAME_S = 20;
/** Bytes of one frame as PNG: 640 x 640 pixels of noise and some. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** What ffprobe says of the original. Throws ToolMissing, or an Error whose last line is ffprobe's reason. */
export async function probe(tools: Tools): Promise<Probed> {
  ffmpeg.setFfprobePath(tools.ffprobe);
  return await new Promise((resolve, reject) => {
    ffmpeg(SOURCE).ffprobe([...CAREFUL, ...PROBING], (error: unknown, data) => {
      if (isMissing(error)) reject(new ToolMissing(tools.ffprobe));
      else if (error instanceof Error) reject(error);
      else resolve(data);
    });
  });
}

/** Which frame, how large at most, and when to give up. */
export interface Grab {
  /** Seconds from the beginning. */
  readonly atS: number;
  /** Longer side of the frame at most, in pixels; small frames are not enlarged. */
  readonly sidePx: number;
  readonly tools: Tools;
  readonly signal: AbortSignal;
}

/** One frame as PNG, upright and with square pixels; empty when there is none at that time. Throws ToolMissing or an Error. */
export async function grabFrame({ atS, sidePx, tools, signal }: Grab): Promise<Buffer> {
  ffmpeg.setFfmpegPath(tools.ffmpeg);
  const command = ffmpeg(SOURCE, { timeout: MAX_FRAME_S })
    .inputOptions([...CAREFUL, '-nostdin', '-threads', '1'])
    .seekInput(atS)
    .noAudio()
    .videoFilters(fitInto(sidePx))
    .outputOptions([
      '-map',
      '0:V:0',
      '-sn',
      '-dn',
      '-frames:v',
      '1',
      '-threads',
      '1',
      '-c:v',
      'png',
      '-f',
      'image2pipe',
    ]);
  const stop = (): void => void command.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await runFrame(command, tools.ffmpeg, stop);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function runFrame(command: ffmpeg.FfmpegCommand, program: string, stop: () => void): Promise<Buffer> {
  const output = new PassThrough();
  const ended = new Promise<void>((resolve, reject) => {
    command.on('end', () => resolve());
    command.on('error', (error: unknown) => {
      output.end();
      reject(isMissing(error) ? new ToolMissing(program) : new Error(reasonOf(error), { cause: error }));
    });
  });
  command.pipe(output, { end: true });
  const [frame] = await Promise.all([readUpTo(output, MAX_FRAME_BYTES, stop), ended]);
  return frame;
}

/** The filters that make pixels square and the frame fit a square box, shrinking only. */
function fitInto(sidePx: number): string {
  const square = `scale=w='max(1,trunc(iw*if(sar,sar,1)))':h=ih,setsar=1`;
  return `${square},scale=w='min(${sidePx},iw)':h='min(${sidePx},ih)':force_original_aspect_ratio=decrease:flags=area`;
}

/** ffmpeg's own reason: the last line it said, without the name of the descriptor. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const last = message.trimEnd().split('\n').at(-1) ?? '';
  return last.replace(/^(?:\[[^\]]*\]\s*)?(?:file:\S*:\s*)?/, '').trim();
}
