// What a head file holds, as statements prepared once: the signed checkpoints, the tail of entries, the edge of tile hashes.
// Never judges what it reads beyond types; head-check.ts does. Never starts or ends a transaction.
import { Failure } from '../evidence/index.ts';
import { hashEntries } from './bundle.ts';
import { HASH_BYTES } from './hashing.ts';
import { createHandoverTable } from './head-schema.ts';
import type { EdgeHash } from './range.ts';
import type { SqlDatabase } from './sqlite.ts';
import { TILE_WIDTH } from './tile.ts';

/** The head row: two signed notes. */
export interface HeadTexts {
  readonly checkpoint: string;
  /** The checkpoint last known to stand in the tile store; null before the first publication. */
  readonly published: string | null;
}

/** Typed access to the rows of an open head file. */
export class HeadRows {
  readonly #database: SqlDatabase;
  readonly #sql;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#sql = {
      hasHandovers: database.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'handover'"),
      head: database.prepare('SELECT checkpoint, published FROM head WHERE one = 1'),
      first: database.prepare('SELECT min(position) AS position FROM tail'),
      entries: database.prepare(
        'SELECT position, entry FROM tail WHERE position >= ? AND position < ? ORDER BY position',
      ),
      edge: database.prepare(
        'SELECT position, hash FROM edge WHERE level = ? AND position >= ? AND position < ? ORDER BY position',
      ),
      extent: database.prepare(
        'SELECT level, count(*) AS count, min(position) AS low, max(position) AS high FROM edge GROUP BY level',
      ),
      tailExtent: database.prepare('SELECT count(*) AS count, min(position) AS low, max(position) AS high FROM tail'),
      move: database.prepare('UPDATE head SET checkpoint = ? WHERE one = 1 AND checkpoint = ?'),
      publish: database.prepare('UPDATE head SET published = ? WHERE one = 1'),
      addEntry: database.prepare('INSERT INTO tail(position, entry) VALUES(?, ?)'),
      addEdge: database.prepare('INSERT INTO edge(level, position, hash) VALUES(?, ?, ?)'),
      dropEntries: database.prepare('DELETE FROM tail WHERE position < ?'),
      dropEdge: database.prepare('DELETE FROM edge WHERE level = ? AND position < ?'),
    };
  }

  /** Throws Failure 'ledger-corrupt' when the row is missing. */
  texts(): HeadTexts {
    const row = this.#sql.head.get() as HeadTexts | undefined; // STRICT columns of the query
    if (row === undefined) throw new Failure('ledger-corrupt', 'the ledger head has no head row');
    return row;
  }

  /** Index of the first entry held, or undefined when none is. */
  firstEntry(): number | undefined {
    const row = this.#sql.first.get() as { position: number | null } | undefined; // an aggregate gives one row
    return row?.position ?? undefined;
  }

  /** Entries `from` to `to` (exclusive), or undefined unless every one of them is held. */
  entries(from: number, to: number): Buffer[] | undefined {
    const rows = this.#sql.entries.all(from, to) as { position: number; entry: Buffer }[]; // STRICT columns of the query
    return isRun(rows, from, to) ? rows.map((row) => row.entry) : undefined;
  }

  /** The first `width` hashes of a tile, or undefined unless all of them are held. */
  tile(level: number, index: number, width: number): Buffer | undefined {
    const from = index * TILE_WIDTH;
    if (level > 0) return this.edge(level, from, from + width);
    const entries = this.entries(from, from + width);
    return entries === undefined ? undefined : hashEntries(entries);
  }

  /** Hashes of level 1 or above, concatenated, or undefined unless every one of them is held. */
  edge(level: number, from: number, to: number): Buffer | undefined {
    const rows = this.#sql.edge.all(level, from, to) as { position: number; hash: Buffer }[]; // STRICT columns of the query
    return isRun(rows, from, to) && rows.every((row) => row.hash.length === HASH_BYTES)
      ? Buffer.concat(rows.map((row) => row.hash))
      : undefined;
  }

  /** Rows per level, `level` 0 being the tail; levels without rows are absent. */
  extents(): Map<number, { readonly count: number; readonly low: number; readonly high: number }> {
    type Extent = { count: number; low: number; high: number };
    const tail = this.#sql.tailExtent.get() as Extent; // an aggregate gives one row; low and high are null only when count is 0
    const edges = this.#sql.extent.all() as (Extent & { level: number })[]; // STRICT columns of the query
    return new Map([...(tail.count > 0 ? [[0, tail] as const] : []), ...edges.map((row) => [row.level, row] as const)]);
  }

  /** Texts of the handovers in order; none in a head whose key was never replaced. Throws Failure 'ledger-corrupt' when one is missing. */
  handovers(): string[] {
    const { count } = this.#sql.hasHandovers.get() as { count: number }; // an aggregate gives one row
    if (count === 0) return [];
    const rows = this.#database.prepare('SELECT number, proof FROM handover ORDER BY number').all() as {
      number: number;
      proof: string;
    }[]; // STRICT columns of the query
    if (rows.length === 0 || rows.some(({ number }, at) => number !== at + 1))
      throw new Failure('ledger-corrupt', 'the ledger head lacks a handover to a new key');
    return rows.map(({ proof }) => proof);
  }

  /** Adds handover `number`, from 1; the first one makes its table. */
  addHandover(number: number, proof: string): void {
    if (number === 1) createHandoverTable(this.#database);
    this.#database.prepare('INSERT INTO handover(number, proof) VALUES(?, ?)').run(number, proof);
  }

  /** Replaces the checkpoint; false when the row does not hold `from` (someone else wrote). */
  move(from: string, to: string): boolean {
    return this.#sql.move.run(to, from).changes === 1;
  }

  setPublished(checkpoint: string): void {
    this.#sql.publish.run(checkpoint);
  }

  addEntry(index: number, entry: Uint8Array): void {
    this.#sql.addEntry.run(index, entry);
  }

  addEdge({ level, position, hash }: EdgeHash): void {
    this.#sql.addEdge.run(level, position, hash);
  }

  /** Drops entries below `position` (level 0), or hashes below it. */
  drop(level: number, position: number): void {
    if (level === 0) this.#sql.dropEntries.run(position);
    else this.#sql.dropEdge.run(level, position);
  }
}

function isRun(rows: readonly { readonly position: number }[], from: number, to: number): boolean {
  return rows.length === to - from && rows.every((row, at) => row.position === from + at);
}
