// What a file is to a case, by the ending of its name; case does not count.
// Never looks inside: what a file really is, the room media finds out later.
import type { ItemKind } from '../evidence/index.ts';

const KINDS: Readonly<Partial<Record<ItemKind, string>>> = {
  footage: 'mp4 mov avi mkv dav ts mts m2ts 3gp m4v mpg mpeg wmv flv h264 h265 264 265 asf vob 360 insv',
  audio: 'wav aac m4a mp3 amr wma ogg opus flac',
  photo: 'jpg jpeg png bmp heic heif webp tif tiff gif dng gpr',
  document: 'pdf doc docx wps txt rtf odt xls xlsx et csv ods ppt pptx ofd md html htm eml',
};

const BY_EXTENSION = new Map<string, ItemKind>(
  (['footage', 'audio', 'photo', 'document'] as const).flatMap((kind) =>
    (KINDS[kind] ?? '').split(' ').map((ending) => [ending, kind] as const),
  ),
);

/** The extension of a name in lower case without its dot; empty when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** The name without its extension. */
export function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? name : name.slice(0, dot);
}

/** The kind by extension: a profile's own word first, then this table, else 'other'. */
export function kindOf(extension: string, own?: ReadonlyMap<string, ItemKind>): ItemKind {
  return own?.get(extension) ?? BY_EXTENSION.get(extension) ?? 'other';
}
