// The station lock: one docket process per station, held until released or until the process dies, when the kernel lets go of it.
// It is an exclusive SQLite lock (fcntl) on a file of its own; a sibling file says who holds it, for people only.
// Never read the lock file itself: opening and closing it in this process would drop the lock.
import { readFile } from 'node:fs/promises';
import { Failure } from '../evidence/index.ts';
import { type Clock, removeDurable, replaceFile, wrapWriteError } from '../platform/index.ts';
import { openDatabase, type SqlDatabase, sqliteCode, wrapSqliteError } from './sqlite.ts';

/** How often a waiting taker tries again, in milliseconds. */
const RETRY_MS = 100;

/** Who holds the lock, as it stands in `<lock>.json`. */
export interface LockHolder {
  readonly pid: number;
  readonly command: string;
}

/** Whether and how long to wait; the clock is needed only then. */
export interface LockWait {
  readonly waitMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes the lock of a station; the caller releases it (`await using`). Does not wait unless told to.
 * Throws Failure 'station-locked' naming pid and command of the holder, 'spool-full' or 'disk-failed'.
 */
export async function acquireStationLock(path: string, holder: LockHolder, wait?: LockWait): Promise<StationLock> {
  const start = wait?.clock.elapsedMs() ?? 0;
  for (;;) {
    const database = take(path);
    if (database !== undefined) return hold(path, holder, database);
    if (wait === undefined || wait.clock.elapsedMs() - start >= wait.waitMs) throw await describe(path);
    await wait.clock.wait(RETRY_MS, wait.signal);
  }
}

function take(path: string): SqlDatabase | undefined {
  let database: SqlDatabase | undefined;
  try {
    database = openDatabase(path, 'create', 0);
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    if (/^SQLITE_(?:BUSY|LOCKED)/.test(sqliteCode(error))) return undefined;
    if (error instanceof TypeError)
      throw new Failure('disk-failed', `the folder of the station lock ${path} is missing`, { cause: error });
    throw wrapSqliteError(error, `the station lock ${path}`);
  }
}

async function hold(path: string, { pid, command }: LockHolder, database: SqlDatabase): Promise<StationLock> {
  try {
    await replaceFile(holderPath(path), Buffer.from(`${JSON.stringify({ pid, command })}\n`, 'utf8'));
    return new StationLock(path, database);
  } catch (error) {
    database.close();
    throw wrapWriteError(error, holderPath(path), 'spool-full');
  }
}

function holderPath(path: string): string {
  return `${path}.json`;
}

async function describe(path: string): Promise<Failure> {
  const holder = await readLockHolder(path);
  if (holder === undefined) return new Failure('station-locked', 'another docket process works on this station');
  const facts = { pid: holder.pid, command: holder.command };
  return new Failure('station-locked', `docket process ${holder.pid} (${holder.command}) works on this station`, {
    facts,
  });
}

/** Who last took the lock and did not release it; it may have died since. Undefined when nobody is written down. */
export async function readLockHolder(path: string): Promise<LockHolder | undefined> {
  const text = await readFile(holderPath(path), 'utf8').catch(() => ''); // for a message only: whatever is wrong with it, nobody is named
  const match = /^\{"pid":(\d{1,10}),"command":("(?:[^"\\]|\\.){0,4096}")\}\n$/.exec(text);
  const [, pid, command] = match ?? [];
  if (pid === undefined || command === undefined) return undefined;
  return { pid: Number(pid), command: String(JSON.parse(command)) };
}

/** A held lock. */
export class StationLock implements AsyncDisposable {
  readonly #path: string;
  readonly #database: SqlDatabase;
  #released = false;

  constructor(path: string, database: SqlDatabase) {
    this.#path = path;
    this.#database = database;
  }

  /** Lets go; idempotent. The lock file stays, the holder's name goes. Throws Failure 'disk-failed', and has let go then too. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    try {
      await removeDurable(holderPath(this.#path));
    } catch (error) {
      throw wrapWriteError(error, holderPath(this.#path), 'spool-full');
    } finally {
      this.#database.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
