// A place of its own for mounts: file systems of a few megabytes that can be filled, grown, made read-only and taken away, seen by
// nobody but the commands run there. Ends with close(), whatever is still mounted.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Ended, nodeArguments, run } from './syscalls.ts';

const ROOT = process.getuid?.() === 0;

/** A mount namespace with a process in it that keeps it alive. */
export class MountRoom implements AsyncDisposable {
  readonly #keeper: ChildProcess;

  constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
  }

  /** Runs a program in here. */
  run(program: string, args: readonly string[]): Promise<Ended> {
    return run(...this.inside(program, args));
  }

  /** A program and its arguments that run it in here, as the same process. */
  inside(program: string, args: readonly string[]): [program: string, args: readonly string[]] {
    const user = ROOT ? [] : ['-U', '--preserve-credentials'];
    return ['nsenter', ['-t', String(this.#keeper.pid), ...user, '-m', '--', program, ...args]];
  }

  /** Runs docket in here, as --json; `said` is what it printed. */
  async docket(...args: readonly string[]): Promise<Ended & { readonly said: unknown }> {
    const ended = await this.run(process.execPath, nodeArguments([...args, '--json']));
    const said: unknown = ended.stdout === '' ? undefined : JSON.parse(ended.stdout);
    return { ...ended, said };
  }

  /** Runs mount or umount; rejects when it refuses. */
  async mount(...args: readonly string[]): Promise<void> {
    await this.#must('mount', args);
  }

  async unmount(path: string): Promise<void> {
    await this.#must('umount', [path]);
  }

  async #must(program: string, args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.run(program, args);
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#keeper.once('exit', resolve));
    this.#keeper.kill('SIGKILL');
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Opens a place for mounts. */
export async function openMountRoom(): Promise<MountRoom> {
  const user = ROOT ? [] : ['--map-root-user'];
  // The keeper says when it is inside; before that, nsenter would meet the namespace of everybody.
  const keeper = spawn(
    'unshare',
    [...user, '--mount', '--propagation', 'private', 'sh', '-c', 'echo in; exec sleep 3600'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await new Promise<void>((resolve, reject) => {
    keeper.once('error', reject);
    keeper.once('exit', (code) => reject(new Error(`unshare ended with ${code}: mounts of one's own are needed here`)));
    keeper.stdout?.once('data', () => resolve());
  });
  if (!existsSync(`/proc/${keeper.pid}/ns/mnt`)) throw new Error('the namespace is gone');
  return new MountRoom(keeper);
}
