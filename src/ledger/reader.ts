// A ledger head open for reading only, while another process may write it: status, verification, export.
// Never writes the head nor its mark. SQLite may make `-shm` and `-wal` beside a head that was not closed in order.
import type { Verifier } from '../evidence/index.ts';
import { openKeys } from './head-check.ts';
import { openChecked } from './head-open.ts';
import type { HeadRows } from './head-rows.ts';
import type { HeadState, HeadView } from './head-view.ts';
import type { KeyHistory } from './key-history.ts';
import { type SqlDatabase, wrapSqliteError } from './sqlite.ts';
import type { TileStore } from './store.ts';
import { LedgerView } from './view.ts';

/**
 * Opens a head for reading and checks all it holds. The caller closes it (`await using`).
 * Throws Failure 'ledger-missing', 'ledger-foreign', 'key-foreign', 'ledger-corrupt', 'station-locked' or 'disk-failed'.
 */
export async function openLedgerReader({
  path,
  verifier,
}: {
  readonly path: string;
  /** The first key of the ledger; later ones follow from it. */
  readonly verifier: Verifier;
}): Promise<LedgerReader> {
  const { database, rows, checked } = await openChecked(path, verifier);
  return new LedgerReader(path, checked.keys, database, rows);
}

/** An open reader; made by openLedgerReader. */
export class LedgerReader implements HeadView, AsyncDisposable {
  readonly rows: HeadRows;
  readonly path: string;
  readonly #database: SqlDatabase;
  #keys: KeyHistory;

  constructor(path: string, keys: KeyHistory, database: SqlDatabase, rows: HeadRows) {
    this.path = path;
    this.rows = rows;
    this.#keys = keys;
    this.#database = database;
  }

  /** The head as committed now, its signatures checked. Throws Failure as openCheckpoint, or 'disk-failed'. */
  state(): HeadState {
    try {
      const texts = this.rows.texts();
      const keys = openKeys(this.rows, this.#keys, this.path); // another process may have replaced the key since
      this.#keys = keys;
      return {
        keys,
        checkpoint: keys.open(texts.checkpoint, `the ledger head ${this.path}`),
        published:
          texts.published === null ? undefined : keys.open(texts.published, `the published checkpoint in ${this.path}`),
      };
    } catch (error) {
      throw wrapSqliteError(error, `the ledger head ${this.path}`);
    }
  }

  /** Reads entries and proofs; valid while this reader is open. */
  view(store: Pick<TileStore, 'read'>): LedgerView {
    return new LedgerView(this, store);
  }

  /** Closes the file; idempotent. */
  async close(): Promise<void> {
    this.#database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
