// What people read when a store refuses, is full, is away or is broken: one clear line with the right code, and never a secret.
// The answers of stores come from a small server that says what it is told; lines that break are real ones.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure, type FailureCode } from '../../src/evidence/index.ts';
import { errorFacts } from '../../src/platform/index.ts';
import { openS3Vault, type S3VaultOptions, type Vault } from '../../src/vault/index.ts';
import { ManualClock } from '../camera/manual-clock.ts';
import { expectRejection } from '../expect-failure.ts';
import { vaultOptions } from './buckets.ts';
import { hurried, MIB, small } from './sources.ts';

const KEY = 'payload/x';
const SECRET = 'do-not-tell-anybody-this-secret-key-0000';
const CUSTOMER_KEY = Buffer.alloc(32, 'K');

type Answer = (request: IncomingMessage, answer: ServerResponse) => void;

/** An answer as S3 stores give it; to HEAD without its body. */
function refuses(status: number, code: string): Answer {
  return (request, answer) => {
    answer.writeHead(status, { 'content-type': 'application/xml' });
    answer.end(
      request.method === 'HEAD'
        ? undefined
        : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>the store's own words about ${CUSTOMER_KEY.toString('base64')}, ${SECRET}</Message></Error>`,
    );
  };
}

describe('a store that', () => {
  let answer: Answer;
  let asked: number;
  let endpoint: string;
  let front: ReturnType<typeof createServer>;
  const opened: AsyncDisposable[] = [];

  async function open(over: Partial<S3VaultOptions> = {}, end?: AbortSignal): Promise<Vault> {
    const vault = await openS3Vault(
      {
        ...vaultOptions('bucket', {}, { endpoint, accessKeyId: 'AKID', secretAccessKey: SECRET }),
        encryption: { kind: 'customer', key: CUSTOMER_KEY },
        clock: hurried,
        ...over,
      },
      end,
    );
    opened.push(vault);
    return vault;
  }

  beforeEach(async () => {
    asked = 0;
    front = createServer((request, response) => {
      asked += 1;
      request.resume();
      answer(request, response);
    });
    front.listen(0, '127.0.0.1');
    await new Promise((resolve) => front.once('listening', resolve));
    endpoint = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
  });

  /** What goes to the journal, the cause with it, and to --json holds no secret. */
  function expectNoSecret(failure: Failure): void {
    const { message, facts, next } = failure;
    const told = inspect({ message, facts, next, log: errorFacts(failure) });
    for (const secret of [SECRET, CUSTOMER_KEY.toString('base64'), CUSTOMER_KEY.toString()])
      expect(told).not.toContain(secret);
  }

  async function expectEverywhere(code: FailureCode, line: RegExp, over: Partial<S3VaultOptions> = {}): Promise<void> {
    const vault = await open(over);
    for (const work of [
      () => vault.putOnce(KEY, small('x'), { locked: true, retainUntil: 'permanent' }),
      () => vault.stat(KEY),
      () => vault.digest(KEY),
      () => vault.readSmall(KEY, 10),
      () => vault.replaceCheckpoint('ledgers/station-7/checkpoint', Buffer.from('x')),
      () => Array.fromAsync(vault.list('')),
      () => vault.guard?.abortStaleUploads(0) ?? Promise.resolve(),
    ]) {
      const failure = await expectRejection(code, work());
      expect(failure.message).toMatch(line);
      expect(failure.message).toContain(over.endpoint ?? endpoint);
      expectNoSecret(failure);
    }
  }

  it.each([
    [403, 'AccessDenied', 'vault-refused', /credentials do not allow it.*docket vault policy/],
    [403, 'InvalidAccessKeyId', 'vault-refused', /does not know the access key/],
    [403, 'SignatureDoesNotMatch', 'vault-refused', /secret key does not fit/],
    [400, 'ExpiredToken', 'vault-refused', /credentials have expired/],
    [403, 'RequestTimeTooSkewed', 'vault-refused', /clocks of this machine and of the store differ/],
    [403, 'QuotaExceeded', 'vault-full', /quota .* is used up/],
    [507, 'InsufficientStorage', 'vault-full', /no space left/],
    [404, 'NoSuchBucket', 'vault-refused', /no such bucket; make it with: docket vault init/],
    [301, 'PermanentRedirect', 'vault-refused', /another region/],
    [400, 'AuthorizationHeaderMalformed', 'vault-refused', /another region/],
    [401, 'Whatever', 'vault-refused', /refuses it \(Whatever, HTTP 401\)/],
    [418, 'Teapot', 'vault-refused', /answers Teapot, HTTP 418/],
  ] as const)('answers %i %s', async (status, name, code, line) => {
    answer = refuses(status, name);
    await expectEverywhere(code, line);
  });

  it.each([
    [503, 'SlowDown', /overloaded \(SlowDown, HTTP 503\)/],
    [500, 'InternalError', /has trouble \(InternalError, HTTP 500\)/],
    [502, 'BadGateway', /has trouble \(BadGateway, HTTP 502\)/],
  ] as const)('answers %i %s is asked again a few times, and is then away', async (status, name, line) => {
    answer = refuses(status, name);
    const vault = await open();
    const failure = await expectRejection('vault-unreachable', vault.readSmall(KEY, 10));
    expect(failure.message).toMatch(line);
    expect(asked).toBeGreaterThan(3);
    expectNoSecret(failure);
  });

  it('is overloaded for a moment gives no trouble', async () => {
    answer = (request, response) =>
      asked < 3 ? refuses(503, 'SlowDown')(request, response) : response.writeHead(200).end('evidence');
    expect((await (await open({ encryption: { kind: 'none' } })).readSmall(KEY, 10))?.toString()).toBe('evidence');
    expect(asked).toBe(3);
  });

  it('says no to a HEAD, which has no words, is asked for its reason', async () => {
    answer = refuses(403, 'InvalidAccessKeyId');
    const failure = await expectRejection('vault-refused', (await open()).stat(KEY));
    expect(failure.message).toMatch(/does not know the access key/);
    expect(asked).toBe(2);
  });

  it('is no S3 store at all', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in<br>');
    const failure = await expectRejection('vault-unreachable', Array.fromAsync((await open()).list('')));
    expect(failure.message).toMatch(/not what an S3 store answers/);
  });

  it('hangs is given up after the idle time', async () => {
    answer = () => undefined;
    await expectEverywhere('vault-unreachable', /does not answer in time/, { idleTimeoutMs: 150 });
  });

  it('hangs is not asked a second time by what it kept waiting, and once by a put whether it has the object', async () => {
    answer = () => undefined;
    const vault = await open({ requestTimeoutMs: 150, idleTimeoutMs: 60_000 });
    await expectRejection('vault-unreachable', vault.stat(KEY));
    await expectRejection('vault-unreachable', vault.readSmall('ledgers/station-7/checkpoint', 10));
    await expectRejection(
      'vault-unreachable',
      vault.replaceCheckpoint('ledgers/station-7/checkpoint', Buffer.from('x')),
    );
    expect(asked).toBe(3);
    asked = 0;
    await expectRejection('vault-unreachable', vault.putOnce(KEY, small('x'), { locked: false }));
    expect(asked).toBe(2);
  });

  it('hangs does not outlast the end of its station', async () => {
    answer = (request, response) => {
      if (request.method === 'HEAD') return;
      response.writeHead(200, { 'content-length': 1000 });
      response.flushHeaders();
    };
    const end = new AbortController();
    const vault = await open({ requestTimeoutMs: 60_000, idleTimeoutMs: 60_000 }, end.signal);
    const asking = [vault.stat(KEY), vault.readSmall(KEY, 1000), vault.digest(KEY)];
    const ended = asking.map((each) => expectRejection('cancelled', each));
    await expect.poll(() => asked).toBe(3);
    end.abort(new Failure('cancelled', 'the station ends'));
    await Promise.all(ended);
  });

  it('is asked again later is not taken for one that is away, when the asking is ended meanwhile', async () => {
    answer = refuses(503, 'SlowDown');
    const clock = new ManualClock();
    const vault = await open({ clock });
    const end = new AbortController();
    const storing = vault.putOnce(KEY, small('x'), { locked: false }, end.signal);
    await clock.waiting(1);
    end.abort(new Failure('cancelled', 'it was ended'));
    await expectRejection('cancelled', storing);
  });

  it('hangs in the middle of an answer is given up too', async () => {
    answer = (request, response) => {
      const from = /^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1];
      const range = from === undefined ? {} : { 'content-range': `bytes ${from}-999/1000` };
      response.writeHead(from === undefined ? 200 : 206, { 'content-length': 1000 - Number(from ?? 0), ...range });
      if (from === undefined) response.write('begin');
      else response.flushHeaders();
    };
    const vault = await open({ idleTimeoutMs: 150 });
    for (const work of [() => vault.digest(KEY), () => vault.readSmall(KEY, 1000)])
      expect((await expectRejection('vault-unreachable', work())).message).toMatch(/does not answer in time/);
  });

  it('sends more than there can be, without saying how much, is read no further than that', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' });
      response.end(Buffer.alloc(32 * MIB));
    };
    const vault = await open();
    await expectRejection('too-large', vault.readSmall(KEY, 1000));
    const { sizeBytes = 0 } = (await vault.digest(KEY, undefined, undefined, 1000)) ?? {};
    expect([sizeBytes > 1000, sizeBytes < MIB]).toEqual([true, true]);
  });

  it('begins from the start again, though asked for the rest, is not believed', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('begin', () => response.destroy());
    };
    const failure = await expectRejection('vault-unreachable', (await open()).digest(KEY));
    expect(failure.message).toMatch(/does not go on where it broke off/);
  });

  it('cuts every connection is away', async () => {
    answer = (request) => void request.socket.destroy();
    await expectEverywhere('vault-unreachable', /the connection was cut/);
  });

  it('is not running is away', async () => {
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
    await expectEverywhere('vault-unreachable', /nothing answers there/);
    front.listen(0); // so that closing it again is no error
  });

  it('has a name nobody knows is away', async () => {
    await expectEverywhere('vault-unreachable', /name cannot be resolved/, { endpoint: 'http://store.invalid:7480' });
  });

  it('is asked with https and speaks http is refused', async () => {
    const over = { endpoint: endpoint.replace('http:', 'https:') };
    await expectEverywhere('vault-refused', /does not speak TLS there/, over);
  });
});
