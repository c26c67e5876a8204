// The keys of a station: which of the private ones at hand is in force, and the end of a replacement that was committed.
// Nothing is ever sealed with a key that the ledger has not handed over to, or that it has replaced.
import { Failure, keyLabel, type Signer } from '../evidence/index.ts';
import type { DockPorts } from '../ingest/index.ts';
import type { KeyHistory } from '../ledger/index.ts';
import type { Config } from '../platform/index.ts';
import { type KeyRing, keyNameOf, openKeyRing, promoteNextKey } from '../seal/index.ts';

/** The private keys of a station. Failures: 'key-missing', 'key-exposed', 'config-invalid' (the public key is of another name). */
export async function openRing(config: Config): Promise<KeyRing> {
  const ring = await openKeyRing(config.paths.key, config.station.name);
  if (config.station.public_key.name !== keyNameOf(config.station.name))
    throw new Failure(
      'config-invalid',
      `${config.file}: station.public_key is of ${config.station.public_key.name}, but the station is called ${config.station.name}`,
    );
  return ring;
}

/** The private key in force. Failure 'key-foreign' when it is not at hand. */
export function signerInForce(
  config: Config,
  { current, next }: KeyRing,
  { newest, handovers }: Pick<KeyHistory, 'newest' | 'handovers'>,
): Signer {
  const signer = [current, next].find((each) => each?.publicKey.equals(newest.publicKey));
  if (signer !== undefined) return signer;
  const last = handovers.at(-1);
  throw new Failure(
    'key-foreign',
    last === undefined
      ? `${config.paths.key} is not the key that ${config.file} names as station.public_key`
      : `${config.paths.key} is not the key ${keyLabel(newest)}, which is in force since ${last.entry.at} (entry ${last.index} of the ledger)`,
  );
}

/**
 * The end of a replacement that is on record: published with both signatures, then the new key takes the place of the old one, which is
 * gone. Repeatable; a crash anywhere is followed by the same. Failures: as publishing, and 'disk-failed'.
 */
export async function finishReplacement(config: Config, { publisher }: Pick<DockPorts, 'publisher'>): Promise<void> {
  await publisher.publish();
  // Crash here: what both keys signed stands in the vault; the next start finds the new key in force and comes here again.
  await promoteNextKey(config.paths.key);
}

/** The keys of a ring by their labels. */
export function labelsOf({ current, next }: KeyRing): string[] {
  return [current, next].flatMap((each) => (each === undefined ? [] : [keyLabel(each)]));
}
