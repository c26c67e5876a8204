// The door of the room evidence.
export * from './brand.ts';
export * from './canonical.ts';
export * from './entry.ts';
export * from './failure.ts';
export * from './finding.ts';
export * from './keys.ts';
export * from './manifest.ts';
export * from './note.ts';
export * from './receipt.ts';
export * from './retention.ts';
export * from './shape.ts';
export * from './source.ts';
export * from './stages.ts';
export * from './statement.ts';
