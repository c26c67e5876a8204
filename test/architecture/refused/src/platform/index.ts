// A good door.
export { readTime, wait } from './clock.ts';
export { zone } from './clock/zone.ts';
