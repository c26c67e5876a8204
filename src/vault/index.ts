// The door of the room vault.
export * from './check.ts';
export * from './check-directory.ts';
export * from './copies.ts';
export * from './directory.ts';
export * from './hours.ts';
export * from './memory.ts';
export * from './open-s3.ts';
export * from './port.ts';
export * from './s3-options.ts';
export * from './s3-policy.ts';
