// The door of the room vault.
export * from './directory.ts';
export * from './memory.ts';
export * from './port.ts';
