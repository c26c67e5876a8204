// `docket verify`: opens what can be opened, turns what cannot into findings, and hands over to custody.
// Needs no lock: it looks at one committed state beside a working daemon.
import type { OnWork, VerifyRequest } from '../cli/index.ts';
import { type CheckProgress, type VerifyResult, verifyArchive, verifySome } from '../custody/index.ts';
import { type Finding, finding, isFailure } from '../evidence/index.ts';
import { type LedgerReader, openLedgerReader } from '../ledger/index.ts';
import { type Config, openDigestPool, systemClock } from '../platform/index.ts';
import { openStationKey } from '../seal/index.ts';
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
  const started = systemClock.elapsedMs();
  const onCheck = (each: CheckProgress): void => {
    const seconds = (systemClock.elapsedMs() - started) / 1000;
    const rate = seconds > 1 ? each.done / seconds : undefined;
    onWork({
      subject: config.station.name,
      state: each.step,
      done: each.done,
      total: each.total,
      unit: each.unit,
      rate,
      secondsLeft: rate === undefined ? undefined : (each.total - each.done) / rate,
    });
  };
  if (request.case === undefined && request.item === undefined) return verifyWhole(config, depth, onCheck, signal);
  await using archive = await openArchive(config);
  const scope = request.item === undefined ? { case: request.case ?? '' } : { item: request.item };
  return await verifySome(archive.ports, scope, depth, onCheck, signal);
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
  const findings = await checkKey(config);
  const head = await tryHead(config, places.head);
  if (head !== undefined) opening.use(head);
  const { station } = config;
  return await verifyArchive(
    {
      station: station.name,
      verifier: station.public_key,
      vault,
      tiles: tileStoreOf(vault, station.name),
      tilesOf: (member) => tileStoreOf(member, station.name),
      clock: systemClock,
      headPath: places.head,
      head,
      catalogPath: places.catalog,
      workFolder: config.paths.state,
      findings,
      inHand: () => spoolInHand(places.spool),
    },
    depth,
    onCheck,
    signal,
  );
}

async function checkKey(config: Config): Promise<Finding[]> {
  try {
    const signer = await openStationKey(config.paths.key, config.station.name);
    return signer.publicKey.equals(config.station.public_key.publicKey)
      ? []
      : [finding('key-foreign', config.paths.key)];
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
