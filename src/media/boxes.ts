// The outermost boxes of an MP4 or MOV file: tells a recording that was cut off from one that is whole.
// Reads a few bytes per box and believes no size; never looks into a box. ISO/IEC 14496-12, section 4.2.
import type { FileHandle } from 'node:fs/promises';

/** Boxes looked at: a recording has a handful, a fragmented one two per second. */
const MAX_BOXES = 100_000;
const OUTERMOST = new Set([
  'ftyp',
  'moov',
  'mdat',
  'free',
  'skip',
  'wide',
  'uuid',
  'pnot',
  'moof',
  'mfra',
  'sidx',
  'styp',
  'meta',
  'emsg',
]);

/** Whether this is MP4 or MOV at all, has its index, and how many bytes its last box lacks. */
export interface Boxes {
  readonly isMp4: boolean;
  readonly hasIndex: boolean;
  readonly missingBytes: number;
}

/** Walks the boxes of an open file of `sizeBytes`. */
export async function readBoxes(file: FileHandle, sizeBytes: number): Promise<Boxes> {
  let [at, hasIndex, first] = [0, false, ''];
  for (let count = 0; count < MAX_BOXES && at + 8 <= sizeBytes; count += 1) {
    const box = await readBox(file, at);
    if (box === undefined) break;
    first ||= box.type;
    hasIndex ||= box.type === 'moov' || box.type === 'moof';
    if (box.sizeBytes === 0) break; // reaches to the end of the file
    at += box.sizeBytes;
  }
  const isMp4 = first !== '' && (first === 'ftyp' || first === 'moov' || first === 'mdat' || first === 'wide');
  return { isMp4, hasIndex, missingBytes: isMp4 ? Math.max(0, at - sizeBytes) : 0 };
}

/** Type and size of the box at an offset; undefined where there is none (padding, garbage behind the last box). */
async function readBox(file: FileHandle, at: number): Promise<{ type: string; sizeBytes: number } | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, at);
  const type = buffer.toString('latin1', 4, 8);
  if (bytesRead < 8 || !OUTERMOST.has(type)) return undefined;
  const short = buffer.readUInt32BE(0);
  const sizeBytes = short === 1 ? Number(buffer.readBigUInt64BE(8)) : short;
  if (sizeBytes !== 0 && (sizeBytes < 8 || !Number.isSafeInteger(at + sizeBytes))) return undefined;
  return { type, sizeBytes };
}
