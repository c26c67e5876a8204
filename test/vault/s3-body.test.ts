// Bodies of uploads use their memory again: whoever takes the chunks as pipe() hands them on gets every byte, however slow it is.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { truncate, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/index.ts';
import { makeThrottle, openBody } from '../../src/vault/s3-body.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const MIB = 1_048_576;
const BYTES = randomBytes(9 * MIB + 3);

let folder: TempFolder;
let path: string;
beforeAll(async () => {
  folder = await makeTempFolder();
  path = folder.at('footage.bin');
  await writeFile(path, BYTES);
});
afterAll(() => folder[Symbol.asyncDispose]());

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What arrives behind a pipe whose end looks at each chunk only after a while. */
async function throughSlowPipe(body: Readable): Promise<{ digest: string; memory: Set<ArrayBufferLike> }> {
  const hash = createHash('sha256');
  const memory = new Set<ArrayBufferLike>();
  const slow = new Writable({
    write(chunk: Buffer, _encoding, done) {
      memory.add(chunk.buffer);
      setTimeout(() => {
        hash.update(chunk);
        done();
      }, 2);
    },
  });
  body.pipe(slow);
  await once(slow, 'finish');
  return { digest: hash.digest('hex'), memory };
}

describe('the body of an upload', () => {
  it('is the whole file, in memory that is used again', async () => {
    const { digest, memory } = await throughSlowPipe(openBody(path, 0, BYTES.length, undefined));
    expect(digest).toBe(sha256(BYTES));
    expect(memory.size).toBeLessThanOrEqual(4);
  });

  it.each([
    ['from the middle', 3 * MIB + 1, 5 * MIB],
    ['of one byte', 17, 1],
    ['of no byte', 0, 0],
    ['up to the end', BYTES.length - 2 * MIB, 2 * MIB],
  ])('is a part of it, %s', async (_, start, size) => {
    const { digest } = await throughSlowPipe(openBody(path, start, size, undefined));
    expect(digest).toBe(sha256(BYTES.subarray(start, start + size)));
  });

  it('is the whole file with a limit on the line, too', async () => {
    const { digest } = await throughSlowPipe(openBody(path, 0, BYTES.length, makeThrottle(200 * MIB, systemClock)));
    expect(digest).toBe(sha256(BYTES));
  });

  it('arrives whole at a server that stops listening now and then', async () => {
    const hash = createHash('sha256');
    const server = createServer((incoming, answer) => {
      incoming.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        if (chunk[0] !== 0) return;
        incoming.pause();
        setTimeout(() => incoming.resume(), 3);
      });
      incoming.on('end', () => answer.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const upload = request({ port, host: '127.0.0.1', method: 'PUT', headers: { 'content-length': BYTES.length } });
    openBody(path, 0, BYTES.length, undefined).pipe(upload);
    await once(upload, 'response');
    server.close();
    server.closeAllConnections();
    expect(hash.digest('hex')).toBe(sha256(BYTES));
  });

  it('of a file that is not there fails', async () => {
    const [error] = (await once(openBody(folder.at('none'), 0, 5, undefined).resume(), 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ENOENT' });
  });

  it('of a file that became shorter ends early, and the announced length tells', async () => {
    const short = folder.at('short.bin');
    await writeFile(short, BYTES.subarray(0, 2 * MIB));
    await truncate(short, MIB + 5);
    const { digest } = await throughSlowPipe(openBody(short, 0, 2 * MIB, undefined));
    expect(digest).toBe(sha256(BYTES.subarray(0, MIB + 5)));
  });
});
