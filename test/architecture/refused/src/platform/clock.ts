// The one file that may read the time.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Digest } from '../evidence/index.ts';

/** Reads. */
export const readTime = (_: Digest): number => Date.now() + performance.now();

/** Waits. */
export const wait = (durationMs: number): Promise<void> => sleep(durationMs);
