// The door of the room custody.
export * from './fetch.ts';
export * from './overlays.ts';
export * from './ports.ts';
export * from './scrub.ts';
export * from './scrub-now.ts';
export * from './scrub-state.ts';
export * from './show.ts';
export * from './verify.ts';
export * from './verify-result.ts';
export * from './verify-some.ts';
export * from './view.ts';
