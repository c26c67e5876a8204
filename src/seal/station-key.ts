// The station's Ed25519 key: made once, kept in one file that only its owner may read, never printed.
// Never overwrites a key; never continues with a file that others can read.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, Failure, makeVerifier, type Signer, type StationName, type Verifier } from '../evidence/index.ts';
import {
  createExclusive,
  exists,
  moveDurable,
  removeDurable,
  syncFile,
  TEMP_PREFIX,
  wrapWriteError,
} from '../platform/index.ts';

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

/** The private keys of a station: the one in place, and the one that is to replace it, while a replacement is under way. */
export interface KeyRing {
  readonly current: Signer;
  readonly next: Signer | undefined;
}

/** Where the key that replaces the one at `path` waits. */
export function nextKeyPath(path: string): string {
  return `${path}.next`;
}

/** Opens the keys of a station. Failures as openStationKey. */
export async function openKeyRing(path: string, station: StationName): Promise<KeyRing> {
  const current = await openStationKey(path, station);
  const next = (await exists(nextKeyPath(path))) ? await openStationKey(nextKeyPath(path), station) : undefined;
  return { current, next };
}

/** The key that is to replace the one at `path`: the one that waits there, or a new one. Durable. Failures as openStationKey, 'disk-failed'. */
export async function ensureNextKey(path: string, station: StationName): Promise<Signer> {
  const next = nextKeyPath(path);
  try {
    await sweepCutOff(next);
    if (!(await exists(next))) return await createStationKey(next, station);
    await syncFile(next); // whoever made it may have crashed before its name was durable
    return await openStationKey(next, station);
  } catch (error) {
    throw wrapWriteError(error, next, 'spool-full');
  }
}

/** What a process that was killed while it made the key has left: a part of it, or a second name of the whole. Nobody should find either. */
async function sweepCutOff(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder))
    if (name.startsWith(TEMP_PREFIX) && name.endsWith(`-${basename(path)}`)) await removeDurable(join(folder, name));
}

/** Puts the key that waits in the place of the one at `path`, which is gone then. Durable; a crash leaves both, or the new one in place. */
export async function promoteNextKey(path: string): Promise<void> {
  try {
    await sweepCutOff(nextKeyPath(path));
    await moveDurable(nextKeyPath(path), path);
  } catch (error) {
    throw wrapWriteError(error, path, 'spool-full');
  }
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
