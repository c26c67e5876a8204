// laws: clock-read
/** Reads the wall clock. */
export const readWall = (): number => new Date().getTime();
