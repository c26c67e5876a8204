// Facts of this machine that decide something: free space, the boot, the service manager.
import { spawn } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';

/** Bytes that an ordinary user may still write on the file system of `path`. */
export async function freeBytes(path: string): Promise<number> {
  const facts = await statfs(path);
  return facts.bavail * facts.bsize;
}

/** Type of a file system that lies in memory, as statfs(2) tells it. */
const TMPFS_MAGIC = 0x0102_1994;

/** Whether what is written at `path` takes memory, not disk. */
export async function isInMemory(path: string): Promise<boolean> {
  return (await statfs(path)).type === TMPFS_MAGIC;
}

/** This boot's id; a file written under the same id cannot have lost unflushed bytes to a power cut. 'unknown' never equals anything worth trusting. */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return 'unknown'; // no procfs: the caller then treats every boot as another
  }
}

/** Tells systemd (`READY=1`, `STOPPING=1`, `STATUS=…`); does nothing when not started by it. Node has no datagram sockets, hence the child. */
export async function notifySystemd(...states: readonly string[]): Promise<void> {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  await new Promise<void>((resolve) => {
    const child = spawn('systemd-notify', [...states], { stdio: 'ignore' });
    child.on('error', () => resolve()); // no systemd-notify: readiness then times out visibly in systemd, with its own message
    child.on('exit', () => resolve());
  });
}
