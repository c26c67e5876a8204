// The small readers of this room: whatever bytes they are given, they give back what is safe to keep, and they end.
import { open, writeFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBoxes } from '../../src/media/boxes.ts';
import { formatOffset } from '../../src/media/digits.ts';
import { readExif } from '../../src/media/exif.ts';
import { sheetTimes } from '../../src/media/sheet.ts';
import { decodeText, keepLine, keepText } from '../../src/media/text.ts';
import { makeTempFolder } from '../temp-folder.ts';
import { encodeGb18030 } from './make-media.ts';

describe('text that is kept', () => {
  it('is well-formed, within its bound, and hides nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(60), (text, most) => {
        const kept = keepText(text, most);
        expect(kept.isWellFormed()).toBe(true);
        expect(kept.length).toBeLessThanOrEqual(most);
        expect(kept).not.toMatch(/(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
        expect(keepLine(text, most)).not.toContain('\n');
      }),
    );
  });

  it('is not cut through a character', () => {
    expect(keepText('证𠮷', 2)).toBe('证');
    expect(keepText('a\ud842', 9)).toBe('a\ufffd');
  });

  it.each([
    ['UTF-8', Buffer.from('执法记录 évidence')],
    ['UTF-8 with a mark', Buffer.from('\ufeff执法记录 évidence')],
    ['UTF-16, little end first', Buffer.from('\ufeff执法记录 évidence', 'utf16le')],
    ['UTF-16, big end first', Buffer.from('\ufeff执法记录 évidence', 'utf16le').swap16()],
  ])('is read in %s', (_encoding, bytes) => {
    expect(keepText(decodeText(bytes) ?? '', 99)).toBe('执法记录 évidence');
  });

  it('is read in GB18030, also when it was cut in a character', () => {
    const bytes = encodeGb18030('执法记录仪');
    expect(decodeText(bytes)).toBe('执法记录仪');
    expect(decodeText(bytes.subarray(0, -1))).toBe('执法记录');
  });

  it('is never made of binary data', () => {
    expect(decodeText(Buffer.from([0x4d, 0x5a, 0, 1, 2]))).toBeUndefined();
    expect(decodeText(Buffer.from([0xff, 0xfa, 0x80, 0x01]))).toBeUndefined();
  });
});

describe('EXIF', () => {
  it('is read without a fault whatever stands in it', () => {
    const marks = [Buffer.from('Exif\0\0II*\0\u0008\0\0\0', 'latin1'), Buffer.from('MM\0*\0\0\0\u0008', 'latin1')];
    fc.assert(
      fc.property(fc.constantFrom(...marks), fc.uint8Array({ maxLength: 400 }), (mark, bytes) => {
        const { created = '', location = '0.000000,0.000000' } = readExif(Buffer.concat([mark, bytes]));
        expect(created.length).toBeLessThan(200);
        expect(location).toMatch(/^-?\d+\.\d{6},-?\d+\.\d{6}$/);
      }),
    );
  });

  it('places what is south and west', () => {
    expect(readExif(gpsBlock('S', [33, 52, 4], 'W', [70, 40, 8])).location).toBe('-33.867778,-70.668889');
    expect(readExif(gpsBlock('N', [91, 0, 0], 'E', [0, 0, 0])).location).toBeUndefined();
  });
});

/** A little-endian TIFF with a GPS directory alone. */
function gpsBlock(ns: string, latitude: readonly number[], ew: string, longitude: readonly number[]): Buffer {
  const block = Buffer.alloc(200);
  block.write('II*\0', 'latin1');
  block.writeUInt32LE(8, 4);
  block.writeUInt16LE(1, 8);
  entry(block, 10, 0x8825, 4, 1, 26);
  block.writeUInt16LE(4, 26);
  entry(block, 28, 1, 2, 2, ns.charCodeAt(0));
  entry(block, 40, 2, 5, 3, 100);
  entry(block, 52, 3, 2, 2, ew.charCodeAt(0));
  entry(block, 64, 4, 5, 3, 130);
  for (const [index, value] of [...latitude, ...longitude].entries()) {
    const at = 100 + index * 8 + (index > 2 ? 6 : 0);
    block.writeUInt32LE(value, at);
    block.writeUInt32LE(1, at + 4);
  }
  return block;
}

function entry(block: Buffer, at: number, tag: number, type: number, count: number, value: number): void {
  block.writeUInt16LE(tag, at);
  block.writeUInt16LE(type, at + 2);
  block.writeUInt32LE(count, at + 4);
  block.writeUInt32LE(value, at + 8);
}

describe('the boxes of an MP4', () => {
  it('are walked to their end whatever sizes they claim', async () => {
    await using folder = await makeTempFolder();
    const box = fc.tuple(fc.nat(0xffff_ffff), fc.constantFrom('ftyp', 'moov', 'mdat', 'free', 'zzzz'));
    await fc.assert(
      fc.asyncProperty(fc.array(box, { minLength: 1, maxLength: 8 }), async (boxes) => {
        const bytes = Buffer.concat(boxes.map(([size, type]) => boxBytes(size, type)));
        await writeFile(folder.at('boxes'), bytes);
        await using file = await open(folder.at('boxes'));
        expect((await readBoxes(file, bytes.length)).missingBytes).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('say how much is missing', async () => {
    await using folder = await makeTempFolder();
    const bytes = Buffer.concat([boxBytes(16, 'ftyp'), boxBytes(16, 'moov'), boxBytes(1000, 'mdat')]);
    await writeFile(folder.at('boxes'), bytes);
    await using file = await open(folder.at('boxes'));
    expect(await readBoxes(file, bytes.length)).toEqual({ isMp4: true, hasIndex: true, missingBytes: 984 });
  });
});

/** A box of sixteen bytes that claims a size. */
function boxBytes(size: number, type: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(size);
  bytes.write(type, 4, 'latin1');
  return bytes;
}

describe('a contact sheet', () => {
  it('takes frames from inside the recording, in order, twelve at most', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (durationS) => {
        const times = sheetTimes(durationS);
        expect(times.length).toBeGreaterThan(0);
        expect(times.length).toBeLessThanOrEqual(12);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.at(-1)).toBeLessThanOrEqual(durationS);
      }),
    );
  });

  it.each([
    [0, false, '0:00'],
    [59.99, true, '0:59.9'],
    [65, false, '1:05'],
    [3661.5, false, '1:01:01'],
    [3599.96, true, '59:59.9'],
  ])('writes %d seconds as people do', (seconds, tenths, text) => {
    expect(formatOffset(seconds, tenths)).toBe(text);
  });
});
