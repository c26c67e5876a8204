// The door of the room seal.
export * from './seal.ts';
export * from './station-key.ts';
