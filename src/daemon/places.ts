// Where a station keeps what: every path of its state folder in one place.
// Never made here: who owns a file makes it.
import { join } from 'node:path';
import type { Config } from '../platform/index.ts';

/** Paths of a station. */
export interface Places {
  readonly lock: string;
  readonly socket: string;
  readonly head: string;
  readonly catalog: string;
  readonly spool: string;
  /** Posters and contact sheets; may be deleted at any time. */
  readonly derived: string;
  /** Progress and last problems of the daemon, for `docket status` when it is not running. */
  readonly problems: string;
  /** Bookmark of the rolling check; may be deleted at any time. */
  readonly scrub: string;
  /** How far each vault has got; may be deleted at any time. */
  readonly copies: string;
  /** When each S3 vault last passed a full check. */
  readonly vaultCheck: string;
  /** When `docket backup` last succeeded; may be deleted at any time. */
  readonly lastBackup: string;
}

/** The paths of the station of a configuration. */
export function placesOf(config: Config): Places {
  const at = (name: string): string => join(config.paths.state, name);
  return {
    lock: at('station.lock'),
    socket: at('docketd.sock'),
    head: at('ledger.db'),
    catalog: at('catalog.db'),
    spool: at('spool'),
    derived: at('derived'),
    problems: at('problems.json'),
    scrub: at('scrub.json'),
    copies: at('copies.json'),
    vaultCheck: at('vault-check.json'),
    lastBackup: at('last-backup.json'),
  };
}
