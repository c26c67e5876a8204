// A proxy before the real server that does to requests what bad lines and broken stores do: cuts, hangs, flipped bits, lost answers.
// It counts what passes, and changes nothing unless a test says so.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { inject } from 'vitest';
import type { S3Server } from './server.ts';

/** What a request asks for. */
export type RequestKind =
  | 'abort-upload'
  | 'begin-upload'
  | 'complete-upload'
  | 'delete'
  | 'get'
  | 'head'
  | 'hold'
  | 'list-parts'
  | 'list-uploads'
  | 'list-versions'
  | 'part'
  | 'put'
  | 'retain';

/** What becomes of a request: `lost` reaches the server and its answer is cut off; `cut` never reaches it whole, `cut-now` not at all; `half` breaks the answer's body off. */
export type Fate = 'pass' | 'lost' | 'cut' | 'cut-now' | 'flip' | 'half' | 'hang' | 'hang-body';

/** A request that came by. */
export interface Passed {
  readonly kind: RequestKind;
  readonly part: number | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** The proxy; what it does to each request is told by `fate`, which a test may replace at any time. */
export interface Proxy extends AsyncDisposable {
  readonly server: S3Server;
  readonly passed: Passed[];
  fate: (request: Passed) => Fate;
  count(kind: RequestKind): number;
}

function kindOf(method: string, query: URLSearchParams): RequestKind {
  if (query.has('uploadId')) {
    if (method === 'PUT') return 'part';
    if (method === 'POST') return 'complete-upload';
    return method === 'DELETE' ? 'abort-upload' : 'list-parts';
  }
  if (query.has('uploads')) return method === 'POST' ? 'begin-upload' : 'list-uploads';
  if (query.has('versions')) return 'list-versions';
  if (query.has('retention')) return 'retain';
  if (query.has('legal-hold')) return 'hold';
  if (method === 'PUT') return 'put';
  if (method === 'HEAD') return 'head';
  return method === 'DELETE' ? 'delete' : 'get';
}

/** Opens a proxy before a server; whoever opens it disposes of it. */
export async function openProxy(behind: S3Server = inject('s3')): Promise<Proxy> {
  const passed: Passed[] = [];
  const target = new URL(behind.endpoint);
  const front = createServer((incoming, outgoing) => {
    const query = new URL(incoming.url ?? '/', 'http://proxy').searchParams;
    const part = query.get('partNumber');
    const one: Passed = {
      kind: kindOf(incoming.method ?? '', query),
      part: part === null ? undefined : Number(part),
      headers: incoming.headers,
    };
    passed.push(one);
    forward(incoming, outgoing, target, proxy.fate(one));
  });
  front.listen(0, '127.0.0.1');
  await new Promise((resolve) => front.once('listening', resolve));
  const proxy: Proxy = {
    server: { ...behind, endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}` },
    passed,
    fate: () => 'pass',
    count: (kind) => passed.filter((each) => each.kind === kind).length,
    [Symbol.asyncDispose]: async () => {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    },
  };
  return proxy;
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, target: URL, fate: Fate): void {
  if (fate === 'hang') return void incoming.resume();
  if (fate === 'cut-now') return void incoming.socket.destroy();
  const onward = request(
    {
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
    },
    (answer) => giveBack(answer, outgoing, fate),
  );
  onward.once('error', () => outgoing.destroy());
  outgoing.once('close', () => onward.destroy());
  if (fate === 'cut') {
    incoming.once('data', () => outgoing.socket?.destroy());
    return;
  }
  (fate === 'flip' ? incoming.pipe(flipFirstByte()) : incoming).pipe(onward);
}

function giveBack(answer: IncomingMessage, outgoing: ServerResponse, fate: Fate): void {
  if (fate === 'lost') {
    answer.resume().once('end', () => outgoing.socket?.destroy());
    return;
  }
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  if (fate === 'half' || fate === 'hang-body') {
    answer.once('data', (chunk: Buffer) => {
      answer.destroy();
      outgoing.write(chunk.subarray(0, Math.max(1, chunk.length / 2)), () => {
        if (fate === 'half') outgoing.socket?.destroy();
      });
    });
    return;
  }
  answer.pipe(outgoing);
}

function flipFirstByte(): Transform {
  let done = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, give) {
      const copy = Buffer.from(chunk);
      if (!done && copy.length > 0) copy[0] = (copy[0] ?? 0) ^ 1;
      done = true;
      give(null, copy);
    },
  });
}
