// laws: clock-timer
/** Sets a timer. */
export const later = (act: () => void): unknown => setTimeout(act, 1);
