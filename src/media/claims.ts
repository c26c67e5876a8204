// From what ffprobe says to the facts of the record: what the file claims of itself, bounded and raw, nothing inferred.
// Numbers that are no numbers are left out; texts are one line each.
import type { MediaFacts } from '../evidence/index.ts';
import { keepLine } from './text.ts';

/** What ffprobe said: names and values, nothing certain about either. */
export interface Probed {
  readonly format: Readonly<Record<string, unknown>>;
  readonly streams: readonly Readonly<Record<string, unknown>>[];
}
type Section = Probed['format'];

/** Characters of a name, date or place kept. */
const MAX_FACT_CHARS = 200;
/** Tags that hold a place as ISO 6709, best first. */
const PLACE_TAGS = ['com.apple.quicktime.location.iso6709', 'location', 'location-eng'];
const CREATED_TAGS = ['com.apple.quicktime.creationdate', 'creation_time', 'icrd', 'date'];

/** The facts of footage or sound; `video` and `audio` are those a player would choose. */
export function claimsOf(data: Probed): MediaFacts {
  const video = data.streams.find((stream) => stream['codec_type'] === 'video' && !isCover(stream));
  const audio = data.streams.find((stream) => stream['codec_type'] === 'audio');
  const tags = [data.format, video, audio].map(tagsOf);
  return {
    ...only('container', lineOf(data.format['format_name'])),
    ...durationOf(data, video, audio),
    ...only('bitRate', positive(data.format['bit_rate'])),
    ...(video === undefined ? {} : { video: videoOf(video) }),
    ...(audio === undefined ? {} : { audio: audioOf(audio) }),
    ...only('created', firstTag(tags, CREATED_TAGS)),
    ...only('location', firstTag(tags, PLACE_TAGS)),
  };
}

/** A picture inside a sound file, not footage. */
function isCover(stream: Section): boolean {
  return positive(valueOf(stream['disposition'], 'attached_pic')) !== undefined;
}

function durationOf(data: Probed, ...streams: readonly (Section | undefined)[]): { durationMs?: number } {
  const seconds = [data.format['duration'], ...streams.map((stream) => stream?.['duration'])].map(positive);
  const found = seconds.find((each) => each !== undefined);
  return found === undefined ? {} : { durationMs: Math.round(found * 1000) };
}

function videoOf(stream: Section): NonNullable<MediaFacts['video']> {
  return {
    codec: lineOf(stream['codec_name']) ?? 'unknown',
    widthPx: whole(stream['width']) ?? 0,
    heightPx: whole(stream['height']) ?? 0,
    ...only('framesPerSecond', ratio(stream['avg_frame_rate']) ?? ratio(stream['r_frame_rate'])),
    ...only('rotation', finite(stream['rotation']) ?? finite(tagsOf(stream).get('rotate'))),
  };
}

function audioOf(stream: Section): NonNullable<MediaFacts['audio']> {
  return {
    codec: lineOf(stream['codec_name']) ?? 'unknown',
    ...only('channels', whole(stream['channels'])),
    ...only('sampleRateHz', whole(stream['sample_rate'])),
  };
}

function tagsOf(from: Section | undefined): ReadonlyMap<string, unknown> {
  const tags: unknown = valueOf(from, 'tags');
  if (typeof tags !== 'object' || tags === null) return new Map();
  return new Map(Object.entries(tags).map(([name, value]) => [name.toLowerCase(), value]));
}

function firstTag(tags: readonly ReadonlyMap<string, unknown>[], names: readonly string[]): string | undefined {
  for (const name of names)
    for (const some of tags) {
      const value = lineOf(some.get(name));
      if (value !== undefined) return value;
    }
  return undefined;
}

function valueOf(from: unknown, name: string): unknown {
  return typeof from === 'object' && from !== null && Object.hasOwn(from, name) ? Reflect.get(from, name) : undefined;
}

function lineOf(value: unknown): string | undefined {
  const text = typeof value === 'string' || typeof value === 'number' ? keepLine(String(value), MAX_FACT_CHARS) : '';
  return text === '' ? undefined : text;
}

function finite(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function positive(value: unknown): number | undefined {
  const number = finite(value);
  return number !== undefined && number > 0 ? number : undefined;
}

function whole(value: unknown): number | undefined {
  const number = positive(value);
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
}

/** `30000/1001` as 29.97. */
function ratio(text: unknown): number | undefined {
  const [over, under] = String(text).split('/').map(Number);
  const value = (over ?? Number.NaN) / (under ?? 1);
  return Number.isFinite(value) && value > 0 ? Math.round(value * 1000) / 1000 : undefined;
}

function only<K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: T }); // a computed key loses its name otherwise
}
