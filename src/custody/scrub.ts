// The rolling check: everything on record is read back in the order of the ledger, a bit each day, by the version on record, and what was
// found is put on record too. Its place is a bookmark that survives restarts. Never repairs evidence; lengthens locks before they run out.
import type { Catalog } from '../catalog/index.ts';
import {
  decodeEntry,
  type Entry,
  encodeCanonical,
  epochOf,
  Failure,
  type Finding,
  finding,
  formatInstant,
  isFailure,
  isForeign,
  ledgerPrefix,
  parseByteCount,
} from '../evidence/index.ts';
import { CHECKPOINT_PATH, type HeadState, type LedgerView, TILE_WIDTH, type TileStore } from '../ledger/index.ts';
import { type Clock, type Gate, makeGate } from '../platform/index.ts';
import { membersOf } from '../vault/index.ts';
import { checkNamed, type EntryPorts, objectsOf } from './check-entry.ts';
import { collectOverlays, overlayFindings } from './overlays.ts';
import { lengthenLocks } from './scrub-locks.ts';
import {
  beginCycle,
  bookOutcome,
  endCycle,
  restOf,
  type ScrubOutcome,
  type ScrubRules,
  type ScrubState,
} from './scrub-state.ts';

const HOUR_MS = 3_600_000;
/** What is wrong goes on record at once; where much is wrong, once a minute. */
const BETWEEN_ALARMS_MS = 60_000;
/** Longest the bookmark may be behind, in milliseconds: what is read again after a crash. */
const SAVE_MS = 10_000;
/** A read that fails while the vault answers otherwise is damage when it fails so often, in rounds. */
const MAX_TRIES = 3;
const MAX_CHECKPOINT_BYTES = 1_048_576;

/** What the rolling check stands on. */
export interface ScrubPorts extends EntryPorts {
  readonly clock: Clock;
  readonly tiles: TileStore;
  readonly ledger: { state(): HeadState; view(store: Pick<TileStore, 'read'>): LedgerView };
  readonly catalog: Pick<Catalog, 'item' | 'appliedSize'>;
  /** Puts an entry on record. Failures as Recorder.record. */
  record(entry: Entry): void;
  /** Keeps the state durably. */
  save(state: ScrubState): Promise<void>;
  /** True while cameras are being copied: they come first. */
  isBusy(): boolean;
}

/** Why a step did nothing; `vault`: it is away, or an object of it cannot be read just now. */
export type Rest = 'busy' | 'hours' | 'budget' | 'cycle' | 'vault';

/** What a step did. */
export type ScrubStep =
  | ({ readonly did: 'checked' | 'cycle'; readonly next: number; readonly size: number } & ScrubOutcome)
  | { readonly did: 'rested'; readonly why: Rest; readonly failure?: Failure };

/** The rolling check of one station; one in a process. */
export class Scrubber {
  readonly #ports: ScrubPorts;
  readonly #rules: ScrubRules;
  readonly #turn: Gate = makeGate(1);
  readonly #view: LedgerView;
  #state: ScrubState;
  /** As it was kept last. */
  #saved: ScrubState | undefined;
  #savedMs = Number.NEGATIVE_INFINITY;
  #alarmedMs = Number.NEGATIVE_INFINITY;
  /** Entry that could not be read, and how often. */
  #trouble: { readonly index: number; tries: number } | undefined;
  /** The vault knows the originals of the ledger's objects, whatever lies over them. */
  #isTaught = false;

  constructor(ports: ScrubPorts, rules: ScrubRules, state: ScrubState) {
    this.#ports = ports;
    this.#rules = rules;
    this.#state = state;
    this.#view = ports.ledger.view(ports.tiles);
  }

  /** Where it stands. */
  get state(): ScrubState {
    return this.#state;
  }

  /**
   * Looks at the next entry that names something. `asked`: somebody asked for it now, so neither hours, budget nor cameras hold it up.
   * Failures: ledger-*, 'spool-full' and 'disk-failed' of the state, and what recording throws.
   */
  step(signal: AbortSignal, { asked = false }: { readonly asked?: boolean } = {}): Promise<ScrubStep> {
    return this.#turn.run(async () => {
      try {
        const why = asked ? undefined : this.#rest();
        if (why === undefined) return await this.#go(signal);
        await this.#settle(this.#isDue());
        return { did: 'rested', why };
      } catch (error) {
        if (!isFailure(error) || !isPassing(error)) throw error;
        await this.#save(true);
        return { did: 'rested', why: 'vault', failure: error };
      }
    }, signal);
  }

  #rest(): Rest | undefined {
    return this.#ports.isBusy() ? 'busy' : restOf(this.#state, this.#rules, this.#ports.clock.now());
  }

  async #go(signal: AbortSignal): Promise<ScrubStep> {
    const opened = await this.#open();
    if (opened !== undefined) return await this.#book(opened, this.#state.next, 'checked');
    const size = this.#ports.ledger.state().checkpoint.size;
    for (let index = this.#state.next; index < size; index += 1) {
      signal.throwIfAborted();
      const outcome = await this.#look(index, signal);
      if (outcome === undefined) continue;
      return await this.#book(outcome, outcome.next ?? index + 1, 'checked');
    }
    return await this.#book({ items: 0, bytes: 0, findings: [] }, size, 'cycle');
  }

  /** Begins a cycle with what lies over the ledger itself; after a restart only teaches the vault. */
  async #open(): Promise<ScrubOutcome | undefined> {
    const { vault, station, ledger } = this.#ports;
    const isNew = this.#state.cycle === undefined || this.#state.next > ledger.state().checkpoint.size; // or of a ledger that was restored since
    if (!isNew && this.#isTaught) return undefined;
    const prefix = ledgerPrefix(station);
    const overlays = await collectOverlays(vault, prefix);
    this.#isTaught = true;
    if (!isNew) return undefined;
    this.#state = beginCycle(this.#state, this.#ports.clock.now());
    return { items: 0, bytes: 0, findings: overlayFindings(overlays, ({ key }) => key.startsWith(prefix)) };
  }

  /** What an entry names, checked; undefined when it names nothing and ends no tile. `next` where more than one entry is passed over. */
  async #look(index: number, signal: AbortSignal): Promise<(ScrubOutcome & { readonly next?: number }) | undefined> {
    const published = this.#ports.ledger.state().published?.size ?? 0;
    const found = await this.#entryAt(index);
    if ('finding' in found) return { items: 0, bytes: 0, findings: [found.finding], next: found.next };
    const { entry } = found;
    const names = entry !== undefined && objectsOf(this.#ports.station, index, entry, published).length > 0;
    if (!names) {
      const findings = await lengthenLocks(this.#ports, { index, entry: undefined, published });
      return findings.length === 0 ? undefined : { items: 0, bytes: 0, findings };
    }
    const { findings, bytesRead } = await checkNamed({ ...this.#ports, signal }, { index, entry, published }, 'full');
    this.#demandRead(index, findings, await this.#answers(findings));
    const locks = await lengthenLocks(this.#ports, { index, entry, published });
    const items = entry.kind === 'item.recorded' ? 1 : 0;
    return { items, bytes: bytesRead, findings: [...findings, ...locks, ...this.#catalogFindings(index, entry)] };
  }

  /** The entry as the tree proves it; one of a later version, or without a form, names nothing that could be checked here. */
  async #entryAt(
    index: number,
  ): Promise<{ readonly entry: Entry | undefined } | { readonly finding: Finding; readonly next: number }> {
    try {
      const entry = decodeEntry(await this.#view.entry(index), `ledger entry ${index}`);
      return { entry: isForeign(entry) ? undefined : entry };
    } catch (error) {
      if (isFailure(error, 'invalid'))
        return { finding: finding('entry-unreadable', `entry ${index}`, error.message), next: index + 1 };
      if (!isFailure(error, 'vault-mismatch')) throw error;
      const next = (Math.floor(index / TILE_WIDTH) + 1) * TILE_WIDTH; // the bundle does not fit: none of its entries can be read
      return { finding: finding('entry-altered', `entry ${index}`, error.message), next };
    }
  }

  /** Where something could not be read: whether the vault answers otherwise, each copy of it. */
  async #answers(findings: readonly Finding[]): Promise<boolean> {
    if (!findings.some(({ code }) => code === 'read-failed')) return true;
    try {
      const { vault, station } = this.#ports;
      for (const each of membersOf(vault))
        await each.readSmall(ledgerPrefix(station) + CHECKPOINT_PATH, MAX_CHECKPOINT_BYTES);
      return true;
    } catch (error) {
      if (isFailure(error)) return false;
      throw error;
    }
  }

  /** Trouble that may pass is no damage: it is tried again in later rounds. Throws Failure 'vault-unreachable' meanwhile. */
  #demandRead(index: number, findings: readonly Finding[], answers: boolean): void {
    const failed = findings.find(({ code }) => code === 'read-failed');
    if (failed === undefined) {
      this.#trouble = undefined;
      return;
    }
    if (this.#trouble?.index !== index) this.#trouble = { index, tries: 0 };
    if (answers) this.#trouble.tries += 1;
    if (this.#trouble.tries < MAX_TRIES) throw new Failure('vault-unreachable', `${failed.where}: ${failed.what}`);
    this.#trouble = undefined;
  }

  #catalogFindings(index: number, entry: Entry): Finding[] {
    const { catalog } = this.#ports;
    if (entry.kind !== 'item.recorded' || catalog.appliedSize <= index) return [];
    const shown = catalog.item(entry.item);
    const same =
      shown !== undefined && (shown.index < index || encodeCanonical(shown.entry).equals(encodeCanonical(entry)));
    return same
      ? []
      : [finding('catalog-altered', `item ${entry.item}`, 'the catalog shows another record than the ledger')];
  }

  async #book(outcome: ScrubOutcome, next: number, did: 'checked' | 'cycle'): Promise<ScrubStep> {
    const { clock, ledger } = this.#ports;
    this.#state = bookOutcome(this.#state, outcome, { next, now: clock.now(), rules: this.#rules });
    if (did === 'cycle') {
      this.#record(true);
      this.#state = endCycle(this.#state, clock.now());
    } else if (this.#isDue()) this.#record(false);
    await this.#save(did === 'cycle' || outcome.findings.length > 0);
    const { items, bytes, findings } = outcome;
    return { did, items, bytes, findings, next, size: ledger.state().checkpoint.size };
  }

  #isDue(): boolean {
    const { segment } = this.#state;
    const { clock } = this.#ports;
    if (segment === undefined) return false;
    const alarm = segment.findings > 0 && clock.elapsedMs() - this.#alarmedMs >= BETWEEN_ALARMS_MS;
    return alarm || (segment.items > 0 && clock.now() - epochOf(segment.startedAt) >= HOUR_MS);
  }

  /** Puts what was checked since the last time on record. A crash right behind it says the same twice. */
  #record(ended: boolean): void {
    const { segment, cycle, next } = this.#state;
    if (segment === undefined) return;
    const { clock, station } = this.#ports;
    this.#ports.record({
      v: 1,
      kind: 'scrub.recorded',
      at: formatInstant(clock.now()),
      actor: { kind: 'station', name: station },
      from: segment.from,
      to: next,
      items: segment.items,
      bytes: parseByteCount(segment.bytes),
      findings: segment.findings,
      first: [...segment.first],
      startedAt: segment.startedAt,
      finishedAt: segment.lastAt,
      ...(ended && cycle !== undefined ? { cycleStartedAt: cycle.startedAt } : {}),
    });
    if (segment.findings > 0) this.#alarmedMs = clock.elapsedMs();
    this.#state = { ...this.#state, segment: undefined };
  }

  /** Puts everything that was checked on record and keeps the state: the end of what somebody asked for. */
  settle(): Promise<void> {
    return this.#turn.run(() => this.#settle(true));
  }

  /** Keeps the state; what is not yet on record stays in it. Call it before the process ends. */
  keep(): Promise<void> {
    return this.#turn.run(() => this.#save(true));
  }

  async #settle(record: boolean): Promise<void> {
    const { segment } = this.#state;
    if (record && segment !== undefined && segment.items + segment.findings > 0) this.#record(false);
    await this.#save(true);
  }

  async #save(now: boolean): Promise<void> {
    const elapsedMs = this.#ports.clock.elapsedMs();
    if (!now && elapsedMs - this.#savedMs < SAVE_MS) return;
    if (this.#saved === this.#state) return;
    const state = this.#state;
    await this.#ports.save(state);
    this.#savedMs = elapsedMs;
    this.#saved = state;
  }
}

function isPassing({ code }: Failure): boolean {
  return code === 'vault-unreachable' || code === 'vault-refused' || code === 'vault-waiting';
}
