// docketd as a child process: started, asked, stopped, killed. Whoever starts one stops it, also when the test fails.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { MountRoom } from './mounts.ts';
import { runEnvironment } from './syscalls.ts';

const DOCKETD = join(import.meta.dirname, '../../src/daemon/docketd.ts');
/** Longest a daemon may take to be ready, or to be gone after SIGTERM, in milliseconds; far more than it takes. */
const PATIENCE_MS = 30_000;

/** How a daemon ended. */
export interface DaemonEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Everything it said, JSON lines mostly. */
  readonly said: string;
}

/** A running docketd. */
export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<DaemonEnd>;
  readonly #waiting = new Set<() => void>();
  #said = '';

  /** `room`: where it runs, if not among the mounts of everybody. */
  constructor(config: string, room?: MountRoom) {
    const command = ['--disable-warning=ExperimentalWarning', DOCKETD, '--config', config];
    const [program, args] = room?.inside(process.execPath, command) ?? [process.execPath, command];
    this.#child = spawn(program, args, {
      env: { ...runEnvironment(), UV_THREADPOOL_SIZE: '4' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
      for (const look of this.#waiting) look();
    });
    this.#ended = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => {
        resolve({ code, signal, said: this.#said });
        for (const look of this.#waiting) look();
      }),
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves once it has said something that fits; rejects when it ended before, or said nothing such for too long. */
  says(what: RegExp, patienceMs = PATIENCE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (what.test(this.#said)) end();
        else if (this.#child.exitCode !== null || this.#child.signalCode !== null)
          end(new Error(`docketd ended without saying ${String(what)}:\n${this.#said}`));
      };
      const timer = setTimeout(() => end(new Error(`docketd did not say ${String(what)}:\n${this.#said}`)), patienceMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Waits for its end. */
  ended(): Promise<DaemonEnd> {
    return this.#ended;
  }

  /** Sends a signal and waits for the end; one that does not end in time is killed, and that is told by its signal. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<DaemonEnd> {
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop('SIGKILL');
  }
}

/** Starts docketd and waits until it is ready. */
export async function startDaemon(config: string, room?: MountRoom): Promise<Daemon> {
  const daemon = new Daemon(config, room);
  try {
    await daemon.says(/docketd is ready/);
    return daemon;
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    throw error;
  }
}
