// A store that does not keep its promises: the real server behind a proxy that changes requests, signs them anew, and changes answers.
// What it forgets or ignores are the faults of stores that exist; everything it is not told to change is the real server's own.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inject } from 'vitest';
import type { S3Server } from './server.ts';

/** A request on its way to the server. */
export interface Asked {
  readonly method: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Map<string, string>;
  /** Time that stands in the signature. */
  at: Date;
}

/** An answer on its way back. */
export interface Told {
  status: number;
  readonly headers: Map<string, string>;
  body: Buffer;
}

/** What the store does wrong. `answer` set by `ask` is given without asking the server. */
export interface Lie {
  readonly ask?: (asked: Asked) => Told | undefined;
  readonly tell?: (told: Told, asked: Asked) => void;
}

/** A lying store; whoever opens it disposes of it. */
export interface LyingStore extends AsyncDisposable {
  readonly server: S3Server;
}

/** Opens a store that lies so, before the common server. */
export async function openLyingStore(lie: Lie, behind: S3Server = inject('s3')): Promise<LyingStore> {
  const front = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, lie, behind).catch(() => outgoing.destroy());
  });
  front.listen(0, '127.0.0.1');
  await new Promise((resolve) => front.once('listening', resolve));
  return {
    server: { ...behind, endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}` },
    [Symbol.asyncDispose]: async () => {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

/** Headers that belong to one connection or one signature. */
const OF_THE_HOP = /^(host|authorization|connection|content-length|transfer-encoding|expect|x-amz-date)$/;

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, lie: Lie, behind: S3Server): Promise<void> {
  const url = new URL(incoming.url ?? '/', behind.endpoint);
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(incoming.headers))
    if (typeof value === 'string' && !OF_THE_HOP.test(name)) headers.set(name, value);
  const asked: Asked = { method: incoming.method ?? 'GET', query: url.searchParams, headers, at: new Date() };
  const body = await buffer(incoming);
  const told = lie.ask?.(asked) ?? (await pass(asked, url, body, behind));
  lie.tell?.(told, asked);
  told.headers.delete('transfer-encoding');
  if (asked.method !== 'HEAD') told.headers.set('content-length', String(told.body.length));
  outgoing.writeHead(told.status, Object.fromEntries(told.headers)).end(told.body);
}

async function pass(asked: Asked, url: URL, body: Buffer, behind: S3Server): Promise<Told> {
  const query = [...asked.query]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join('&');
  const signed = sign(asked, url, query, behind);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const path = query === '' ? url.pathname : `${url.pathname}?${query}`;
  request(
    {
      host: url.hostname,
      port: url.port,
      method: asked.method,
      path,
      headers: { ...signed, 'content-length': body.length },
    },
    resolve,
  )
    .once('error', reject)
    .end(body);
  const response = await promise;
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(response.headers)) if (typeof value === 'string') headers.set(name, value);
  return { status: response.statusCode ?? 502, headers, body: await buffer(response) };
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** AWS Signature Version 4 over the changed request, with the administrator's keys. */
function sign({ method, headers, at }: Asked, url: URL, query: string, keys: S3Server): Record<string, string> {
  const time = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const payload = headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  const all = {
    ...Object.fromEntries(headers),
    host: url.host,
    'x-amz-date': time,
    'x-amz-content-sha256': payload,
  };
  const names = Object.keys(all)
    .filter((name) => /^(?:host|content-type|x-amz-.*)$/.test(name))
    .toSorted();
  const lines = names.map((name) => `${name}:${all[name as keyof typeof all].trim()}\n`).join('');
  const canonical = [method, url.pathname, query, lines, names.join(';'), payload].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  let key: string | Buffer = `AWS4${keys.secretAccessKey}`;
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...all, authorization };
}
