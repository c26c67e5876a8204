// Runs one program and says what it cost: time on the wall, CPU time of it and all its children, largest memory of any of them.
// GNU time does the counting, so that every contestant is counted the same way.
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/platform/index.ts';

/** What one run cost. */
export interface Cost {
  readonly wallSeconds: number;
  /** User and system time, children included. What kernel threads write back later is nobody's. */
  readonly cpuSeconds: number;
  readonly systemSeconds: number;
  /** Peak resident memory of the largest process. */
  readonly peakMiB: number;
}

/** What is run. */
export interface Order {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Characters kept of what a program said, for when it fails. */
const MAX_SAID_CHARS = 4000;

/** Runs to the end; throws with what the program said when it fails. */
export async function runTimed({ command, cwd, env = {} }: Order): Promise<Cost> {
  const counts = join(cwd, '.counts');
  const started = systemClock.elapsedMs();
  const { code, said } = await run(['time', '-q', '-o', counts, '-f', '%U %S %M', ...command], cwd, env);
  const wallSeconds = (systemClock.elapsedMs() - started) / 1000;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said}`);
  const [user = 0, system = 0, peakKiB = 0] = (await readFile(counts, 'utf8')).trim().split(' ').map(Number);
  await rm(counts);
  return { wallSeconds, cpuSeconds: user + system, systemSeconds: system, peakMiB: peakKiB / 1024 };
}

/** Runs to the end without counting; throws when it fails. */
export async function runQuietly(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, said } = await run(command, cwd, env);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said}`);
}

function run(
  [program = '', ...rest]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-MAX_SAID_CHARS);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, said }));
  });
}
