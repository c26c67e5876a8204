// Commands and files in a running guest, through QEMU's guest agent: no network, and there at once after a restore.
// Never leaves a command unanswered for: what runs too long is an error that names it.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { JsonSocket } from './json-socket.ts';

/** How a command ended in the guest. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** How a command is run. */
export interface RunOptions {
  /** Standard input. */
  readonly input?: string | undefined;
  /** Longest it may run, in milliseconds. */
  readonly patienceMs?: number | undefined;
}

/** Far more than anything here takes on an idle machine: two guests are emulated on two cores. */
const PATIENCE_MS = 300_000;
const FIRST_LOOK_MS = 10;
const SLOWER = 1.5;
const LOOK_MS = 250;
/**
 * Asks in the guest, each half second, whether something is so. Asked from here, each time would cost an emulated processor a tenth of a
 * second for the start of a shell. $1 is the question, in bash; what it printed at last is printed.
 */
const ASKING = `_asked=$1 _said=/run/asked.$$; exec {_pause}<> <(:)
until eval "$_asked" >$_said 2>&1; do read -rt 0.5 -u $_pause; done; cat $_said; rm $_said`;
/** Bytes in one message of the agent. */
const FILE_CHUNK = 1 << 20;
const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LC_ALL=C.UTF-8',
];

const startedSchema = z.object({ pid: z.number() });
const statusSchema = z.object({
  exited: z.boolean(),
  exitcode: z.number().optional(),
  signal: z.number().optional(),
  'out-data': z.string().default(''),
  'err-data': z.string().default(''),
});
const readSchema = z.object({ 'buf-b64': z.string(), eof: z.boolean() });
const text = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

/** The agent of one guest. Whoever opened its socket closes it. */
export class Agent {
  readonly #socket: JsonSocket;

  constructor(socket: JsonSocket) {
    this.#socket = socket;
  }

  /** Runs a shell command as root, to its end. */
  async run(command: string, { input, patienceMs = PATIENCE_MS }: RunOptions = {}): Promise<Ran> {
    const pid = await this.#start(['/bin/sh', '-c', command], input);
    const ran = await this.#end(pid, patienceMs);
    return ran ?? Promise.reject(new Error(`in the guest: ran for more than ${patienceMs} ms: ${command}`));
  }

  /** Its process in the guest. */
  async #start([path, ...arg]: readonly string[], input?: string): Promise<number> {
    const started = await this.#socket.execute('guest-exec', {
      path,
      arg,
      env: ENVIRONMENT,
      'capture-output': true,
      ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
    });
    return startedSchema.parse(started).pid;
  }

  /** How a process ended; undefined when it has not. */
  async #end(pid: number, patienceMs: number): Promise<Ran | undefined> {
    const until = performance.now() + patienceMs;
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * SLOWER, LOOK_MS)) {
      const now = statusSchema.parse(await this.#socket.execute('guest-exec-status', { pid }));
      if (now.exited)
        return { status: now.exitcode ?? -(now.signal ?? 0), out: text(now['out-data']), err: text(now['err-data']) };
      if (performance.now() > until) return undefined;
      await sleep(waitMs);
    }
  }

  /** Runs a command that must succeed; what it printed, without the end of the last line. */
  async sh(command: string, options?: RunOptions): Promise<string> {
    const { status, out, err } = await this.run(command, options);
    if (status !== 0) throw new Error(`in the guest: ended with ${status}: ${command}\n${out}${err}`);
    return out.trimEnd();
  }

  /** Runs a command (bash) again and again until it succeeds; what it printed then. Its own words cost least: `[[ … ]]`, `mapfile`. */
  async until(command: string, patienceMs = PATIENCE_MS): Promise<string> {
    const pid = await this.#start(['/bin/bash', '-c', ASKING, 'until', command]);
    const ran = await this.#end(pid, patienceMs);
    if (ran?.status === 0) return ran.out.trimEnd();
    const said = ran === undefined ? (await this.run(`cat /run/asked.${pid}; kill ${pid}`)).out : ran.err;
    throw new Error(`in the guest: not true in ${patienceMs} ms: ${command}\n${said}`);
  }

  async readFile(path: string): Promise<Buffer> {
    const handle = await this.#socket.execute('guest-file-open', { path, mode: 'r' });
    const parts: Buffer[] = [];
    try {
      for (let ended = false; !ended; ) {
        const read = readSchema.parse(await this.#socket.execute('guest-file-read', { handle, count: FILE_CHUNK }));
        parts.push(Buffer.from(read['buf-b64'], 'base64'));
        ended = read.eof;
      }
    } finally {
      await this.#socket.execute('guest-file-close', { handle });
    }
    return Buffer.concat(parts);
  }

  /** Writes a file anew, as root; it is not flushed. */
  async writeFile(path: string, data: string | Buffer): Promise<void> {
    const bytes = Buffer.from(data);
    const handle = await this.#socket.execute('guest-file-open', { path, mode: 'w' });
    try {
      for (let at = 0; at < bytes.length; at += FILE_CHUNK)
        await this.#socket.execute('guest-file-write', {
          handle,
          'buf-b64': bytes.subarray(at, at + FILE_CHUNK).toString('base64'),
        });
    } finally {
      await this.#socket.execute('guest-file-close', { handle });
    }
  }

  /** Sets the guest's clock to this machine's. */
  async setClock(): Promise<void> {
    await this.#socket.execute('guest-set-time', { time: Date.now() * 1e6 });
  }
}
