// Real and hostile media for the tests of this room, made with ffmpeg, sharp and by hand; the same names every time.
// Everything lies under the folder given; the large files are sparse.
import { copyFile, mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';
import { makeDocx, makePdf, makeZip } from '../../fixtures/documents.ts';
import { ffmpeg, makeCameraFixture } from '../../fixtures/make-camera.ts';

/** Absolute paths by what they are. */
export interface MadeMedia {
  readonly footage: string;
  /** Portrait by a rotation of 90 degrees; stored 320 x 180. */
  readonly turned: string;
  /** Anamorphic AVI: 360 x 288 stored, pixels twice as wide as high. */
  readonly squeezed: string;
  /** Black for its first half, then a picture. */
  readonly darkAtFirst: string;
  readonly audio: string;
  readonly wav: string;
  readonly photo: string;
  /** A photo held sideways: orientation 6, stored wide. */
  readonly sideways: string;
  readonly bitmap: string;
  readonly moovless: string;
  /** Another recording, of a form that playlists name. */
  readonly another: string;
  /** Index first, then cut in its pictures. */
  readonly cut: string;
  readonly pdf: string;
  readonly docx: string;
  readonly gb18030: string;
  readonly utf16: string;
  readonly words: readonly string[];
}

/** Rows of Chinese that every document of the tests holds. */
const WORDS = ['现场检查笔录', '案件编号:2026-LX-0003', '检查地点:上海市黄浦区示例路12号', '当事人阅后签名确认。'];

/** Makes media that can be read, and two recordings that were cut off. */
export async function makeFootage(dir: string): Promise<MadeMedia> {
  await mkdir(dir, { recursive: true });
  const at = (name: string): string => join(dir, name);
  const made = await makeCameraFixture({
    dir,
    camera: 'BC01',
    officer: '013579',
    startLocal: '2026-01-31T08:00:00',
    case: '2026-LX-0003',
  });
  const footage = join(made.cameraDir, made.segments[0] ?? '');
  const photo = join(made.cameraDir, made.photo);
  const [pattern, h264] = [
    ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=10:d=3'],
    ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
  ];
  await ffmpeg([...pattern, ...h264, at('flat.mp4')]);
  await ffmpeg(['-i', at('flat.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', at('turned.mp4')]);
  await ffmpeg([
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=360x288:r=10:d=2',
    '-vf',
    'setsar=2',
    '-c:v',
    'mpeg4',
    at('squeezed.avi'),
  ]);
  await ffmpeg([
    '-f',
    'lavfi',
    '-i',
    'color=black:s=320x180:r=10:d=4',
    ...pattern,
    '-filter_complex',
    'concat=n=2',
    ...h264,
    at('dark.mp4'),
  ]);
  await ffmpeg(['-i', footage, '-c', 'copy', '-movflags', 'faststart', at('faststart.mp4')]);
  await ffmpeg(['-f', 'lavfi', '-i', 'sine=duration=2:sample_rate=8000', at('note.wav')]);
  await ffmpeg([...pattern, '-frames:v', '1', at('frame.bmp')]);
  await ffmpeg(['-i', footage, '-c', 'copy', at('another.ts')]);
  await shorten(footage, at('moovless.mp4'), 0.5);
  await shorten(at('faststart.mp4'), at('cut.mp4'), 0.6);
  const { default: sharp } = await import('sharp');
  await sharp(photo).withMetadata({ orientation: 6 }).jpeg().toFile(at('sideways.jpg'));
  await writeFile(at('record.pdf'), makePdf(Array.from({ length: 10 }, () => WORDS).flat()));
  await writeFile(at('record.docx'), makeDocx([...WORDS, 'A & B < C'], 3));
  await writeFile(at('record.gb.txt'), encodeGb18030(WORDS.join('\r\n')));
  await writeFile(at('record.utf16.txt'), Buffer.from(`\ufeff${WORDS.join('\n')}`, 'utf16le'));
  return {
    footage,
    photo,
    words: WORDS,
    audio: join(made.cameraDir, made.audio),
    turned: at('turned.mp4'),
    squeezed: at('squeezed.avi'),
    darkAtFirst: at('dark.mp4'),
    wav: at('note.wav'),
    sideways: at('sideways.jpg'),
    bitmap: at('frame.bmp'),
    moovless: at('moovless.mp4'),
    cut: at('cut.mp4'),
    another: at('another.ts'),
    pdf: at('record.pdf'),
    docx: at('record.docx'),
    gb18030: at('record.gb.txt'),
    utf16: at('record.utf16.txt'),
  };
}

async function shorten(from: string, to: string, part: number): Promise<void> {
  await copyFile(from, to);
  await truncate(to, Math.floor((await readFile(from)).length * part));
}

/** GB18030, by asking the decoder for every two-byte character: node decodes it but does not encode it. */
export function encodeGb18030(text: string): Buffer {
  const decoder = new TextDecoder('gb18030');
  const codes = new Map<string, Buffer>();
  for (let high = 0x81; high <= 0xfe; high += 1)
    for (let low = 0x40; low <= 0xfe; low += 1) {
      const code = Buffer.from([high, low]);
      if (low !== 0x7f) codes.set(decoder.decode(code), code);
    }
  return Buffer.concat(
    [...text].map((each) => (each < '\u0080' ? Buffer.from(each) : (codes.get(each) ?? Buffer.from('?')))),
  );
}

/** A file that claims to be five GiB and holds what is given at its beginning. */
export async function makeSparse(path: string, head: Buffer): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.write(head);
    await file.truncate(5 * 1024 ** 3);
  } finally {
    await file.close();
  }
}

/** A PNG of a few kilobytes that claims and unpacks to `side` x `side` pixels. */
export function makePngBomb(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(Math.min(side, 2000) * (side + 1)));
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([mark, pngChunk('IHDR', header), pngChunk('IDAT', rows), pngChunk('IEND', Buffer.alloc(0))]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

/** A DOCX whose text unpacks to `mebibytes` of one paragraph after the other. */
export function makeDocxBomb(mebibytes: number): Buffer {
  const text = Buffer.alloc(mebibytes * 1024 ** 2, '<w:p><w:r><w:t>甲</w:t></w:r></w:p>');
  return makeZip([
    { name: 'word/document.xml', bytes: deflateRawSync(text), sizeBytes: text.length, crc: crc32(text), method: 8 },
  ]);
}
