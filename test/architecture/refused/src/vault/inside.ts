// laws: door-inside
import { copies } from './index.ts';

/** Round by the door. */
export const inside = copies;
