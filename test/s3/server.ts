// A real S3 server with Object Lock for tests: started and stopped by test/s3/ceph.sh; a server that does not start is an error, never a skip.
// Each server has a folder and ports of its own, so that outage tests can kill theirs.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, 'ceph.sh');
/** The unpacked packages stay here from one run to the next. */
const CACHE = process.env['DOCKET_CEPH_ROOT'] ?? join(homedir(), '.cache', 'docket', 'ceph');
/** The first start downloads about 100 MB. */
const START_MS = 300_000;

/** Where a server is and who may do everything there. */
export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A server of its own, that can be killed and started again. */
export interface OwnServer extends S3Server, AsyncDisposable {
  readonly port: number;
  /** SIGKILL for the gateway; what was stored stays. */
  killGateway(): Promise<void>;
  startGateway(): Promise<void>;
  /** radosgw-admin with these arguments. */
  admin(...args: readonly string[]): Promise<string>;
  /** Process id of the gateway. */
  gatewayPid(): Promise<number>;
}

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer();
  probe.once('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return await promise;
}

/** Starts a server; `tlsCertificate` is a PEM file with key and certificate. */
export async function startServer(options: { readonly tlsCertificate?: string } = {}): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'docket-ceph-'));
  const port = await freePort();
  const secretAccessKey = randomBytes(20).toString('hex');
  const accessKeyId = `TEST${randomBytes(8).toString('hex').toUpperCase()}`;
  const env = {
    ...process.env,
    PORT: String(port),
    MON_PORT: String(await freePort()),
    CEPH_ROOT: CACHE,
    ACCESS_KEY: accessKeyId,
    SECRET_KEY: secretAccessKey,
    OWNER: String(process.pid),
    ...(options.tlsCertificate === undefined ? {} : { TLS_CERT: options.tlsCertificate }),
  };
  const script = async (command: string, ...args: readonly string[]): Promise<string> =>
    (await run('bash', [SCRIPT, command, folder, ...args], { env, timeout: START_MS })).stdout;
  const end = async (): Promise<void> => {
    await script('destroy');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await script('start');
  } catch (error) {
    await end();
    throw error;
  }
  return {
    endpoint: `http${options.tlsCertificate === undefined ? '' : 's'}://127.0.0.1:${port}`,
    accessKeyId,
    secretAccessKey,
    port,
    killGateway: async () => void (await script('kill-rgw')),
    startGateway: async () => void (await script('start-rgw')),
    admin: (...args) => script('admin', ...args),
    gatewayPid: async () => Number(/^rgw pid (\d+)/m.exec(await script('status'))?.[1]),
    [Symbol.asyncDispose]: end,
  };
}
