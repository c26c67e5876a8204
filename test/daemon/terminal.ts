// A command on a terminal of its own (script(1) makes the pseudo-terminal): what stands on it, what is typed, how it is left behind.
// Whoever opens one closes it; then whatever still runs there is hung up.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runEnvironment } from '../fault/syscalls.ts';

const DOCKET = join(import.meta.dirname, '../../src/daemon/docket.ts');
/** Longest anything may take to appear, in milliseconds; far more than it takes. */
const PATIENCE_MS = 30_000;

/** Rows and columns of the terminal. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A docket command on a terminal. The shell around it writes the settings of the terminal before and after into `folder`. */
export class Terminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<void>;
  readonly #looks = new Set<() => void>();
  #output = '';
  #over = false;

  constructor(folder: string, { columns, rows }: TerminalSize, term: string, args: readonly string[]) {
    this.#folder = folder;
    const quoted = [process.execPath, '--disable-warning=ExperimentalWarning', DOCKET, ...args].map(
      (each) => `'${each.replaceAll("'", "'\\''")}'`,
    );
    const inner = `stty cols ${columns} rows ${rows}; stty -g >before; sh -c 'echo $$ >pid; exec "$0" "$@"' ${quoted.join(' ')}; echo $? >exit; stty -g >after`;
    this.#child = spawn('script', ['--quiet', '--flush', '--command', inner, '/dev/null'], {
      cwd: folder,
      env: { ...runEnvironment(), TERM: term, SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      for (const look of this.#looks) look();
    });
    this.#ended = new Promise((resolve) =>
      this.#child.once('close', () => {
        this.#over = true;
        for (const look of this.#looks) look();
        resolve();
      }),
    );
  }

  /** All that was written to it. */
  get output(): string {
    return this.#output;
  }

  /** The frame painted last and wholly, without colours. */
  get frame(): string {
    const frames = this.#output.split('\u001b[H').slice(1, -1);
    return (frames.at(-1) ?? '').replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, '');
  }

  /** Resolves once a frame fits; rejects when the command ended before, or none did for too long. */
  shows(what: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (what.test(this.frame)) end();
        else if (this.#over) end(new Error(`it ended without showing ${String(what)}:\n${this.#output}`));
      };
      const timer = setTimeout(() => end(new Error(`it did not show ${String(what)}:\n${this.frame}`)), PATIENCE_MS);
      this.#looks.add(look);
      look();
    });
  }

  /** What a person types. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Sends a signal to the command itself. */
  signal(name: NodeJS.Signals): void {
    process.kill(Number(readFileSync(join(this.#folder, 'pid'), 'utf8')), name);
  }

  /** Waits for the end: its exit code, and whether the terminal is set as it was. */
  async end(): Promise<{ readonly exit: number; readonly isAsBefore: boolean }> {
    await this.#ended;
    const [exit, before, after] = ['exit', 'before', 'after'].map((name) =>
      readFileSync(join(this.#folder, name), 'utf8').trim(),
    );
    return { exit: Number(exit), isAsBefore: before === after && before !== '' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
