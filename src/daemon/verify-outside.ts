// docket verify --public-key: a vault is verified by whoever has the first public key of its station and may read it, on any machine.
// Needs no configuration, no private key, no ledger head; writes nothing anywhere, and asks nothing of the station.
import { readFile } from 'node:fs/promises';
import type { OnWork, OutsideRequest } from '../cli/index.ts';
import { type VerifyResult, verifyArchive } from '../custody/index.ts';
import {
  errnoOf,
  Failure,
  parseKeyLine,
  parseStationName,
  type StationName,
  type Verifier,
} from '../evidence/index.ts';
import { openDigestPool, systemClock } from '../platform/index.ts';
import { tileStoreOf } from './tiles.ts';
import { anyVaultAt } from './vault-address.ts';
import { openOneVault } from './vaults.ts';
import { tellingWork } from './verify.ts';

/** Key files are a few lines. */
const MAX_KEY_CHARS = 65_536;

/** Verifies what one vault holds of one station. Failures: 'invalid' (the key, the address), vault-*. */
export async function verifyOutside(
  { publicKey, vault: address, quick }: OutsideRequest,
  onWork: OnWork,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const verifier = await readPublicKey(publicKey);
  const station = stationOf(verifier);
  await using opening = new AsyncDisposableStack();
  const digests = opening.use(openDigestPool());
  // How the station means to lock, its configuration says: without a word here, what is on record counts.
  const asked = { ...address, mode: address.mode ?? ('governance' as const) };
  const vault = opening.use(await openOneVault(anyVaultAt(asked), digests));
  return await verifyArchive(
    {
      station,
      verifier,
      vault,
      tiles: tileStoreOf(vault, station),
      tilesOf: (member) => tileStoreOf(member, station),
      clock: systemClock,
      findings: [],
      inHand: () => Promise.resolve({ acquisitions: new Set(), digests: new Set() }), // what is on its way, only the station knows
    },
    quick ? 'quick' : 'full',
    tellingWork(station, onWork),
    signal,
  );
}

/** A key line as it is, or from the first line of a file. */
async function readPublicKey(given: string): Promise<Verifier> {
  if (/^[^+\s]+\+[0-9a-f]{8}\+/.test(given)) return parseKeyLine(given);
  const text = await readFile(given, 'utf8').catch((cause: unknown) => {
    const why = errnoOf(cause) ?? 'unknown error';
    throw new Failure('invalid', `${given} is neither a key line nor a file that can be read (${why})`, { cause });
  });
  return parseKeyLine(text.slice(0, MAX_KEY_CHARS).split('\n', 1)[0] ?? '');
}

function stationOf({ name }: Verifier): StationName {
  const [, station] = /^docket\/(.+)$/.exec(name) ?? [];
  if (station === undefined) throw new Failure('invalid', `${name} is not the key of a docket station`);
  return parseStationName(station);
}
