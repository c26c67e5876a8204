// What a power cut would leave: from the system calls of a docking it is known at every moment what has reached the disk and what only
// the kernel knows. Nothing may be committed before all that it names is on the disk, and nothing given up before the commit is; also
// when a killed docket is followed by another, which finds names that never were made durable.
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, layOut, temporaryPlace } from './places.ts';
import { copyStation, makeStation } from './stations.ts';
import { type Call, inLanes, nameOf, traced } from './syscalls.ts';

const LANES = 3;
/** The log of the ledger head: where a commit becomes durable. */
const LOG = 'state/ledger.db-wal';

/** A file by what is in it, whatever its names. */
interface Content {
  dirty: boolean;
}

/** A disk that keeps what was fsynced, and only that: bytes by fsync of the file, names by fsync of their folder. */
class Disk {
  readonly #content = new Map<string, Content>();
  /** Names made in a folder and not yet durable, by folder. */
  readonly #pending = new Map<string, Set<string>>();
  /** When a name became durable, counted in calls. */
  readonly #durable = new Map<string, number>();
  readonly violations: string[] = [];
  #now = 0;
  /** When the ledger was last committed: SQLite writes a transaction, and the fsync of its log makes it count. */
  #committed = 0;

  /** Follows the calls of a run, in order; may go on with those of the next run. */
  follow(calls: readonly Call[]): void {
    for (const call of calls) {
      this.#now += 1;
      this.#demand(call);
      this.#apply(call);
    }
  }

  /** After a run that ended in order all of the vault is on the disk. */
  end(): void {
    for (const path of this.#content.keys()) if (path.startsWith('vault/')) this.#demandDurable(path, 'at the end');
    if (this.#of(LOG).dirty) this.violations.push('at the end the ledger is not on the disk');
  }

  #apply({ name, path, to }: Call): void {
    if (name === 'openat' && !this.#content.has(path)) this.#made(path, { dirty: false });
    if (/write|truncate|fallocate|copy_file_range|sendfile/.test(name)) this.#of(path).dirty = true;
    if (name === 'mkdir') this.#made(path, { dirty: false });
    if (/^f(?:data)?sync$/.test(name)) this.#synced(path);
    if (to !== undefined && /^(?:link|rename)/.test(name)) this.#made(to, this.#of(path));
    if (/^(?:rename|unlink|rmdir)/.test(name)) {
      this.#content.delete(path);
      this.#pending.get(dirname(path))?.delete(path);
    }
  }

  #synced(path: string): void {
    this.#of(path).dirty = false;
    for (const name of this.#pending.get(path) ?? []) this.#durable.set(name, this.#now);
    this.#pending.delete(path);
    if (path === LOG) this.#committed = this.#now;
  }

  #of(path: string): Content {
    const content = this.#content.get(path) ?? { dirty: false };
    this.#content.set(path, content);
    return content;
  }

  #made(path: string, content: Content): void {
    this.#content.set(path, content);
    const folder = dirname(path);
    this.#pending.set(folder, (this.#pending.get(folder) ?? new Set()).add(path));
  }

  #demand({ name, path, to, times }: Call): void {
    const at = `${name} ${path} (${times})`;
    if (to !== undefined && /^(?:link|rename)/.test(name) && this.#of(path).dirty)
      this.violations.push(`${at}: ${to} is given bytes that are not on the disk`);
    if (name !== 'unlink') return;
    const [, acquisition, file] = /^state\/spool\/([^/]+)\/(\d{6}\.bytes|listing\.json)$/.exec(path) ?? [];
    if (acquisition === undefined || file === undefined) return;
    // The spool gives something up: all that stands for it was on the disk before the ledger was committed, and the ledger is.
    if (this.#of(LOG).dirty) this.violations.push(`${at}: the ledger is not committed`);
    const [number] = file.split('.bytes');
    const ours = this.#of(path);
    const standing = [...this.#content].flatMap(([each, content]) => {
      if (!each.startsWith('vault/') || isTemporary(each)) return [];
      if (file === 'listing.json') return each.includes(acquisition) ? [each] : [];
      return content === ours || each.endsWith(`${acquisition}-${number}.json`) ? [each] : [];
    });
    if (standing.length === 0) this.violations.push(`${at}: nothing in the vault stands for it`);
    for (const each of standing) this.#demandDurable(each, at);
  }

  /** Bytes, name and the folders above it are on the disk, since before the last commit. */
  #demandDurable(path: string, at: string): void {
    if (isTemporary(path)) return;
    if (this.#content.get(path)?.dirty === true)
      this.violations.push(`${at}: the bytes of ${path} are not on the disk`);
    for (let name = path; name !== 'vault' && name !== '.'; name = dirname(name)) {
      const pending = this.#pending.get(dirname(name))?.has(name) === true;
      if (pending || (this.#durable.get(name) ?? 0) > this.#committed)
        this.violations.push(`${at}: the name ${name} was not on the disk when the ledger was committed`);
    }
  }
}

function isTemporary(path: string): boolean {
  return path.includes('.docket-tmp-');
}

let place: string;
let camera: string;
let template: string;

beforeAll(async () => {
  place = temporaryPlace('fast');
  camera = layOut(join(place, 'camera'), {
    'a.mp4': bytesOf(1, 5000),
    'b.mp4': bytesOf(2, 9000),
    'copy of a.mp4': bytesOf(1, 5000),
  });
  template = await makeStation(join(place, 'template'));
});

function docking(folder: string): string[] {
  return ['dock', camera, '--case', '2026-LX-0003', '--config', join(folder, 'docket.toml')];
}

describe('a power cut', () => {
  it('at any moment of a docking finds nothing committed that is not on the disk', async () => {
    const folder = join(place, 'reference');
    copyStation(template, folder);
    const { code, calls } = await traced(folder, docking(folder));
    expect(code).toBe(0);
    expect(calls.filter(({ name, path }) => name === 'fsync' && path === 'state/ledger.db-wal').length).toBeGreaterThan(
      4,
    );
    const disk = new Disk();
    disk.follow(calls);
    disk.end();
    expect(disk.violations).toEqual([]);
  });

  it('after a kill and another docket finds nothing committed that is not on the disk', async () => {
    const reference = join(place, 'again');
    copyStation(template, reference);
    const { calls } = await traced(reference, docking(reference));
    const striking = calls.filter(
      ({ name, path, to }) =>
        (name === 'fsync' && (path.startsWith('vault/') || path === 'state/ledger.db-wal')) ||
        (to !== undefined && (to.startsWith('vault/') || to.endsWith('.bytes'))),
    );
    expect(striking.length).toBeGreaterThan(40);
    const wrong: string[] = [];
    await inLanes(striking, LANES, async (call) => {
      const folder = join(place, nameOf(call, 'power'));
      copyStation(template, folder);
      const killed = await traced(folder, docking(folder), { blow: { call, action: 'signal=KILL' } });
      const next = await traced(folder, docking(folder), { environment: { DOCKET_SEED: '2' } });
      const disk = new Disk();
      disk.follow(calls.slice(0, calls.indexOf(call))); // the killed run was the same up to here
      disk.follow(next.calls);
      disk.end();
      const where = `${call.name} ${call.path} (${call.times})`;
      if (killed.signal !== 'SIGKILL' || next.code !== 0)
        wrong.push(`${where}: ${killed.signal} ${next.code} ${next.stderr}`);
      wrong.push(...disk.violations.map((each) => `killed at ${where}, then ${each}`));
    });
    expect(wrong).toEqual([]);
  });
});
