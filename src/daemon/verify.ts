// `docket verify`: opens what can be opened, turns what cannot into findings, and hands over to custody.
// Needs no lock: it looks at one committed state beside a working daemon.
import type { OnWork, VerifyRequest } from '../cli/index.ts';
import { type CheckProgress, type VerifyResult, verifyArchive, verifySome } from '../custody/index.ts';
import { type Finding, finding, isFailure, type Verifier } from '../evidence/index.ts';
import { KeyHistory, type LedgerReader, openLedgerReader, readHandovers, type TileStore } from '../ledger/index.ts';
import { type Config, openDigestPool, systemClock } from '../platform/index.ts';
import { openKeyRing } from '../seal/index.ts';
import { spoolInHand } from './in-hand.ts';
import { placesOf } from './places.ts';
import { openArchive } from './station.ts';
import { tileStoreOf } from './tiles.ts';
import { openVault } from './vaults.ts';

/** Verifies a station, a case or an item. Failures: 'vault-unreachable', 'invalid', 'not-found'. */
export async function verifyStation(
  config: Config,
  request: VerifyRequest,
  onWork: OnWork,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const depth = request.quick ? 'quick' : 'full';
  const onCheck = tellingWork(config.station.name, onWork);
  if (request.case === undefined && request.item === undefined) return verifyWhole(config, depth, onCheck, signal);
  await using archive = await openArchive(config);
  const scope = request.item === undefined ? { case: request.case ?? '' } : { item: request.item };
  return await verifySome(archive.ports, scope, depth, onCheck, signal);
}

/** Progress of a check as a line for people. */
export function tellingWork(subject: string, onWork: OnWork): (each: CheckProgress) => void {
  const started = systemClock.elapsedMs();
  return ({ step, done, total, unit }) => {
    const seconds = (systemClock.elapsedMs() - started) / 1000;
    const rate = seconds > 1 ? done / seconds : undefined;
    const secondsLeft = rate === undefined || total < done ? undefined : (total - done) / rate;
    onWork({ subject, state: step, done, total, unit, rate, secondsLeft });
  };
}

async function verifyWhole(
  config: Config,
  depth: 'full' | 'quick',
  onCheck: (each: CheckProgress) => void,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const places = placesOf(config);
  await using opening = new AsyncDisposableStack();
  const digests = opening.use(openDigestPool());
  const vault = opening.use(await openVault(config, digests));
  const head = await tryHead(config, places.head);
  if (head !== undefined) opening.use(head);
  const { station } = config;
  const tiles = tileStoreOf(vault, station.name);
  const findings = await checkKey(config, head?.state().keys ?? (await publishedKeys(tiles, station.public_key)));
  return await verifyArchive(
    {
      station: station.name,
      verifier: station.public_key,
      vault,
      tiles,
      tilesOf: (member) => tileStoreOf(member, station.name),
      clock: systemClock,
      own: { headPath: places.head, head, catalogPath: places.catalog, workFolder: config.paths.state },
      findings,
      inHand: () => spoolInHand(places.spool),
    },
    depth,
    onCheck,
    signal,
  );
}

/** The keys as far as the vault proves them; what is wrong with the rest is told by the ledger's own verification. */
async function publishedKeys(tiles: TileStore, first: Verifier): Promise<KeyHistory> {
  const known = KeyHistory.of(first);
  return await readHandovers(tiles, known).catch((error: unknown) => {
    if (!isFailure(error)) throw error;
    return known;
  });
}

/** Whether the key in force is here. */
async function checkKey(config: Config, { newest }: KeyHistory): Promise<Finding[]> {
  try {
    const { current, next } = await openKeyRing(config.paths.key, config.station.name);
    const isHere = [current, next].some((each) => each?.publicKey.equals(newest.publicKey));
    return isHere ? [] : [finding('key-foreign', config.paths.key)];
  } catch (error) {
    if (isFailure(error, 'key-exposed')) return [finding('key-exposed', config.paths.key, error.message)];
    if (isFailure(error)) return [finding('key-missing', config.paths.key, error.message)];
    throw error;
  }
}

/** The head for what needs one; why it cannot be opened is told by the ledger's own verification. */
async function tryHead(config: Config, path: string): Promise<LedgerReader | undefined> {
  try {
    return await openLedgerReader({ path, verifier: config.station.public_key });
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}
