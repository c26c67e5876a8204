// What readers of a tree need of a head: its current signed state, and the rows not yet pruned.
// Never writes.
import type { Checkpoint } from './checkpoint.ts';
import type { HeadRows } from './head-rows.ts';
import type { KeyHistory } from './key-history.ts';

/** The two checkpoints of a head. */
export interface HeadState {
  /** Committed: what this ledger is. */
  readonly checkpoint: Checkpoint;
  /** Last known to stand in the tile store; undefined before the first publication. */
  readonly published: Checkpoint | undefined;
  /** Every key of this ledger, as the head knows them. */
  readonly keys: KeyHistory;
}

/** A head to read from. */
export interface HeadView {
  readonly rows: Pick<HeadRows, 'tile' | 'entries' | 'firstEntry'>;
  /** The state as committed now. */
  state(): HeadState;
}
