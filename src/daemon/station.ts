// Composes a station: the only place, with tests, that constructs rooms and hands them to each other.
// Opening is the reverse of closing; what is opened half is closed again.
import { join } from 'node:path';
import { openSpool } from '../acquire/index.ts';
import { type Catalog, catchUp, openCatalog, removeCatalog } from '../catalog/index.ts';
import type { CustodyPorts } from '../custody/index.ts';
import { decodeEntry, Failure, isFailure, type Signer } from '../evidence/index.ts';
import { type DockPorts, makePublisher, makeRecorder, type Standing } from '../ingest/index.ts';
import {
  acquireStationLock,
  type KeyHistory,
  type Ledger,
  type LedgerView,
  openLedgerReader,
  openLedgerUnder,
  type TileStore,
} from '../ledger/index.ts';
import type { Media } from '../media/index.ts';
import {
  type Clock,
  type Config,
  type DigestPool,
  ensureDirectory,
  errorFacts,
  exists,
  type Log,
  makeGate,
  openDigestPool,
  readBootId,
  sweepTemporary,
  systemClock,
  wrapWriteError,
} from '../platform/index.ts';
import type { KeyRing } from '../seal/index.ts';
import type { Vault } from '../vault/index.ts';
import { spoolInHand } from './in-hand.ts';
import { finishReplacement, openRing, signerInForce } from './keys.ts';
import { placesOf } from './places.ts';
import { makePreflight, type Preflight } from './preflight.ts';
import { settingsOf } from './settings.ts';
import { tileStoreOf } from './tiles.ts';
import { refuseVanished } from './vanished.ts';
import { openVault, vaultFolderOf, vaultFoldersOf } from './vaults.ts';

const MIB = 1_048_576;
const GIB = 1024 * MIB;

/** A station open for writing; holds the station lock. */
export interface Station extends AsyncDisposable {
  readonly config: Config;
  readonly ports: DockPorts;
  /** True when opening it has finished the replacement of its key. */
  readonly replaced: boolean;
}

/** How a station is opened. */
export interface OpenStationOptions {
  readonly log: Log;
  /** Command that holds the lock, for the message others get. */
  readonly command: string;
  /** How long to wait for another docket to end, in milliseconds. */
  readonly waitMs: number;
  readonly clock?: Clock;
  /** How long the vault is waited for, in milliseconds; then it counts as away. As long as it takes where nothing is said. */
  readonly vaultWaitMs?: number;
  /** Ends what is asked of stores without a signal of its own. */
  readonly end?: AbortSignal | undefined;
  /** Rejects when the vault is away, instead of waiting for it. */
  readonly needsVault?: boolean;
  /** Called now and then while the catalog is brought up to the ledger, with how many entries it has; see makeStartReport. */
  readonly onApplied?: (entries: number) => Promise<void>;
  /** Runs under the lock before the ledger is opened: rebuild puts a restored head in place there. */
  readonly beforeLedger?: (parts: {
    readonly ring: KeyRing;
    readonly tiles: TileStore;
    readonly vault: Vault;
  }) => Promise<void>;
}

/** Opens a station for writing: lock, key, vault, ledger (checked against the vault), catalog (caught up). Failures: station-locked, key-*, vault-unreachable, ledger-*. */
export async function openStation(config: Config, options: OpenStationOptions): Promise<Station> {
  const clock = options.clock ?? systemClock;
  const places = placesOf(config);
  await using opening = new AsyncDisposableStack();
  await ensureState(config);
  opening.use(
    await acquireStationLock(
      places.lock,
      { pid: process.pid, command: options.command },
      { waitMs: options.waitMs, clock },
    ),
  );
  await sweepState(config);
  const ring = await openRing(config);
  const digests = opening.use(openDigestPool());
  const vault = opening.use(await openVault(config, digests, options.end));
  const tiles = tileStoreOf(vault, config.station.name);
  await options.beforeLedger?.({ ring, tiles, vault });
  const first = config.station.public_key;
  const signerOf = (keys: KeyHistory): Signer => signerInForce(config, ring, keys);
  const ledger = opening.use(await openLedgerUnder({ path: places.head, first, signerOf }));
  const { signer } = ledger;
  const preflight = makePreflight(config, { clock, log: options.log, end: options.end });
  const standing = makeStanding({ ledger, tiles, vault, preflight, at: vaultFolderOf(config) ?? vault.name });
  const replaced = signer === ring.next; // committed, and cut off before the new key was in its place
  await confirmOrWait(standing, clock, { ...options, needsVault: replaced || options.needsVault === true });
  const catalog = opening.use(await openCaughtUp(places.catalog, ledger.view(tiles), options));
  const media = config.media.examine ? opening.use(await openExaminer(places.derived, clock)) : undefined;
  const ports = await composePorts({
    config,
    clock,
    log: options.log,
    signer,
    digests,
    vault,
    ledger,
    catalog,
    media,
    standing,
  });
  if (replaced) await finishReplacement(config, ports);
  const opened = opening.move();
  return { config, ports, replaced, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** A camera is freed by the spool, never by the network: without its vault a station starts too, and records once it is back. */
async function confirmOrWait(
  standing: Standing,
  clock: Clock,
  { log, vaultWaitMs, needsVault = false }: OpenStationOptions,
): Promise<void> {
  try {
    const confirming = standing.confirm();
    await (needsVault || vaultWaitMs === undefined ? confirming : atMost(confirming, clock, vaultWaitMs));
  } catch (error) {
    if (needsVault || !isFailure(error) || error.policy !== 'retry') throw error;
    log.warn('the vault is away; footage is taken into the spool and waits there', errorFacts(error));
  }
}

/** What is asked goes on all the same, and whoever asks next hears of its end. */
async function atMost(confirming: Promise<void>, clock: Clock, waitMs: number): Promise<void> {
  const answered = new AbortController();
  const late = async (): Promise<void> => {
    await clock.wait(waitMs, answered.signal);
    throw new Failure('vault-unreachable', `the vault did not answer in ${waitMs / 1000} seconds`);
  };
  try {
    await Promise.race([confirming, late()]);
  } finally {
    answered.abort();
  }
}

function makeStanding(parts: {
  readonly ledger: Ledger;
  readonly tiles: TileStore;
  readonly vault: Vault;
  readonly preflight: Preflight;
  readonly at: string;
}): Standing {
  let confirmed = false;
  let confirming: Promise<void> | undefined;
  const confirm = async (): Promise<void> => {
    await parts.preflight.confirm();
    if (confirmed) return;
    const { standing } = await parts.ledger.checkAgainstStore(parts.tiles);
    if (standing === 'missing') await refuseEmpty(parts.vault, parts.at);
    if (parts.vault.members !== undefined) await refuseVanished(parts.vault, parts.ledger.view(parts.tiles));
    confirmed = true;
  };
  return {
    get isConfirmed() {
      return confirmed;
    },
    confirm() {
      confirming ??= confirm().finally(() => {
        confirming = undefined;
      });
      return confirming; // who asks while somebody does hears the same
    },
  };
}

/** A vault that held this ledger and now holds nothing at all is the bare mount point of its disk: filling that would hide what is on record. */
async function refuseEmpty(vault: Vault, path: string): Promise<void> {
  for await (const _ of vault.list('')) return;
  throw new Failure('vault-unreachable', `the vault ${path} is empty, and was not: is its disk mounted?`);
}

/** Loaded only where it is used: reading commands start without the image library. */
async function openExaminer(derivedDir: string, clock: Clock): Promise<Media> {
  const { DEFAULT_MEDIA_LIMITS, openMedia } = await import('../media/index.ts');
  return openMedia({ derivedDir, clock, limits: DEFAULT_MEDIA_LIMITS });
}

async function ensureState(config: Config): Promise<void> {
  try {
    await ensureDirectory(config.paths.state);
  } catch (cause) {
    throw new Failure('disk-failed', `the state folder ${config.paths.state} cannot be made`, { cause });
  }
}

/** Under the lock nobody else writes here, so what is half made was left by a docket that was killed. */
async function sweepState(config: Config): Promise<void> {
  const { spool } = placesOf(config);
  try {
    for (const each of [config.paths.state, join(spool, 'parts')]) if (await exists(each)) await sweepTemporary(each);
  } catch (error) {
    throw wrapWriteError(error, config.paths.state, 'spool-full');
  }
}

/** A projection may be damaged, of another version, or ahead of a ledger that was restored: it is made anew and caught up. */
async function openCaughtUp(
  path: string,
  ledger: LedgerView,
  { log, onApplied }: Pick<OpenStationOptions, 'log' | 'onApplied'>,
): Promise<Catalog> {
  let catalog: Catalog | undefined;
  try {
    catalog = await openCatalog({ path, mode: 'write' });
    if (catalog.appliedSize <= ledger.state().checkpoint.size) {
      await catchUp(catalog, (from) => decodedEntries(ledger, from), { onApplied });
      return catalog;
    }
    log.warn('the catalog knows more than the ledger; it is made again', { path });
  } catch (error) {
    await catalog?.close();
    if (!isFailure(error, 'catalog-broken')) throw error;
    log.warn('the catalog is damaged; it is made again', { path, reason: error.message });
  }
  await catalog?.close();
  await removeCatalog(path);
  const fresh = await openCatalog({ path, mode: 'write' });
  await catchUp(fresh, (from) => decodedEntries(ledger, from), { onApplied });
  return fresh;
}

/** Ledger entries from an index on, parsed. */
export async function* decodedEntries(
  ledger: LedgerView,
  from: number,
  to?: number,
): AsyncIterable<{ index: number; entry: ReturnType<typeof decodeEntry> }> {
  for await (const { index, bytes } of ledger.entries(from, to))
    yield { index, entry: decodeEntry(bytes, `ledger entry ${index}`) };
}

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly signer: Signer;
  readonly digests: DigestPool;
  readonly vault: Vault;
  readonly ledger: Ledger;
  readonly catalog: Catalog;
  readonly media: Media | undefined;
  readonly standing: Standing;
}

async function composePorts(parts: Parts): Promise<DockPorts> {
  const { config, clock, log, signer, vault, ledger, catalog } = parts;
  const station = config.station.name;
  const tiles = tileStoreOf(vault, station);
  const { limits } = config;
  const spool = await openSpool(placesOf(config).spool, {
    maxBytes: limits.spool_gib * GIB,
    reserveBytes: limits.spool_reserve_mib * MIB,
  });
  const { sm3 } = config.digest;
  const settings = await settingsOf(config);
  const { maxFileBytes } = settings;
  return {
    ...parts,
    station,
    spool,
    tiles,
    pull: { spool, clock, sm3, maxFileBytes },
    recorder: makeRecorder({ ledger, catalog, log, isConfirmed: () => parts.standing.isConfirmed }),
    publisher: makePublisher({ station, signer, ledger, tiles, vault }),
    listings: makeGate(limits.cameras_at_once),
    cameras: makeGate(limits.cameras_at_once),
    stores: makeGate(Math.max(limits.cameras_at_once, vault.lanes ?? 1)),
    rules: {
      sm3,
      maxFileBytes,
      readRetries: settings.readRetries,
      maxAcquisitionMs: settings.maxAcquisitionMs,
      release: config.release.enabled,
      copies: config.copies,
      retention: { footage: config.retention.footage, case: config.retention.case, keyMark: config.retention.key_mark },
      pictures: config.media.pictures,
    },
    boot: await readBootId(),
    profiles: settings.profiles,
    cardLimits: settings.cardLimits,
    unknownCameras: settings.unknownCameras,
    ownFolders: [config.paths.state, ...vaultFoldersOf(config)],
  };
}

/** A station open for reading; needs no lock and works beside the daemon. */
export interface Archive extends AsyncDisposable {
  readonly config: Config;
  readonly ports: CustodyPorts;
}

/** Opens what read commands need. Failures: vault-unreachable, ledger-*, catalog-broken. */
export async function openArchive(config: Config): Promise<Archive> {
  const places = placesOf(config);
  await using opening = new AsyncDisposableStack();
  const digests = opening.use(openDigestPool());
  const vault = opening.use(await openVault(config, digests));
  const verifier = config.station.public_key;
  const ledger = opening.use(await openLedgerReader({ path: places.head, verifier }));
  const catalog = opening.use(await openCatalog({ path: places.catalog, mode: 'read' }));
  const ports: CustodyPorts = {
    station: config.station.name,
    vault,
    tiles: tileStoreOf(vault, config.station.name),
    ledger,
    catalog,
    clock: systemClock,
    inHand: () => spoolInHand(places.spool),
  };
  const opened = opening.move();
  return { config, ports, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
