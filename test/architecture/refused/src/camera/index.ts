// A good door.
export { card } from './card.ts';
