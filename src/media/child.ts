// Starts the child that looks inside one original, waits for its answer, and ends it when it takes too long.
// The original is opened here, for reading only, and passed as an open descriptor; its name goes no further.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Failure } from '../evidence/index.ts';
import { type Clock, NODE_FLAGS } from '../platform/index.ts';
import { type Answer, type Job, MAX_ANSWER_BYTES, parseAnswer } from './job.ts';
import type { MediaLimits } from './limits.ts';
import { readUpTo } from './tools.ts';

const LIMITED = fileURLToPath(new URL('./limited.sh', import.meta.url));
export const EXAMINER = fileURLToPath(new URL('./examiner.ts', import.meta.url));
/** Heap of the child's own JavaScript, in MiB; pictures lie outside it. */
const CHILD_HEAP_MIB = 128;
/** Bytes of the child's complaints kept for the log. */
const MAX_STDERR_BYTES = 4096;

/** A child's answer; or why there is none: one sentence. */
export type Outcome = { readonly answer: Answer } | { readonly problem: string };

/** One look and its bounds. */
export interface Errand {
  readonly job: Job;
  readonly original: FileHandle;
  readonly limits: MediaLimits;
  readonly clock: Clock;
  /** After this long, in milliseconds, the child is asked to end (pictures only). */
  readonly askMs?: number;
  /** After this long, in milliseconds, the child and all it started are killed. */
  readonly killMs: number;
  readonly signal: AbortSignal;
  /** Environment with which a child finds compiled code; see warmChildren. */
  readonly warmth: Readonly<Record<string, string>>;
}

/** How children run Node: compiled code fits only the same flags. */
export const CHILD_NODE = [process.execPath, `--max-old-space-size=${CHILD_HEAP_MIB}`, ...NODE_FLAGS];

/** Opens an original for reading only, and never waits for one that is a pipe or device. Throws errno errors. */
export async function openOriginal(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Sends a child. Throws Failure 'cancelled'; whatever else happens to the child is a problem in the outcome. */
export async function send(errand: Errand): Promise<Outcome> {
  const { clock, killMs, signal } = errand;
  signal.throwIfAborted();
  const child = start(errand);
  const done = new AbortController();
  let late = false;
  const watch = async (afterMs: number, act: () => void): Promise<void> => {
    await clock.wait(afterMs, done.signal).then(act, () => undefined); // the child ended first
  };
  const timers = [
    watch(killMs, () => {
      late = true;
      killAll(child);
    }),
    ...(errand.askMs === undefined ? [] : [watch(errand.askMs, () => child.kill('SIGTERM'))]),
  ];
  const cancel = (): void => killAll(child);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const ended = once(child, 'close').catch(() => undefined); // could not be started: no answer
    const [bytes, complaint] = await Promise.all([
      readUpTo(child.stdout, MAX_ANSWER_BYTES + 1, () => killAll(child)),
      readUpTo(child.stderr, MAX_STDERR_BYTES, () => undefined),
      ended,
    ]);
    if (signal.aborted) throw new Failure('cancelled', 'the look inside a file was cancelled');
    if (late) return { problem: `looking inside took longer than ${Math.round(killMs / 1000)} seconds` };
    return conclude(child, bytes, complaint);
  } finally {
    signal.removeEventListener('abort', cancel);
    done.abort();
    await Promise.all(timers);
    killAll(child); // what it may have left behind
  }
}

function start({ job, original, limits, warmth }: Errand): Child {
  const args = [String(limits.memoryBytes), String(limits.cpuSeconds), ...CHILD_NODE, EXAMINER, JSON.stringify(job)];
  return spawn(LIMITED, args, {
    stdio: [original.fd, 'pipe', 'pipe'],
    detached: true, // a process group of its own, so that all it starts ends with it
    // Nothing of the station's environment: no secrets, no settings of tools. libvips keeps pictures in memory, not in files.
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LC_ALL: 'C.UTF-8',
      VIPS_DISC_THRESHOLD: String(limits.memoryBytes),
      ...warmth,
    },
  }) as Child; // spawn's types do not know a descriptor in stdio
}

function conclude(child: Child, bytes: Buffer, complaint: Buffer): Outcome {
  if (child.exitCode !== 0) return { problem: `what looked inside broke (${endOf(child, complaint)})` };
  try {
    return { answer: parseAnswer(bytes) };
  } catch {
    return { problem: 'what looked inside gave no usable answer' };
  }
}

function endOf(child: Child, complaint: Buffer): string {
  if (child.signalCode === 'SIGXCPU') return 'it used up its processor time';
  if (child.signalCode === 'SIGKILL') return 'it used up its processor time, or this machine its memory'; // the kernel does not tell which
  if (child.signalCode !== null) return child.signalCode;
  if (/out of memory|cannot allocate|bad_alloc/i.test(complaint.toString('latin1'))) return 'it used up its memory';
  return child.exitCode === null ? 'it could not be started' : `exit ${child.exitCode}`;
}

/** Kills the child and everything it started. */
function killAll(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // the whole group is gone already
  }
}
