// Runs the real docket command under strace: lists every system call that changes something in a station, and strikes at one of them.
// A call is known by name, path and how often it was made on that path; steady-preload.ts makes paths the same in every run.
// strace delivers the blow on entering the call: the call itself does not happen any more.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../src/platform/index.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const DOCKET = join(HERE, '../../src/daemon/docket.ts');
/** Every system call with which docket or SQLite changes what is on a disk, or makes it last. */
const CHANGING =
  'openat,write,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,' +
  'mkdir,mkdirat,rmdir,truncate,ftruncate,fallocate,chmod,fchmod,fchmodat,symlink,symlinkat,copy_file_range,sendfile';
/** System calls that read what is in a file or folder. */
const READING = 'openat,read,pread64,preadv,getdents64,statx,newfstatat,lstat,stat';
/** Longest one run may take, in milliseconds: a hundred times what it takes. */
const RUN_LIMIT_MS = 60_000;

/** One call that changed something below the station's folder. */
export interface Call {
  readonly name: string;
  /** Path below the station's folder; the first one of a call that has two. */
  readonly path: string;
  /** The second path of link and rename. */
  readonly to?: string | undefined;
  /** How often its thread had made this call on this path, this one included. */
  readonly times: number;
}

/** What strace does at a call: `signal=KILL`, `error=EIO` and the like. */
export interface Blow {
  readonly call: Call;
  readonly action: string;
  /** At this call and at every later one of the same name on the same path. */
  readonly onward?: boolean;
}

/** How a run of docket ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run with every changing call in the order they were made. */
export interface Traced extends Ended {
  readonly calls: readonly Call[];
}

/** What a run may be given besides its command line. */
export interface RunOptions {
  readonly blow?: Blow | undefined;
  /** Trace reading calls instead of changing ones. */
  readonly reading?: boolean;
  /** Further modules loaded before docket. */
  readonly preloads?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Node's arguments for docket; `preloads` are files beside this one. */
export function nodeArguments(docket: readonly string[], preloads: readonly string[] = []): string[] {
  const loaded = preloads.flatMap((each) => ['--import', join(HERE, each)]);
  return [...NODE_FLAGS, ...loaded, DOCKET, ...docket];
}

/** Environment of every run: one thread for files, so that calls come in one order; compiled sources are kept between runs. */
export function runEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    UV_THREADPOOL_SIZE: '1',
    NODE_COMPILE_CACHE: join(tmpdir(), 'docket-compile-cache'),
    NODE_OPTIONS: '',
    NO_COLOR: '1',
  };
}

/** Runs docket on the station in `folder` under strace. */
export async function traced(folder: string, docket: readonly string[], options: RunOptions = {}): Promise<Traced> {
  const log = `${folder}.strace`;
  const node = [process.execPath, ...nodeArguments(docket, ['./steady-preload.ts', ...(options.preloads ?? [])])];
  const injected = options.blow === undefined ? [] : injection(folder, options.blow);
  // With --seccomp-bpf strace 6.1 forgets the signals it is to inject; errors it does not forget.
  const quick = options.blow?.action.startsWith('signal') === true ? [] : ['--seccomp-bpf'];
  const strace = [
    '-f',
    ...quick,
    '-qq',
    '-y',
    '-s',
    '0',
    '-o',
    log,
    '-e',
    `trace=${options.reading === true ? READING : CHANGING}`,
  ];
  const ended = await run('strace', [...strace, ...injected, ...node], { environment: options.environment ?? {} });
  try {
    return { ...ended, calls: parseTrace(readFileSync(log, 'latin1'), folder, options.reading === true) };
  } finally {
    rmSync(log, { force: true });
  }
}

function injection(folder: string, { call, action, onward }: Blow): string[] {
  const when = onward === true ? `${call.times}+` : String(call.times);
  return ['-P', join(folder, call.path), '-e', `inject=${call.name}:${action}:when=${when}`];
}

/** Runs a program to its end and keeps what it said. */
export function run(
  program: string,
  args: readonly string[],
  {
    environment = {},
    limitMs = RUN_LIMIT_MS,
  }: { environment?: Readonly<Record<string, string>>; limitMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...runEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGQUIT',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The changing (or reading) calls below a folder, in the order they ended; calls that failed changed nothing. */
function parseTrace(text: string, folder: string, reading: boolean): Call[] {
  const pending = new Map<string, string>();
  const counted = new Map<string, number>();
  const calls: Call[] = [];
  for (const line of text.split('\n')) {
    const { thread, said } = joinResumed(line, pending) ?? {};
    const found = said === undefined ? undefined : parseCall(said, folder);
    if (found === undefined) continue;
    const key = `${thread} ${found.name} ${found.path}`; // strace counts by thread
    const times = (counted.get(key) ?? 0) + 1;
    counted.set(key, times);
    if (found.changed || (reading && found.done))
      calls.push({ name: found.name, path: found.path, to: found.to, times });
  }
  return calls;
}

/** A call that was interrupted by another thread's stands on two lines. */
function joinResumed(line: string, pending: Map<string, string>): { thread: string; said: string } | undefined {
  const { thread, said } = /^(?<thread>\d+) +(?<said>.*)$/.exec(line)?.groups ?? {};
  if (thread === undefined || said === undefined) return undefined;
  if (said.endsWith('<unfinished ...>')) {
    pending.set(thread, said.slice(0, -'<unfinished ...>'.length));
    return undefined;
  }
  const resumed = /^<\.\.\. \w+ resumed>(?<rest>.*)$/.exec(said)?.groups?.['rest'];
  return { thread, said: resumed === undefined ? said : `${pending.get(thread) ?? ''}${resumed}` };
}

function parseCall(
  said: string,
  folder: string,
): { name: string; path: string; to: string | undefined; changed: boolean; done: boolean } | undefined {
  const name = /^(?<name>\w+)\(/.exec(said)?.groups?.['name'];
  const inside = [...said.replace(/ = [^=]*$/, '').matchAll(/[<"](?<path>\/[^">]*)[">]/g)].flatMap(({ groups }) =>
    groups?.['path']?.startsWith(`${folder}/`) === true ? [relative(folder, groups['path'])] : [],
  );
  const [path, to] = inside;
  if (name === undefined || path === undefined) return undefined;
  const readOnly = name === 'openat' && !said.includes('O_CREAT');
  const done = !/ = (?:-1 |\?)/.test(said); // a call that was killed has no result
  return { name, path, to, changed: !readOnly && done, done };
}

/** What kind of call it is, whatever item it is about: numbers, digests and temporary names are left out. */
export function kindOf(call: Call): string {
  return [call.name, call.path, call.to ?? ''].join(' ').replaceAll(/[0-9a-f]{16,}|[0-9a-f]{2}(?=\/|$)|\d+/g, '#');
}

/** A short name for a folder of one run. */
export function nameOf(call: Call, action: string): string {
  return createHash('sha256').update(`${call.name} ${call.path} ${call.times} ${action}`).digest('hex').slice(0, 12);
}

/** Runs `work` over all of `list`, `lanes` at a time; rejects with the first failure. */
export async function inLanes<T>(list: readonly T[], lanes: number, work: (each: T) => Promise<void>): Promise<void> {
  const rest = list.values();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (const each of rest) await work(each);
    }),
  );
}
