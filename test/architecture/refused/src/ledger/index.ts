// A good door.
export type { Head } from './head.ts';
