// The line between a station and its store, byte by byte: it can be cut at any byte of a request or an answer, slowed, frozen, taken away,
// or answer in the store's place. It knows just enough of HTTP to tell one request from the next.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Server } from '../server.ts';

/** A slow line moves on in small steps, so that it can become fast again at any time. */
const SLOW_STEP_BYTES = 4096;

/** What a store says before it has the body; no answer yet. */
const INTERIM = Buffer.from('HTTP/1.1 100');

/** A request as it comes by. */
export interface LineRequest {
  readonly method: string;
  /** Path and query, decoded where it can be. */
  readonly path: string;
  readonly bodyBytes: number;
}

/**
 * What becomes of a request. `head` and `body`: cut off after so many bytes of them; `answer`: the store has it whole, and the answer is
 * cut off after so many bytes; `refuse`: the store never sees it.
 */
export type LineFate =
  | { readonly cut: 'head' | 'body' | 'answer'; readonly after: number }
  | { readonly refuse: { readonly status: number; readonly code: string } };

/** A line; whoever opens it disposes of it. */
export interface Line extends AsyncDisposable {
  /** The store as it is reached through the line. */
  readonly server: S3Server;
  /** Requests that began to pass, in order. */
  readonly seen: LineRequest[];
  /** Bytes of bodies that went towards the store. */
  bodyBytes(): number;
  /** Requests of whose bodies something has passed, and which are not answered yet. */
  underWay(): readonly LineRequest[];
  /** Asked once for each request; undefined: it passes. */
  fate: (request: LineRequest) => LineFate | undefined;
  /** Bytes a second towards the store, each connection for itself. */
  bytesPerSecond: number | undefined;
  /** Nothing moves any more in either direction; connections stay, new ones are taken. */
  freeze(): void;
  thaw(): void;
  /** Nothing listens any more, and what was connected is cut. */
  takeDown(): Promise<void>;
  putUp(): Promise<void>;
}

/** Opens a line before a store. */
export async function openLine(behind: S3Server): Promise<Line> {
  const inner = new InnerLine(behind);
  await inner.putUp();
  return inner;
}

class InnerLine implements Line {
  readonly seen: LineRequest[] = [];
  fate: Line['fate'] = () => undefined;
  bytesPerSecond: number | undefined;
  readonly #target: URL;
  readonly #behind: S3Server;
  readonly #connections = new Set<Connection>();
  #server: Server | undefined;
  #port = 0;
  #frozen = false;
  #bodyBytes = 0;

  constructor(behind: S3Server) {
    this.#behind = behind;
    this.#target = new URL(behind.endpoint);
  }

  get server(): S3Server {
    return { ...this.#behind, endpoint: `http://127.0.0.1:${this.#port}` };
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  bodyBytes(): number {
    return this.#bodyBytes;
  }

  underWay(): readonly LineRequest[] {
    return [...this.#connections].flatMap((each) => each.underWay ?? []);
  }

  count(bytes: number): void {
    this.#bodyBytes += bytes;
  }

  freeze(): void {
    this.#frozen = true;
    for (const each of this.#connections) each.freeze();
  }

  thaw(): void {
    this.#frozen = false;
    for (const each of this.#connections) each.thaw();
  }

  async putUp(): Promise<void> {
    const server = createServer((front) => {
      const back = connect(Number(this.#target.port), this.#target.hostname);
      const connection = new Connection(this, front, back);
      this.#connections.add(connection);
      front.once('close', () => this.#connections.delete(connection));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  async takeDown(): Promise<void> {
    const closing = new Promise((resolve) => this.#server?.close(resolve));
    for (const each of this.#connections) each.cut();
    await closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.takeDown();
  }
}

/** Where a connection is in its stream of requests. */
interface Request {
  readonly asked: LineRequest;
  readonly fate: LineFate | undefined;
  headLeft: number;
  bodyLeft: number;
  headSent: number;
  bodySent: number;
}

class Connection {
  readonly #line: InnerLine;
  readonly #front: Socket;
  readonly #back: Socket;
  #pending = Buffer.alloc(0);
  #now: Request | undefined;
  /** The request that is not answered yet. */
  #open: Request | undefined;
  #answered = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(line: InnerLine, front: Socket, back: Socket) {
    this.#line = line;
    this.#front = front;
    this.#back = back;
    for (const each of [front, back]) {
      each.setNoDelay(true);
      each.on('error', () => this.cut()); // the other side left: so does this one
      each.once('close', () => this.cut());
    }
    front.on('data', (chunk: Buffer) => {
      front.pause();
      this.#working = this.#working.then(async () => {
        await this.#up(chunk);
        if (!line.isFrozen) front.resume();
      });
    });
    back.on('data', (chunk: Buffer) => this.#down(chunk));
    if (line.isFrozen) this.freeze();
  }

  get underWay(): LineRequest | undefined {
    return this.#open !== undefined && this.#open.bodySent > 0 ? this.#open.asked : undefined;
  }

  freeze(): void {
    this.#front.pause();
    this.#back.pause();
  }

  thaw(): void {
    this.#front.resume();
    this.#back.resume();
  }

  cut(): void {
    this.#front.destroy();
    this.#back.destroy();
  }

  /** Bytes from the station. */
  async #up(chunk: Buffer): Promise<void> {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length > 0 && !this.#front.destroyed) {
      this.#now ??= this.#begin();
      this.#open = this.#now;
      const now = this.#now;
      if (now === undefined) return; // the head is not whole yet
      const sent = await this.#send(now);
      if (sent === 'cut') return this.cut();
      if (now.headLeft === 0 && now.bodyLeft === 0) this.#end(now);
    }
  }

  #begin(): Request | undefined {
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#pending.subarray(0, end).toString('latin1');
    const [, method = '', path = ''] = /^(\S+) (\S+)/.exec(head) ?? [];
    const bodyBytes = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const request = { method, path: decodeURIComponent(path), bodyBytes };
    this.#line.seen.push(request);
    this.#answered = 0;
    return {
      asked: request,
      fate: this.#line.fate(request),
      headLeft: end + 4,
      bodyLeft: bodyBytes,
      headSent: 0,
      bodySent: 0,
    };
  }

  /** Sends what there is of the request, as far as its fate allows. */
  async #send(now: Request): Promise<'sent' | 'cut'> {
    const inHead = now.headLeft > 0;
    const part = this.#pending.subarray(0, inHead ? now.headLeft : now.bodyLeft);
    const { fate } = now;
    const done = inHead ? now.headSent : now.bodySent;
    const cutAt =
      fate !== undefined && 'cut' in fate && fate.cut === (inHead ? 'head' : 'body') ? fate.after : undefined;
    const allowed = cutAt === undefined ? part.length : Math.min(part.length, cutAt - done);
    if (fate === undefined || 'cut' in fate) await this.#forward(part.subarray(0, allowed));
    if (inHead) {
      now.headLeft -= part.length;
      now.headSent += part.length;
    } else {
      now.bodyLeft -= part.length;
      now.bodySent += part.length;
      this.#line.count(allowed);
    }
    this.#pending = this.#pending.subarray(part.length);
    return cutAt !== undefined && done + part.length >= cutAt ? 'cut' : 'sent';
  }

  async #forward(bytes: Buffer): Promise<void> {
    const { bytesPerSecond } = this.#line;
    const step = bytesPerSecond === undefined ? bytes.length : SLOW_STEP_BYTES;
    for (let at = 0; at < bytes.length && !this.#back.destroyed; at += step) {
      const speed = this.#line.bytesPerSecond;
      if (speed !== undefined) await sleep((Math.min(step, bytes.length - at) / speed) * 1000);
      await new Promise((resolve) => this.#back.write(bytes.subarray(at, at + step), resolve));
    }
  }

  #end(now: Request): void {
    if (now.fate !== undefined && 'refuse' in now.fate) {
      const { status, code } = now.fate.refuse;
      const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
      this.#front.write(
        `HTTP/1.1 ${status} No\r\ncontent-type: application/xml\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      this.#now = undefined;
      return;
    }
    // The fate of an answer is still open; the next request of the connection comes only after it.
    if (now.fate === undefined) this.#now = undefined;
  }

  /** Bytes from the store. */
  #down(chunk: Buffer): void {
    if (!chunk.subarray(0, INTERIM.length).equals(INTERIM)) this.#open = undefined;
    const fate = this.#now?.fate;
    if (fate !== undefined && 'cut' in fate && fate.cut === 'answer') {
      const left = fate.after - this.#answered;
      this.#answered += chunk.length;
      if (left < chunk.length) {
        if (left > 0) this.#front.write(chunk.subarray(0, left), () => this.cut());
        else this.cut();
        return;
      }
    }
    if (!this.#front.destroyed) this.#front.write(chunk);
  }
}
