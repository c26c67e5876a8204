// One S3 server for all tests of the project s3; those that kill theirs start their own.
import type { TestProject } from 'vitest/node';
import { type S3Server, startServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    s3: S3Server;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const { endpoint, accessKeyId, secretAccessKey } = server;
  project.provide('s3', { endpoint, accessKeyId, secretAccessKey });
  return async () => await server[Symbol.asyncDispose]();
}
