// The daemon's door on this machine: HTTP over a unix socket, one POST per use case, answered as JSON lines
// ({"progress":…} while it works, then {"result":…} or {"failure":…}). Only who may open the socket file gets in.
// Never listens on a network.
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { basename, dirname } from 'node:path';
import { errnoOf, Failure, type FailureFacts, isFailure, isFailureCode } from '../evidence/index.ts';
import { errorFacts, type Log } from '../platform/index.ts';

/** Largest question, in bytes. */
const MAX_QUESTION_BYTES = 1_048_576;
/** Longest socket path the kernel takes is 107 bytes; longer ones go through the folder's descriptor. */
const MAX_SOCKET_PATH_BYTES = 100;

/** Answers one use case; `progress` may be called any number of times before it returns. */
export type Answerer = (question: unknown, progress: (value: unknown) => void, signal: AbortSignal) => Promise<unknown>;

/** What a GET is answered with: a text in this form. */
export interface Page {
  readonly contentType: string;
  text(): Promise<string>;
}

/** An open door. */
export interface Door {
  close(): Promise<void>;
}

/** Address of a socket file that may have a long path; `release` closes what was opened for it. */
function socketAddress(path: string): { readonly address: string; readonly release: () => void } {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { address: path, release: () => undefined };
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { address: `/proc/self/fd/${folder}/${basename(path)}`, release: () => closeSync(folder) };
}

/** Opens the door; whoever calls holds the station lock, so a socket file that stands there is dead. */
export async function openDoor(
  path: string,
  answerers: Readonly<Record<string, Answerer>>,
  log: Log,
  pages: Readonly<Record<string, Page>> = {},
): Promise<Door> {
  await unlink(path).catch(() => undefined); // absent: fine; anything else shows at listen
  const server = createServer((question, answer) => {
    const page =
      question.method === 'GET' && Object.hasOwn(pages, question.url ?? '') ? pages[question.url ?? ''] : undefined;
    const served = page === undefined ? serve(question, answer, answerers, log) : servePage(answer, page);
    served.catch((error: unknown) => {
      log.error('a question on the socket was not answered', errorFacts(error));
      answer.destroy();
    });
  });
  server.requestTimeout = 0; // an acquisition may take hours
  const { address, release } = socketAddress(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
  await chmod(path, 0o660);
  return {
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await unlink(path).catch(() => undefined); // node has usually removed it already
      release();
    },
  };
}

/** Answers with a page; rejects when it cannot be made. */
export async function servePage(answer: ServerResponse, page: Page): Promise<void> {
  const text = await page.text();
  answer.writeHead(200, { 'content-type': page.contentType }).end(text);
}

async function serve(
  question: IncomingMessage,
  answer: ServerResponse,
  answerers: Readonly<Record<string, Answerer>>,
  log: Log,
): Promise<void> {
  const name = /^\/v1\/([a-zA-Z]+)$/.exec(question.url ?? '')?.[1] ?? '';
  const answerer = Object.hasOwn(answerers, name) ? answerers[name] : undefined;
  if (question.method !== 'POST' || answerer === undefined) {
    answer
      .writeHead(404, { 'content-type': 'application/x-ndjson' })
      .end(
        `${JSON.stringify({ failure: { code: 'not-found', message: `there is no use case ${name}`, facts: {} } })}\n`,
      );
    return;
  }
  const gone = new AbortController();
  answer.on('close', () => gone.abort(new Failure('cancelled', 'the command was ended')));
  answer.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const line = (value: unknown): void => {
    if (!answer.destroyed) answer.write(`${JSON.stringify(value)}\n`);
  };
  try {
    line({ result: await answerer(await readQuestion(question), (progress) => line({ progress }), gone.signal) });
  } catch (error) {
    if (!isFailure(error)) log.error('a defect while answering', errorFacts(error));
    line({
      failure: isFailure(error)
        ? { code: error.code, message: error.message, facts: error.facts }
        : { code: 'defect', message: String(error), facts: {} },
    });
  }
  answer.end();
}

async function readQuestion(question: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of question as AsyncIterable<Buffer>) {
    // no encoding is set, so chunks are buffers
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_QUESTION_BYTES)
      throw new Failure('too-large', `a question on the socket may have ${MAX_QUESTION_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return value;
  } catch (cause) {
    throw new Failure('invalid', 'the question on the socket is not JSON', { cause });
  }
}

/** Asks the daemon. undefined when none listens; throws the daemon's Failure, or 'daemon-unreachable' when it went away while working. */
export async function askDaemon(
  path: string,
  useCase: string,
  question: unknown,
  progress: (value: unknown) => void,
  signal: AbortSignal,
): Promise<{ readonly result: unknown } | undefined> {
  const { address, release } = socketAddress(path);
  try {
    const answer = await post(address, `/v1/${useCase}`, JSON.stringify(question), signal);
    return answer === undefined ? undefined : { result: await readAnswer(answer, progress) };
  } finally {
    release();
  }
}

function post(
  socketPath: string,
  path: string,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal,
    });
    asked.on('response', resolve);
    asked.on('error', (error) => {
      const errno = errnoOf(error);
      if (errno === 'ENOENT' || errno === 'ECONNREFUSED') resolve(undefined);
      else if (errno === 'EACCES')
        reject(
          new Failure(
            'daemon-unreachable',
            'you may not open the socket of docketd; ask IT to put you into its group',
            { cause: error },
          ),
        );
      else
        reject(
          signal.aborted
            ? new Failure('cancelled', 'cancelled', { cause: error })
            : new Failure('daemon-unreachable', `docketd does not answer: ${error.message}`, { cause: error }),
        );
    });
    asked.end(body);
  });
}

async function readAnswer(answer: IncomingMessage, progress: (value: unknown) => void): Promise<unknown> {
  let rest = '';
  try {
    for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
      // an encoding is set, so chunks are texts
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const said = parseLine(line);
        if ('progress' in said) progress(said.progress);
        else return resultOf(said);
      }
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      'daemon-unreachable',
      'docketd went away while it was working; the work continues when it is back',
      { cause: error },
    );
  }
  throw new Failure('daemon-unreachable', 'docketd went away while it was working; the work continues when it is back');
}

function parseLine(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line);
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>; // a JSON object's members are by name
  throw new Failure('daemon-unreachable', 'docketd answered something that is no JSON object');
}

function resultOf(said: Record<string, unknown>): unknown {
  if ('result' in said) return said['result'];
  const failure = said['failure'] as { code?: unknown; message?: unknown; facts?: FailureFacts } | undefined; // checked member by member below
  if (isFailureCode(failure?.code))
    throw new Failure(failure.code, String(failure.message), { facts: failure.facts ?? {} });
  throw new Error(`docketd reports a defect: ${String(failure?.message)}`);
}
