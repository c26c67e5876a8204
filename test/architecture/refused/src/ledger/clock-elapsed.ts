// laws: clock-read
/** Reads the steady clock. */
export const readElapsed = (): number => performance.now();
