// The door of the room cli.
export type { CliPorts } from './answering.ts';
export type * from './key-views.ts';
export * from './program.ts';
export * from './progress.ts';
export * from './use-cases.ts';
