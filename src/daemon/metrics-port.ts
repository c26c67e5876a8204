// The metrics on a TCP port, for a Prometheus that cannot read a unix socket; only where [metrics] listen names one.
// Never on a network: the configuration takes loopback addresses only. Never answers anything but GET /metrics.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errnoOf, Failure } from '../evidence/index.ts';
import { errorFacts, type Log } from '../platform/index.ts';
import { type Page, servePage } from './socket.ts';

/** Longest a question may take to arrive, in milliseconds: it is one line. */
const QUESTION_MS = 10_000;

/** An open port. */
export interface MetricsPort extends AsyncDisposable {
  /** The port in use. */
  readonly port: number;
}

/** Opens the port; `listen` is `127.0.0.1:9464` or `[::1]:9464`. Failure 'config-invalid' when it cannot be had. */
export async function openMetricsPort(listen: string, page: Page, log: Log): Promise<MetricsPort> {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replaceAll(/[[\]]/g, '');
  const server = createServer((question, answer) => {
    serveOrRefuse(question, answer, page).catch((error: unknown) => {
      log.error('metrics were not given', errorFacts(error));
      answer.destroy();
    });
  });
  server.requestTimeout = QUESTION_MS;
  server.headersTimeout = QUESTION_MS;
  await listenOn(server, host, Number(listen.slice(colon + 1)), listen);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listenOn(server: Server, host: string, port: number, listen: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Failure('config-invalid', `metrics.listen: ${listen} cannot be had (${errnoOf(cause) ?? cause.message})`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}

async function serveOrRefuse(question: IncomingMessage, answer: ServerResponse, page: Page): Promise<void> {
  if (question.method === 'GET' && question.url === '/metrics') return await servePage(answer, page);
  answer.writeHead(404, { 'content-type': 'text/plain' }).end('only GET /metrics\n');
}
