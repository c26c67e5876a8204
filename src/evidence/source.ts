// What can be said of a file before a byte of it is copied: where it lies, whose camera, what it claims of itself.
// Names are kept as bytes too, since cameras write GBK, control bytes and worse.
import type { ByteCount, EpochMs } from './brand.ts';

/** What an item is to a case. `sidecar` is a vendor's log, GPS track or key file that goes with another item. */
export const ITEM_KINDS = ['footage', 'photo', 'audio', 'document', 'sidecar', 'other'] as const;
/** One of ITEM_KINDS. */
export type ItemKind = (typeof ITEM_KINDS)[number];

/** Where something came from. */
export type SourceWay = 'usb' | 'mount' | 'folder' | 'inbox' | 'document';

/** An officer as registered at the time. */
export interface Officer {
  readonly name?: string | undefined;
  /** Number of the enforcement certificate (执法证件). */
  readonly certificate?: string | undefined;
}

/** A camera as it presented itself and as it was registered at the time; unknown facts are absent. */
export interface CameraIdentity {
  readonly way: SourceWay;
  /** Serial as the device or the operator says; absent for a plain folder. */
  readonly serial?: string | undefined;
  readonly model?: string | undefined;
  /** USB ids, four lower-case hexadecimal digits. */
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
  /** File system of the card: tells two cameras of one serial apart. */
  readonly volume?: { readonly uuid?: string | undefined; readonly label?: string | undefined } | undefined;
  /** Name of the camera profile used. */
  readonly profile?: string | undefined;
  readonly officer?: Officer | undefined;
  readonly unit?: string | undefined;
  /** Folder it was read from, for a plain folder or drop folder. */
  readonly folder?: string | undefined;
}

/** A path on the camera: readable text, and the exact bytes when text cannot say them. Separator `/`, no leading slash. */
export interface SourcePath {
  /** Readable form; invalid UTF-8 is decoded as GB18030 if that fits, else `%XX`. */
  readonly text: string;
  /** Base64 of the exact bytes; only when they are not the UTF-8 of `text`. */
  readonly bytes?: string | undefined;
}

/** What kind of directory entry stands on the card. Only `file` is ever opened. */
export type EntryType = 'file' | 'symlink' | 'fifo' | 'socket' | 'device' | 'unreadable';

/** What a profile says of a file: take it, or not and why. */
export type Verdict =
  | { readonly take: true }
  | { readonly take: false; readonly outcome: 'skipped' | 'in-progress' | 'refused'; readonly reason: string };

/** What a file's name claims, by the profile's pattern. Texts are as written in the name. */
export interface NamedFacts {
  readonly camera?: string | undefined;
  readonly officer?: string | undefined;
  /** Local start time as in the name, `2026-01-31T08:00:00`, and the zone it is to be read in (IANA name). */
  readonly local?: string | undefined;
  readonly zone?: string | undefined;
  /** The same as an instant, when the zone is known. */
  readonly startedAtMs?: EpochMs | undefined;
  /** Series and counter, for example `GH01` and 1234: used to find gaps. */
  readonly series?: string | undefined;
  readonly counter?: number | undefined;
}

/** First stage: a file seen on a camera, not yet read. */
export interface SourceFile {
  readonly path: SourcePath;
  readonly type: EntryType;
  readonly sizeBytes: ByteCount;
  /** Modification time as the file system gives it; the camera's own clock, uncorrected. */
  readonly modifiedAtMs: EpochMs;
  readonly kind: ItemKind;
  /** The officer marked it (重点, IMP). */
  readonly keyMark: boolean;
  readonly verdict: Verdict;
  readonly named?: NamedFacts | undefined;
  /** Text of the path of the file this one goes with (a sidecar's footage). */
  readonly accompanies?: string | undefined;
}

/** The order files are copied in: key-marked first, then oldest, then by path. */
export function compareUrgency(a: SourceFile, b: SourceFile): number {
  if (a.keyMark !== b.keyMark) return a.keyMark ? -1 : 1;
  const at = a.named?.startedAtMs ?? a.modifiedAtMs;
  const bt = b.named?.startedAtMs ?? b.modifiedAtMs;
  if (at !== bt) return at - bt;
  return a.path.text < b.path.text ? -1 : a.path.text > b.path.text ? 1 : 0;
}
