// How much of the spool may still be used, without counting all of it for every file: what was claimed since the last count is added.
// Never says yes where a count would say no; says no only after a count that nothing has changed since.

/** What the room of a spool is measured by, in bytes. */
export interface RoomLimits {
  /** The whole spool. */
  readonly maxBytes: number;
  /** What must stay free on its disk. */
  readonly reserveBytes: number;
  freeBytes(): Promise<number>;
  /** Counts the spool; slow when much waits in it. */
  usedBytes(): Promise<number>;
}

/** The room of one spool. */
export interface Room {
  /** Claims space; returns what may be used: less than wanted, and nothing was claimed. */
  claim(wantedBytes: number): Promise<number>;
  /** Does work that gives space back. */
  giving<T>(work: () => Promise<T>): Promise<T>;
}

/** The room of a spool that only its station writes to. */
export function makeRoom(limits: RoomLimits): Room {
  /** Bytes at the last count, and those claimed since; a claim that came to nothing stands until the next count. */
  let used: number | undefined;
  let claimed = 0;
  /** True when a new count may find more room. */
  let changed = false;
  const left = async (): Promise<number> => {
    if (used === undefined) await count();
    return limits.maxBytes - (used ?? 0) - claimed;
  };
  const count = async (): Promise<void> => {
    claimed = 0; // what is claimed while the count runs is counted twice at worst
    changed = false;
    used = await limits.usedBytes();
  };
  return {
    async claim(wantedBytes) {
      let room = await left();
      if (room < wantedBytes && changed) {
        await count();
        room = await left();
      }
      const may = Math.min(room, (await limits.freeBytes()) - limits.reserveBytes);
      if (may < wantedBytes) return may;
      claimed += wantedBytes;
      changed = true;
      return may;
    },
    async giving(work) {
      try {
        return await work();
      } finally {
        changed = true;
      }
    },
  };
}
