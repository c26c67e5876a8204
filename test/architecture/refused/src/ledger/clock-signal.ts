// laws: clock-timer
/** A timer in disguise. */
export const limit = (): AbortSignal => AbortSignal.timeout(1);
