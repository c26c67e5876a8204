// Part of the clock.
/** The offset now. */
export const zone = (): number => new Date().getTimezoneOffset();
