// The door of the room acquire.
export * from './listing.ts';
export * from './parts.ts';
export * from './pull.ts';
export * from './reread.ts';
export { isWhole } from './said-size.ts';
export * from './spool.ts';
