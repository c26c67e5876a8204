// The door of the room platform.
export * from './clock.ts';
export * from './config.ts';
export * from './digest.ts';
export * from './direct.ts';
export * from './durable.ts';
export * from './endpoint.ts';
export * from './gate.ts';
export * from './journal.ts';
export * from './log.ts';
export * from './machine.ts';
export * from './node-flags.ts';
