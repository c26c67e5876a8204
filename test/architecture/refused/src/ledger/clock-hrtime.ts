// laws: clock-read
/** Reads the steady clock. */
export const readElapsed = (): bigint => process.hrtime.bigint();
