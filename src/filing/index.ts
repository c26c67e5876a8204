// The door of the room filing.
export * from './register.ts';
