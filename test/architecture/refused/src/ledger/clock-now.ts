// laws: clock-read
/** Reads the wall clock by another name. */
export const { now } = Date;
