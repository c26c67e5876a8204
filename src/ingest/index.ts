// The door of the room ingest.
export * from './acquire-card.ts';
export * from './adopt.ts';
export { type CopyMark, type CopyMarks, readMarks } from './copies-state.ts';
export * from './dock.ts';
export * from './ports.ts';
export * from './publish.ts';
export * from './recorder.ts';
export * from './recover.ts';
export * from './release.ts';
export * from './replicate.ts';
