// What a look inside real media finds: what each file claims of itself, raw.
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEntry, MAX_ENTRY_BYTES, type MediaFacts, parseItemId } from '../../src/evidence/index.ts';
import type { Media } from '../../src/media/index.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { type MadeMedia, makeFootage } from './make-media.ts';
import { look, openTestMedia } from './open.ts';

let folder: TempFolder;
let made: MadeMedia;
let media: Media;

beforeAll(async () => {
  folder = await makeTempFolder();
  made = await makeFootage(folder.at('media'));
  media = openTestMedia(folder.path);
});
afterAll(async () => {
  await media[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe('a look inside footage', () => {
  it('finds length, codecs, size, rate, time and place', async () => {
    const found = await look(media, made.footage, 'footage');
    expect(found).toMatchObject({
      readable: true,
      tool: expect.stringMatching(/^ffprobe \d+\.\d+/) as unknown,
      facts: {
        container: 'mov,mp4,m4a,3gp,3g2,mj2',
        durationMs: 6000,
        video: { codec: 'h264', widthPx: 640, heightPx: 360, framesPerSecond: 15 },
        audio: { codec: 'aac', channels: 1, sampleRateHz: 16_000 },
        created: '2026-01-31T00:00:00.000000Z',
        location: '+31.2304+121.4737/',
      },
    });
    expect(found.facts?.bitRate).toBeGreaterThan(10_000);
    expect(found.problem).toBeUndefined();
  });

  it('finds how the camera was held', async () => {
    const { facts } = await look(media, made.turned, 'footage');
    expect(Math.abs(facts?.video?.rotation ?? 0)).toBe(90);
  });

  it('finds what an audio note is', async () => {
    expect((await look(media, made.audio, 'audio')).facts?.audio?.codec).toBe('aac');
    expect(await look(media, made.wav, 'audio')).toMatchObject({
      readable: true,
      facts: { container: 'wav', durationMs: 2000, audio: { codec: 'pcm_s16le', sampleRateHz: 8000 } },
    });
  });

  it('leaves the original as it was, to the byte and the time', async () => {
    const before = { bytes: await readFile(made.footage), modified: (await stat(made.footage)).mtimeMs };
    await look(media, made.footage, 'footage');
    await media.makePictures({
      path: made.footage,
      item: parseItemId('20260131-080000-00000000-000009'),
      kind: 'footage',
      name: 'x.mp4',
      facts: (await look(media, made.footage, 'footage')).facts,
    });
    expect({ bytes: await readFile(made.footage), modified: (await stat(made.footage)).mtimeMs }).toEqual(before);
  });

  it.each(['-i.mp4', 'a:b%03d.mp4', 'http:x.mp4', "it's [n=2]*?.mp4", 'concat:a|b.mp4', '重点\n.mp4', '.bytes'])(
    'reads a file with the name %j as a file',
    async (name) => {
      await mkdir(folder.at('names'), { recursive: true });
      const path = folder.at('names', name);
      await copyFile(made.footage, path);
      expect(await look(media, path, 'footage')).toMatchObject({ readable: true, facts: { durationMs: 6000 } });
    },
  );
});

describe('a look inside a photo', () => {
  it('finds size, and when and where it says it was taken', async () => {
    expect(await look(media, made.photo, 'photo')).toMatchObject({
      readable: true,
      tool: expect.stringMatching(/^sharp \d+\.\d+/) as unknown,
      facts: {
        image: { format: 'jpeg', widthPx: 1280, heightPx: 720 },
        created: '2026:01:31 08:00:08 +08:00',
        location: '31.230400,121.473700',
      },
    });
  });

  it('finds how it was held', async () => {
    expect((await look(media, made.sideways, 'photo')).facts?.image?.orientation).toBe(6);
  });

  it('finds the size of a bitmap', async () => {
    expect(await look(media, made.bitmap, 'photo')).toMatchObject({
      readable: true,
      facts: { image: { format: 'bmp', widthPx: 320, heightPx: 180 } },
    });
  });

  it('reads a photo whose name has brackets, stars and quotes', async () => {
    await mkdir(folder.at('names'), { recursive: true });
    const path = folder.at('names', "p[page=3]*'.jpg");
    await copyFile(made.photo, path);
    expect((await look(media, path, 'photo')).readable).toBe(true);
  });
});

describe('a look inside a document', () => {
  it.each(['pdf', 'docx', 'gb18030', 'utf16'] as const)('finds the words of a %s', async (kind) => {
    const { readable, facts } = await look(media, made[kind], 'document');
    expect(readable).toBe(true);
    for (const words of made.words) expect(facts?.text).toContain(words);
  });

  it('finds how many pages there are', async () => {
    expect((await look(media, made.pdf, 'document')).facts?.pages).toBe(2);
    expect((await look(media, made.docx, 'document')).facts?.pages).toBe(3);
  });

  it('reads marks of the text as text', async () => {
    expect((await look(media, made.docx, 'document')).facts?.text).toContain('A & B < C');
  });

  it('unzips a document whose name is a pattern', async () => {
    await mkdir(folder.at('names'), { recursive: true });
    const path = folder.at('names', '[a-z]*.docx');
    await copyFile(made.docx, path);
    expect((await look(media, path, 'document')).readable).toBe(true);
  });

  it('looks at a scan as at a photo', async () => {
    expect((await look(media, made.photo, 'document')).facts?.image?.format).toBe('jpeg');
  });

  it('keeps no more text than an entry of the ledger holds', async () => {
    const path = folder.at('long.txt');
    await writeFile(path, `bell\u0007${'"证\\\n\u202e𠮷'.repeat(40_000)}`);
    const { facts } = await look(media, path, 'document');
    expect(facts?.text?.isWellFormed()).toBe(true);
    expect(facts?.text).not.toMatch(/\u0007|\u202e/);
    expect(Buffer.byteLength(facts?.text ?? '')).toBeGreaterThan(19_000);
    expect(encode(facts).length).toBeLessThan(MAX_ENTRY_BYTES);
  });
});

function encode(facts: MediaFacts | undefined): Buffer {
  return encodeEntry({
    v: 1,
    kind: 'item.examined',
    at: '2026-01-31T00:00:00.000Z' as Parameters<typeof encodeEntry>[0]['at'],
    actor: { kind: 'station', name: 'docketd' },
    item: parseItemId('20260131-080000-00000000-000001'),
    readable: true,
    facts,
    tool: 'docket text',
  });
}
