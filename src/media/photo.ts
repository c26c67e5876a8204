// Photos, through sharp: what they claim, whether they decode to the end, and a small upright picture of them.
// Runs in the examiner only: libvips and its decoders are native code, and a photo may be made to break them.
// Opens nothing but the formats cameras write: no SVG, no PDF, nothing that could name other files.
import type { Sharp, SharpOptions } from 'sharp';
import type { MediaFacts } from '../evidence/index.ts';
import { readExif } from './exif.ts';
import { ORIGINAL } from './tools.ts';

/** libvips readers that may open an original, and the one for labels we draw ourselves. */
const READERS = ['Jpeg', 'Png', 'Webp', 'Tiff', 'Heif', 'Nsgif'].map((format) => `VipsForeignLoad${format}`);
const OWN_READERS = ['VipsForeignLoadSvgBuffer'];

/** Longer side of a poster at most, in pixels. */
export const POSTER_PX = 640;
const POSTER_JPEG = { quality: 82, mozjpeg: true } as const;

/** sharp, loaded when first needed, with one thread, no cache and only the readers we want. */
export async function loadSharp(): Promise<typeof import('sharp').default> {
  const { default: sharp } = await import('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: [...READERS, ...OWN_READERS] });
  return sharp;
}

/** Opens the original for one reading from top to bottom. */
async function openPhoto(options: SharpOptions): Promise<Sharp> {
  const sharp = await loadSharp();
  return sharp(ORIGINAL, { sequentialRead: true, ...options });
}

/** The facts of a photo and, if it does not decode to its end, why. Throws sharp's error when it is no photo at all. */
export async function examinePhoto(limitInputPixels: number): Promise<{ facts: MediaFacts; problem?: string }> {
  const claims = await (await openPhoto({ limitInputPixels })).metadata();
  const { format, width: widthPx, height: heightPx, orientation } = claims;
  const image = { format, widthPx, heightPx, ...(orientation === undefined ? {} : { orientation }) };
  const facts = { image, ...(claims.exif === undefined ? {} : readExif(claims.exif)) };
  try {
    await (await openPhoto({ limitInputPixels, failOn: 'error' })).resize(64).raw().toBuffer();
    return { facts };
  } catch (error) {
    return { facts, problem: `the photo does not decode to its end: ${firstLine(error)}` };
  }
}

/** A small upright JPEG of the photo, as far as it decodes. */
export async function drawPhoto(limitInputPixels: number): Promise<Buffer> {
  return await asPoster(await openPhoto({ limitInputPixels, failOn: 'none' }));
}

/** Upright, at most POSTER_PX on both sides, on white where it was transparent. */
export async function asPoster(picture: Sharp): Promise<Buffer> {
  return await picture
    .autoOrient()
    .resize({ width: POSTER_PX, height: POSTER_PX, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg(POSTER_JPEG)
    .toBuffer();
}

/** What sharp says is wrong, without the lines that follow. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '')
    .replaceAll(ORIGINAL, 'it')
    .replace(/^Input file/, 'it')
    .trim();
}
