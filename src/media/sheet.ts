// The contact sheet: up to twelve frames of a recording in a grid, each with its time, so that a person sees at a glance
// what is on it. Layout and one composition; takes frames that were made elsewhere and writes no file.
import type { OverlayOptions } from 'sharp';
import type { MediaFacts } from '../evidence/index.ts';
import { drawLabel, formatOffset } from './digits.ts';
import { loadSharp } from './photo.ts';

/** Frames on a sheet at most. */
const MAX_FRAMES = 12;
/** Frames closer than this, in seconds, show nothing new. */
const MIN_APART_S = 0.25;
/** Longer side of a frame on the sheet, in pixels. */
export const TILE_PX = 320;
/** Around and between the frames, in pixels. */
const GAP_PX = 8;
const CAPTION_PX = 34;
const LABEL_PX = 22;
const LABEL_INSET_PX = 6;
const BACKGROUND = '#15171a';
const SHEET_JPEG = { quality: 82, mozjpeg: true } as const;
/** From this far apart, in seconds, whole seconds tell frames apart. */
const WHOLE_SECONDS_S = 2;

/** One frame: its time into the recording and its picture as PNG. */
export interface Frame {
  readonly atS: number;
  readonly png: Buffer;
}

/** What is written above the frames, where the station has a font for it. */
export interface Caption {
  readonly title: string;
  readonly facts: MediaFacts;
}

/** The times to look at: the middles of equal parts, so neither the first nor the last frame, which are often black. */
export function sheetTimes(durationS: number): readonly number[] {
  const count = Math.max(1, Math.min(MAX_FRAMES, Math.floor(durationS / MIN_APART_S)));
  return Array.from({ length: count }, (_, index) => ((index + 0.5) * durationS) / count);
}

/** A JPEG of the frames in rows, first to last. There is at least one. */
export async function drawSheet(frames: readonly Frame[], caption: Caption): Promise<Buffer> {
  const sharp = await loadSharp();
  const sizes = await Promise.all(frames.map(async ({ png }) => await sharp(png).metadata()));
  const tileWidth = Math.max(...sizes.map(({ width }) => width));
  const tileHeight = Math.max(...sizes.map(({ height }) => height));
  const columns = columnsFor(frames.length, tileWidth >= tileHeight);
  const width = GAP_PX + columns * (tileWidth + GAP_PX);
  const height = CAPTION_PX + Math.ceil(frames.length / columns) * (tileHeight + GAP_PX);
  const tenths = apartS(frames) < WHOLE_SECONDS_S;
  const placed = frames.flatMap(({ atS, png }, index): OverlayOptions[] => {
    const left = GAP_PX + (index % columns) * (tileWidth + GAP_PX);
    const top = CAPTION_PX + Math.floor(index / columns) * (tileHeight + GAP_PX);
    const label = drawLabel(formatOffset(atS, tenths), LABEL_PX);
    // In the lower right corner: cameras burn their own clock into the upper ones.
    const right = left + tileWidth - label.widthPx - LABEL_INSET_PX;
    const bottom = top + tileHeight - LABEL_PX - LABEL_INSET_PX;
    return [
      { input: png, left, top },
      { input: label.svg, left: Math.max(left, right), top: Math.max(top, bottom) },
    ];
  });
  return await sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite([{ input: drawCaption(caption, width), left: 0, top: 0 }, ...placed])
    .jpeg(SHEET_JPEG)
    .toBuffer();
}

/** Columns that fill the rows: four across for wide frames, six for tall ones; few frames stand in one row. */
function columnsFor(count: number, wide: boolean): number {
  const most = wide ? 4 : 6;
  return count <= most ? count : Math.ceil(count / Math.ceil(count / most));
}

function apartS([first, second]: readonly Frame[]): number {
  return first === undefined || second === undefined ? 0 : second.atS - first.atS;
}

const FONT = 'font-family="Noto Sans CJK SC, Noto Sans, DejaVu Sans, sans-serif" font-size="14"';
/** Width of a character of that font, in pixels, on the safe side; Chinese ones have about two. */
const CHAR_PX = 8.5;

/** Name to the left, length and size to the right, in one line as wide as the sheet. */
function drawCaption({ title, facts }: Caption, widthPx: number): Buffer {
  const size = facts.video === undefined ? '' : `${facts.video.widthPx} × ${facts.video.heightPx}`;
  const length = facts.durationMs === undefined ? '' : formatOffset(facts.durationMs / 1000, false);
  const right = [length, size].filter((each) => each !== '').join(' · ');
  const room = Math.floor((widthPx - 4 * GAP_PX) / CHAR_PX) - right.length;
  const baseline = CAPTION_PX - 12;
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${CAPTION_PX}" fill="#e6e8ea">` +
      `<text x="${GAP_PX + 2}" y="${baseline}" ${FONT}>${escapeXml(fit(title, room))}</text>` +
      `<text x="${widthPx - GAP_PX - 2}" y="${baseline}" text-anchor="end" fill-opacity="0.7" ${FONT}>${right}</text></svg>`,
  );
}

/** The end of a name is what tells it from others. */
function fit(title: string, room: number): string {
  const characters = [...title];
  let columns = 0;
  const kept = characters.toReversed().filter((each) => {
    columns += each > '\u2e80' ? 2 : 1;
    return columns <= room;
  });
  return kept.length === characters.length ? title : `…${kept.toReversed().slice(1).join('')}`;
}

function escapeXml(text: string): string {
  return text.replaceAll(/[<>&"']/g, (each) => `&#${each.charCodeAt(0)};`).replaceAll(/\p{Cc}/gu, ' ');
}
