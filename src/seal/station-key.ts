// The station's Ed25519 key: made once, kept in one file that only its owner may read, never printed.
// Never overwrites a key; never continues with a file that others can read.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errnoOf, Failure, makeVerifier, type Signer, type StationName, type Verifier } from '../evidence/index.ts';
import { createExclusive } from '../platform/index.ts';

/** Largest key file read, in bytes. */
const MAX_KEY_BYTES = 16_384;

/** Name of a station's key and origin of its ledger, for example `docket/station-7`. */
export function keyNameOf(station: StationName): string {
  return `docket/${station}`;
}

/** Makes a key file (PKCS #8 PEM, mode 0600) and returns its signer. The file is durable. Throws an EEXIST error if one stands there. */
export async function createStationKey(path: string, station: StationName): Promise<Signer> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  await createExclusive(path, Buffer.from(pem), 0o600);
  return makeSigner(privateKey, station);
}

/** Opens a key file. Throws Failure 'key-missing' (absent, unreadable, not Ed25519) or 'key-exposed' (readable by others). */
export async function openStationKey(path: string, station: StationName): Promise<Signer> {
  return makeSigner(parseKey(await readKey(path), path), station);
}

async function readKey(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > MAX_KEY_BYTES) throw new Failure('key-missing', `${path} is not a key file`);
    if ((facts.mode & 0o077) !== 0)
      throw new Failure('key-exposed', `others than the owner may read the station key ${path}`);
    return await file.readFile();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('key-missing', `the station key ${path} cannot be read: ${errnoOf(error) ?? 'unknown error'}`, {
      cause: error,
    });
  }
}

function parseKey(pem: Buffer, path: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Failure('key-missing', `the station key ${path} is damaged: it is not a PEM private key`, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Failure('key-missing', `the station key ${path} is not an Ed25519 key`);
  return key;
}

function makeSigner(key: KeyObject, station: StationName): Signer {
  const verifier: Verifier = makeVerifier(keyNameOf(station), rawPublicKey(key));
  return { ...verifier, sign: (bytes) => sign(null, bytes, key) };
}

function rawPublicKey(key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return spki.subarray(spki.length - 32); // RFC 8410: the last 32 bytes of an Ed25519 SPKI are the key
}
