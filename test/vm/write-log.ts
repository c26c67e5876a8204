// What a power cut leaves on a disk with a volatile cache: the log of its writes (QEMU's blklogwrites), replayed up to the last flush.
// Never changes the log; what came after the last flush is lost unless the caller keeps it.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

/** What became of the writes in a log. */
export interface Replayed {
  readonly writes: number;
  readonly flushes: number;
  /** Writes after the last flush that were dropped. */
  readonly lost: number;
}

/** Whether the unflushed write with this number (0 is the first after the last flush) reached the disk all the same. */
export type Keep = (unflushed: number) => boolean;

const MAGIC = 0x6a736677736872n;
/** Of every log here; see machine.ts. */
const SECTOR_BYTES = 512;
const FLUSH = 1;
/** Forced unit access: durable by itself. */
const FUA = 2;
const DISCARD = 4;

interface Entry {
  readonly sector: number;
  readonly sectors: number;
  readonly flags: number;
  /** Where its bytes begin in the log. */
  readonly position: number;
}

/** Where the power can go in a log: how many entries it has, and which of them are flushes. */
export function readMoments(log: string): { readonly entries: number; readonly flushes: readonly number[] } {
  const from = openSync(log, 'r');
  try {
    const { entries } = readEntries(from);
    return {
      entries: entries.length,
      flushes: entries.flatMap(({ flags }, at) => ((flags & FLUSH) === 0 ? [] : [at])),
    };
  } finally {
    closeSync(from);
  }
}

/**
 * Replays a log onto a raw image that is as the disk was before the log began; `until` is how many entries of the log had happened when the power
 * went, all of it if absent. Throws when it is no log.
 */
export function replayLog(log: string, disk: string, keep: Keep = () => false, until = Infinity): Replayed {
  const [from, to] = [openSync(log, 'r'), openSync(disk, 'r+')];
  try {
    const { sectorBytes, entries: all } = readEntries(from);
    const entries = all.slice(0, until);
    const lastFlush = entries.findLastIndex(({ flags }) => (flags & FLUSH) !== 0);
    let [lost, unflushed] = [0, 0];
    for (const [at, entry] of entries.entries()) {
      if (entry.sectors === 0) continue;
      const durable = at < lastFlush || (entry.flags & FUA) !== 0;
      if (durable || keep(unflushed++)) applyEntry(from, to, entry, sectorBytes);
      else lost += 1;
    }
    const flushes = entries.filter(({ flags }) => (flags & FLUSH) !== 0).length;
    return { writes: entries.filter(({ sectors }) => sectors > 0).length, flushes, lost };
  } finally {
    closeSync(from);
    closeSync(to);
  }
}

/** See docs of dm-log-writes in the kernel: a super block, then a sector with the facts of each write, followed by its bytes. */
function readEntries(log: number): { readonly sectorBytes: number; readonly entries: readonly Entry[] } {
  const sizeBytes = fstatSync(log).size;
  const head = Buffer.alloc(32);
  readSync(log, head, 0, head.length, 0);
  const magic = head.readBigUInt64LE(0);
  if (magic !== MAGIC && magic !== 0n) throw new Error('this is no log of writes');
  // QEMU writes the super block at the first flush: until then nothing is durable, and there are writes all the same.
  const sectorBytes = magic === 0n ? SECTOR_BYTES : head.readUInt32LE(24);
  const entries: Entry[] = [];
  for (let at = sectorBytes; at + sectorBytes <= sizeBytes; at += sectorBytes) {
    readSync(log, head, 0, head.length, at);
    const [sector, sectors, flags] = [0, 8, 16].map((place) => Number(head.readBigUInt64LE(place))) as [
      number,
      number,
      number,
    ]; // three places, three numbers
    // A write that was under way when QEMU was killed left a hole; what was logged behind it counts.
    if (sector === 0 && sectors === 0 && flags === 0) continue;
    const bytes = (flags & DISCARD) === 0 ? sectors * sectorBytes : 0;
    if (at + sectorBytes + bytes > sizeBytes) break; // killed in the middle of it
    entries.push({ sector, sectors, flags, position: at + sectorBytes });
    at += bytes;
  }
  return { sectorBytes, entries };
}

function applyEntry(log: number, disk: number, entry: Entry, sectorBytes: number): void {
  const bytes = Buffer.alloc(entry.sectors * sectorBytes);
  if ((entry.flags & DISCARD) === 0) readSync(log, bytes, 0, bytes.length, entry.position);
  writeSync(disk, bytes, 0, bytes.length, entry.sector * sectorBytes);
}
