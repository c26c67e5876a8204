// A station for measuring, made by `docket init` as anybody would make one, with cameras let in that nobody registered.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/platform/index.ts';
import { runQuietly } from './timed.ts';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '..');
/** The programs as the Debian package has them; see buildPrograms. */
const BUILT = join(ROOT, 'dist/bench');
export const DOCKET = join(BUILT, 'bin/docket');
const DOCKETD = join(BUILT, 'bin/docketd');
/** The Node of this checkout. */
export const NODE = join(ROOT, 'bin/node24');

/** Builds what is measured, from the sources as they are now. */
export async function buildPrograms(): Promise<void> {
  await rm(BUILT, { recursive: true, force: true });
  await runQuietly([join(ROOT, 'bin/build'), BUILT], ROOT);
}

/** Makes a station anew in `folder`; returns its configuration. */
export async function makeStation(
  folder: string,
  options: {
    readonly examine: boolean;
    /** More arguments of `docket init`, and their environment. */
    readonly arguments?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await runQuietly([DOCKET, 'init', folder, ...(options.arguments ?? [])], ROOT, options.env);
  const config = join(folder, 'docket.toml');
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace('unknown = "refuse"', 'unknown = "allow"\nusb = false\nroots = []'));
  if (!options.examine) await appendFile(config, '\n[media]\nexamine = false\n');
  return config;
}

/** A running docketd. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  /** From its start until it said that it is ready. */
  readonly readyMs: number;
}

/** Starts docketd and waits until it is ready; disposing it stops it in order. Throws with its log when it ends first. */
export async function startDaemon(config: string): Promise<Daemon> {
  const started = systemClock.elapsedMs();
  const child = spawn(DOCKETD, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await isReady(child);
  const readyMs = systemClock.elapsedMs() - started;
  child.stderr?.resume();
  return { pid: child.pid ?? 0, readyMs, [Symbol.asyncDispose]: () => stop(child) };
}

function isReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`docketd ended with ${code}: ${log}`)));
    child.stderr?.on('data', (bytes: Buffer) => {
      log += bytes.toString('utf8');
      if (log.includes('docketd is ready')) resolve();
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Peak resident memory of a process since it started, in MiB. */
export async function peakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
