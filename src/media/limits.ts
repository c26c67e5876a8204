// What a look inside one file may cost. Files from a camera are hostile until shown otherwise, so everything has an end.
// Never read from the file itself: these come from the configuration or stand as below.

/** Bounds of one look; each process that looks has the memory and the processor time for itself. */
export interface MediaLimits {
  /** Wall time of `examine`, in milliseconds; then what looks is killed. */
  readonly examineMs: number;
  /** Wall time of `makePictures`, in milliseconds; then it ends with the frames it has. */
  readonly picturesMs: number;
  /** How long after `picturesMs` the end may take, in milliseconds; then what looks is killed. */
  readonly graceMs: number;
  /** Writable memory of each process, in bytes. */
  readonly memoryBytes: number;
  /** Processor time of each process, in seconds. */
  readonly cpuSeconds: number;
  /** Largest photo opened, in pixels; a bomb of a few kilobytes may claim billions. */
  readonly photoPixels: number;
}

/** Enough for 4K footage and a 108-megapixel photo on a slow station; too little to disturb the copying of eight cameras. */
export const DEFAULT_MEDIA_LIMITS: MediaLimits = {
  examineMs: 30_000,
  picturesMs: 60_000,
  graceMs: 10_000,
  memoryBytes: 1024 * 1024 * 1024,
  cpuSeconds: 60,
  photoPixels: 120_000_000,
};
