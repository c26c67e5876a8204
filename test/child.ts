// Runs a piece of TypeScript in a Node of its own, under another program where one is named: strace, or unshare with a private mount.
// Never leaves a child or a mount behind: both end with the call.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** How a child ended. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code, or null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Address of a source file, as code for a child imports it. `path` is from the checkout. */
export function sourceUrl(path: string): string {
  return new URL(`../${path}`, import.meta.url).href;
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  const ended = new Promise<Pick<Ended, 'status' | 'signal'>>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve({ status, signal }));
  });
  const [stdout, stderr, how] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, ...how };
}

/** Runs TypeScript code (imports by sourceUrl) under `wrap`; one thread does its file work, so that a trace has one order. */
export function runCode(code: string, wrap: readonly string[] = []): Promise<Ended> {
  const node = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
    '--eval',
    code,
  ];
  const [program = '', ...args] = [...wrap, ...node];
  return run(program, args);
}
