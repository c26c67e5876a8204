// The port of a card: list what is there, open a file, read it. Folder, mounted card and simulated card all answer to it.
// Nothing here can write to a camera: the port has no way to say it.
import type { FileHandle } from 'node:fs/promises';
import type { CameraIdentity, SourceFile } from '../evidence/index.ts';
import type { RawName } from './source-path.ts';

/** Bounds of one listing; what goes over one is reported as refused, never left out silently. */
export interface CardLimits {
  /** Directory entries listed of one card, whatever they are; four times as many names are read of it, folders' among them. */
  readonly maxFiles: number;
  /** Longest path from the card's root, in bytes. */
  readonly maxPathBytes: number;
  /** Folders one inside the other below the root; each costs one open directory while listing. */
  readonly maxDepth: number;
}

/** A full 512 GB card of 5 MB photos has 100,000 files; 4096 is PATH_MAX; real cards nest three deep. */
export const DEFAULT_CARD_LIMITS: CardLimits = { maxFiles: 100_000, maxPathBytes: 4096, maxDepth: 32 };

/** Size and modification time of an open file, for telling whether it changes while it is read. */
export interface SourceStat {
  readonly sizeBytes: number;
  /** Milliseconds since 1970 by the camera's own clock, whole. */
  readonly modifiedAtMs: number;
}

/** One file of a card, open for reading. Whoever opened it closes it; close twice is fine. */
export interface OpenSource extends AsyncDisposable {
  /**
   * Reads up to `lengthBytes` at `positionBytes` into `buffer` from `offsetInBuffer`; returns how many came, 0 at the end of the file.
   * Failures: 'camera-gone' (for everything from now on), 'source-unreadable' (this file, this place).
   */
  read(buffer: Buffer, offsetInBuffer: number, lengthBytes: number, positionBytes: number): Promise<number>;
  /** Failures as read(). */
  stat(): Promise<SourceStat>;
  close(): Promise<void>;
}

/** A card open for reading. Whoever opened it closes it, after its files; close twice is fine. */
export interface Card extends AsyncDisposable {
  /** As presented, with the name of the profile it is read by. */
  readonly identity: CameraIdentity;
  /**
   * Every directory entry but directories, one at a time, the same order each time. Failures: 'camera-gone', 'cancelled'. A folder that cannot
   * be read, and a limit reached, are entries of type 'unreadable' with the reason.
   */
  list(signal?: AbortSignal): AsyncIterable<SourceFile>;
  /**
   * Failures: 'camera-gone', 'source-unreadable', 'source-changed' (no longer there), 'name-refused' (no regular file, or no way to it without a
   * link); where a wait for the camera can be ended, 'cancelled', or the failure that `signal` was aborted with, which is for reading too.
   */
  open(file: SourceFile, signal?: AbortSignal): Promise<OpenSource>;
  /** Whether the card still answers; never throws. */
  isPresent(): Promise<boolean>;
  close(): Promise<void>;
}

/** A card that is a folder of this machine: a mounted camera, or files that stand for one. */
export interface FolderCard extends Card {
  /**
   * Opens the folder of the card in which a file lies, by way of the root that was opened with the card and never by its path: where one mount
   * point is used again another card may stand there by then. Errors are errno errors, EROFS for a card that a program shows (MTP): from such a
   * one nothing is cleared. Whoever called closes the folder.
   */
  openFolderOf(file: SourceFile): Promise<{ readonly folder: FileHandle; readonly name: RawName }>;
}
