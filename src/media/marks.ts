// What a file is by its first bytes. Pure: compares bytes, opens nothing.
// Never the last word: what a file really holds, the examiner finds out.

/** Readers of PDF look for the mark in the first kilobyte, so we do. */
const PDF_MARK_WITHIN = 1024;
/** Where the sync byte of MPEG transport streams stands again: plain, and with the time stamps of AVCHD. */
const TS_STEPS = [188, 192] as const;

/** A Windows bitmap: some cameras write it, sharp does not read it, ffmpeg does. */
export function isBitmap(head: Buffer): boolean {
  return head.toString('latin1', 0, 2) === 'BM' && head.length > 26 && head.readUInt32LE(6) === 0;
}

/** JPEG, PNG, WebP or TIFF by their marks: a scan handed in as a document. */
export function isPicture(head: Buffer): boolean {
  const mark = head.toString('latin1', 0, 4);
  return (
    mark.startsWith('\u00ff\u00d8\u00ff') ||
    mark === '\u0089PNG' ||
    mark === 'II*\0' ||
    mark === 'MM\0*' ||
    head.toString('latin1', 8, 12) === 'WEBP'
  );
}

/** PDF. */
export function isPdf(head: Buffer): boolean {
  return head.subarray(0, PDF_MARK_WITHIN).includes('%PDF-');
}

/** A zip archive, which a DOCX is. */
export function isZip(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === 'PK\u0003\u0004';
}

/** Marks at the beginning of recordings: ISO media and QuickTime (at 4), RIFF, Matroska, ASF, FLV, Ogg, FLAC, ID3, AMR, CAF, AIFF, DAV, MPEG, raw H.264/H.265. */
const AT_4 = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'moof', 'styp', 'uuid']);
const AT_0 = [
  'RIFF',
  'RF64',
  'riff',
  '\u001aE\u00df\u00a3',
  '0&\u00b2u',
  'FLV',
  'OggS',
  'fLaC',
  'ID3',
  '#!AMR',
  'caff',
  'FORM',
  'DHAV',
  'DAHUA',
  '\0\0\u0001',
  '\0\0\0\u0001',
];

/** Whether this may be a recording at all: one of the forms cameras write, or a stream that shows its rhythm. */
export function mayBeRecording(head: Buffer): boolean {
  const start = head.toString('latin1', 0, 16);
  return (
    AT_4.has(start.slice(4, 8)) ||
    AT_0.some((mark) => start.startsWith(mark)) ||
    isTransportStream(head) ||
    isSoundStream(head)
  );
}

function isTransportStream(head: Buffer): boolean {
  return TS_STEPS.some((step) => {
    const first = step === 192 ? 4 : 0;
    return head.length > first + 2 * step && [0, 1, 2].every((k) => head[first + k * step] === 0x47);
  });
}

/** MP3 and ADTS AAC have no header, only frames that begin with eleven set bits, and fields of which some values are not in use. */
function isSoundStream(head: Buffer): boolean {
  const [sync, a, b] = [head[0], head[1] ?? 0, head[2] ?? 0];
  if (sync !== 0xff || (a & 0xe0) !== 0xe0) return false;
  const adts = (a & 0xf6) === 0xf0 && (b & 0x3c) >> 2 < 13;
  const mpeg = (a & 0x06) !== 0 && (a & 0x18) !== 0x08 && (b & 0xf0) !== 0xf0 && (b & 0x0c) !== 0x0c;
  return adts || mpeg;
}
