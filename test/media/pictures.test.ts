// Posters and contact sheets: what an archivist sees first. They can be lost, and made again.
import { readdir, readFile, rm } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ItemId, type ItemKind, parseItemId } from '../../src/evidence/index.ts';
import { DEFAULT_MEDIA_LIMITS, type Media, type Pictures } from '../../src/media/index.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { type MadeMedia, makeFootage } from './make-media.ts';
import { look, openTestMedia } from './open.ts';

let folder: TempFolder;
let made: MadeMedia;
let media: Media;
let count = 0;

beforeAll(async () => {
  folder = await makeTempFolder();
  made = await makeFootage(folder.at('media'));
  media = openTestMedia(folder.path);
});
afterAll(async () => {
  await media[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function newItem(): ItemId {
  count += 1;
  return parseItemId(`20260131-080000-00000000-${String(count).padStart(6, '0')}`);
}

async function draw(path: string, kind: ItemKind, item = newItem(), room = media): Promise<Pictures> {
  const { facts } = await look(room, path, kind);
  return await room.makePictures({ path, item, kind, name: 'BC_BC01_013579_20260131_080000.mp4', facts });
}

describe('pictures of footage', () => {
  it('are a poster and a sheet of up to twelve frames, in the folder of the item', async () => {
    const item = newItem();
    const pictures = await draw(made.footage, 'footage', item);
    expect(pictures).toEqual({
      poster: folder.at('derived', item, 'poster.jpg'),
      contactSheet: folder.at('derived', item, 'contact-sheet.jpg'),
    });
    expect((await readdir(folder.at('derived', item))).toSorted()).toEqual(['contact-sheet.jpg', 'poster.jpg']);
    expect(await sharp(pictures.poster).metadata()).toMatchObject({ format: 'jpeg', width: 640, height: 360 });
    const sheet = await sharp(pictures.contactSheet).metadata();
    expect(sheet).toMatchObject({ format: 'jpeg' });
    expect(sheet.width).toBeGreaterThan(4 * 320);
    expect(sheet.height).toBeGreaterThan(3 * 180);
  });

  it('stand upright when the camera did not', async () => {
    expect(await sharp((await draw(made.turned, 'footage')).poster).metadata()).toMatchObject({
      width: 180,
      height: 320,
    });
  });

  it('have their true proportions when the pixels are not square', async () => {
    const { width, height } = await sharp((await draw(made.squeezed, 'footage')).poster).metadata();
    expect(width / height).toBeCloseTo(720 / 288, 1);
  });

  it('show something, also when the recording begins in the dark', async () => {
    const { channels } = await sharp((await draw(made.darkAtFirst, 'footage')).poster)
      .greyscale()
      .stats();
    expect(channels[0]?.stdev).toBeGreaterThan(20);
  });

  it('are made of what there is when the recording was cut off', async () => {
    const pictures = await draw(made.cut, 'footage');
    expect(pictures.poster).toBeDefined();
    expect(pictures.contactSheet).toBeDefined();
  });

  it('end with the frames there are when time is up', async () => {
    await using hurried = openTestMedia(folder.path, { limits: { ...DEFAULT_MEDIA_LIMITS, picturesMs: 1 } });
    const item = newItem();
    const pictures = await draw(made.footage, 'footage', item, hurried);
    expect(pictures.contactSheet).toBeUndefined();
  });

  it('are made again when they were lost, the same to the byte', async () => {
    const item = newItem();
    const { poster = '', contactSheet = '' } = await draw(made.footage, 'footage', item);
    const before = [await readFile(poster), await readFile(contactSheet)];
    await rm(folder.at('derived'), { recursive: true });
    await draw(made.footage, 'footage', item);
    expect([await readFile(poster), await readFile(contactSheet)]).toEqual(before);
  });
});

describe('pictures of a photo', () => {
  it('are a poster', async () => {
    const pictures = await draw(made.photo, 'photo');
    expect(Object.keys(pictures)).toEqual(['poster']);
    expect(await sharp(pictures.poster).metadata()).toMatchObject({ width: 640, height: 360 });
  });

  it('stand upright when the camera did not', async () => {
    const { width, height } = await sharp((await draw(made.sideways, 'photo')).poster).metadata();
    expect(width).toBeLessThan(height);
  });

  it('are made of bitmaps too', async () => {
    expect((await draw(made.bitmap, 'photo')).poster).toBeDefined();
  });
});

describe('what no picture can be made of', () => {
  it('says so', async () => {
    for (const [path, kind] of [
      [made.moovless, 'footage'],
      [made.pdf, 'document'],
      [made.audio, 'audio'],
    ] as const) {
      const pictures = await draw(path, kind);
      expect(pictures.poster).toBeUndefined();
      expect(pictures.contactSheet).toBeUndefined();
    }
  });
});
