// One S3 server for all tests of the project s3; those that kill theirs start their own.
import type { TestProject } from 'vitest/node';
import { type OwnServer, type S3Server, startServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    s3: S3Server;
    /** Another user of the same server, who owns no bucket and may do what a bucket policy lets him: a station. */
    s3station: S3Server & { readonly name: string };
  }
}

let server: OwnServer | undefined;

/** Starts the server before the first test. */
export async function setup(project: TestProject): Promise<void> {
  server = await startServer();
  const { endpoint, accessKeyId, secretAccessKey } = server;
  project.provide('s3', { endpoint, accessKeyId, secretAccessKey });
  const name = 'station';
  const keys = { accessKeyId: 'STATIONSTATIONSTATIO', secretAccessKey: `${secretAccessKey}-of-a-station` };
  await server.admin(
    'user',
    'create',
    `--uid=${name}`,
    `--display-name=${name}`,
    `--access-key=${keys.accessKeyId}`,
    `--secret-key=${keys.secretAccessKey}`,
  );
  project.provide('s3station', { endpoint, ...keys, name });
}

/** Ends it after the last one. */
export async function teardown(): Promise<void> {
  await server?.[Symbol.asyncDispose]();
}
