// The one place that makes an SDK client: no retries of its own, no credentials but ours, no checksums but the one we send. That one is a
// signed header, so the store need not hash a stream a second time for its signature (a fifth of its work; measured).
// Never asks anybody but the endpoint: the SDK's own search for credentials (metadata services, profiles) is not used.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { Failure, isFailure } from '../evidence/index.ts';
import type { S3VaultOptions } from './s3-options.ts';

/** Connections at a time: uploads, the requests between them, and verification's lanes. */
const MAX_CONNECTIONS = 24;
const CONNECT_TIMEOUT_MS = 5000;
/** For the SDK, credentials are always over: it asks again before every request, and a key that was replaced is taken up at once. */
const OVER = new Date(0);

/** Errors reach whoever asked, as a Failure; the SDK's own remarks on the console would tell them twice. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

/** A client for a vault; whoever makes it destroys it. */
export function makeS3Client(options: S3VaultOptions): S3Client {
  const agents = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  return new S3Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    forcePathStyle: options.pathStyle,
    credentials: credentialsFor(options),
    maxAttempts: 1, // what may be tried again, and how, is decided where the request is made
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    logger: SILENT,
    followRegionRedirects: false,
    disableClockSkewCorrection: true, // a clock that is wrong is to be told, not worked around: locks are reckoned by it
    requestHandler: {
      httpAgent: new HttpAgent(agents),
      httpsAgent: new HttpsAgent({ ...agents, ...(options.ca === undefined ? {} : { ca: options.ca }) }),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: options.idleTimeoutMs,
      throwOnRequestTimeout: true,
    },
  });
}

/** Once there were credentials, a file that cannot be read is one that is just being replaced: footage waits, the station does not stop. */
function credentialsFor(options: S3VaultOptions): NonNullable<S3ClientConfig['credentials']> {
  let were = false;
  return async () => {
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await options.credentials();
      were = true;
      return {
        accessKeyId,
        secretAccessKey,
        expiration: OVER,
        ...(sessionToken === undefined ? {} : { sessionToken }),
      };
    } catch (error) {
      if (!were || !isFailure(error, 'config-invalid')) throw error;
      throw new Failure('vault-refused', error.message, { facts: error.facts, cause: error });
    }
  };
}
