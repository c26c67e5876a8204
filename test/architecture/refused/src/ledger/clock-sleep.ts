// laws: clock-timer
import { setTimeout as sleep } from 'node:timers/promises';

/** Sleeps. */
export const later = (): Promise<void> => sleep(1);
