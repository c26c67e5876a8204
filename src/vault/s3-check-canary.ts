// What a store does with canaries, in words: digests, write-once names, locks, and what these credentials can do against them.
// Every line that is ok was tried; where the lock itself could not be tried, because the credentials may not even ask, it says so.
import { type Check, doubtful, failed, passed } from './check.ts';
import {
  type Aftermath,
  type DeletingRights,
  deleteVersion,
  holdAndLetGo,
  lengthenLock,
  shortenLock,
  tryDeleting,
} from './s3-attack.ts';
import {
  type Canary,
  type Ground,
  lookAtCanary,
  putCanary,
  putCanaryAgain,
  putPartedCanary,
  putWrongCanary,
  readCanary,
  swapCanary,
} from './s3-canary.ts';
import { saysCondition, saysDigest, saysNo } from './s3-error.ts';
import { listUploads } from './s3-multipart.ts';
import { listVersions } from './s3-versions.ts';

const OTHER_STORE = 'Do not give this store evidence; a newer version of it may do better';
const LEAST_RIGHTS = 'Give the station a key of its own with only the rights of: docket vault policy';

/** Puts canaries and tries them, line by line; a lock that does not hold ends it. Throws Failures vault-* when the store has trouble. */
export async function* checkCanaries(ground: Ground): AsyncIterable<Check> {
  yield await checkWrongDigest(ground);
  const canary = await putCanary(ground, { locked: true });
  const locked = await checkReadBack(ground, canary, 'lock', 'an object');
  yield locked;
  if (locked.state === 'fail') return;
  yield* checkEncryption(ground, canary, 'encryption', 'an object');
  yield await checkDigestKept(ground, canary);
  yield await checkOnce(ground, canary);
  yield await checkSwap(ground, canary);
  yield await checkReading(ground, canary);
  yield await checkHold(ground, canary);
  const rights = await tryDeleting(ground, await putCanary(ground, { locked: false }));
  yield* checkLock(ground, canary, rights);
  yield* checkParts(ground, rights);
  yield rightsLine(rights);
}

async function checkWrongDigest(ground: Ground): Promise<Check> {
  try {
    await putWrongCanary(ground);
    return failed('digest', 'it took bytes that do not have the SHA-256 sent with them', OTHER_STORE);
  } catch (error) {
    if (saysDigest(error)) return passed('digest', 'bytes that do not have the SHA-256 sent with them are refused');
    if (!saysNo(error)) throw ground.requests.failure(error, 'storing a canary');
    const failure = ground.requests.failure(error, 'storing a canary');
    throw failure; // refused for another reason: then nothing can be stored at all
  }
}

/** The lock as it was asked for, told by the store. */
async function checkReadBack(ground: Ground, canary: Canary, name: string, what: string): Promise<Check> {
  const { mode } = ground.requests.options;
  const found = await lookAtCanary(ground, canary);
  const wrong = (text: string): Check => failed(name, text, OTHER_STORE);
  if (found === undefined) return wrong(`${what} that was stored is not there`);
  if (found.version === undefined || found.version !== canary.version)
    return wrong(`${what} that was stored has no version of its own`);
  if (found.lock === 'none') return wrong(`${what} was stored with a lock, and has none`);
  if (found.lock !== mode) return wrong(`${what} was to be locked in ${mode} mode, and is in ${found.lock} mode`);
  if (found.retainUntil !== canary.until)
    return wrong(`${what} was to be locked until ${canary.until ?? ''}, and is until ${found.retainUntil ?? 'never'}`);
  return passed(name, `${what} keeps version, mode (${mode}) and end of its lock as asked for`);
}

/** Nothing to say where no encryption is asked for. */
async function* checkEncryption(ground: Ground, canary: Canary, name: string, what: string): AsyncIterable<Check> {
  const { kind } = ground.requests.options.encryption;
  if (kind === 'none') return;
  const isEncrypted = (await lookAtCanary(ground, canary))?.encrypted === true;
  yield isEncrypted
    ? passed(name, `the store says that it keeps ${what} encrypted, as asked for (${kind})`)
    : failed(name, `${what} was to be encrypted (${kind}), and the store keeps it in clear`, OTHER_STORE);
}

async function checkDigestKept(ground: Ground, canary: Canary): Promise<Check> {
  const sum = (await lookAtCanary(ground, canary))?.sum;
  if (sum === canary.sum) return passed('digest-kept', 'the store keeps the SHA-256 of an object and tells it');
  if (sum !== undefined) return failed('digest-kept', 'the store tells another SHA-256 than was sent', OTHER_STORE);
  return doubtful(
    'digest-kept',
    'the store does not tell the SHA-256 of an object: docket reads everything back instead, which takes twice as long',
    'Use a store that keeps SHA-256 checksums, such as Ceph 20 or AWS',
  );
}

async function checkOnce(ground: Ground, canary: Canary): Promise<Check> {
  try {
    await putCanaryAgain(ground, canary);
  } catch (error) {
    if (saysCondition(error)) return passed('once', 'a name that is taken is not given again (If-None-Match)');
    throw ground.requests.failure(error, 'storing a canary again');
  }
  return failed('once', 'a name that is taken was given again, though If-None-Match forbade it', OTHER_STORE);
}

async function checkSwap(ground: Ground, canary: Canary): Promise<Check> {
  try {
    await swapCanary(ground, canary);
  } catch (error) {
    if (saysCondition(error))
      return passed('swap', 'a checkpoint that somebody replaced is not replaced again (If-Match)');
    if (!saysNo(error)) throw ground.requests.failure(error, 'replacing a canary');
  }
  return doubtful(
    'swap',
    'the store does not heed If-Match: two copies of this station would not notice each other',
    'Never run a copy of a station; a newer version of the store may do better',
  );
}

/** What recovery and verification need: the bytes of a version, versions under a name, uploads that were broken off. */
async function checkReading(ground: Ground, canary: Canary): Promise<Check> {
  const { requests } = ground;
  if (!(await readCanary(ground, canary)).equals(canary.bytes))
    return failed('read', 'other bytes came back than were stored', OTHER_STORE);
  let listed = false;
  for await (const { versions } of listVersions(requests, canary.key, { exactly: true }))
    listed = versions.some(({ version }) => version === canary.version);
  if (!listed) return failed('read', 'the list of versions does not show what was just stored', OTHER_STORE);
  try {
    for await (const _ of listUploads(requests, canary.key)) break;
  } catch (error) {
    throw requests.failure(error, 'listing uploads');
  }
  return passed('read', 'the same bytes come back, and versions are listed');
}

async function checkHold(ground: Ground, canary: Canary): Promise<Check> {
  return (await holdAndLetGo(ground, canary))
    ? passed('hold', 'a legal hold can be laid, for what is kept for good')
    : failed('hold', 'a legal hold was laid, and the store does not tell it', OTHER_STORE);
}

async function* checkLock(ground: Ground, canary: Canary, rights: DeletingRights): AsyncIterable<Check> {
  const longer = await lengthenLock(ground, canary);
  if (longer === undefined) {
    yield failed('lengthen', 'a lock was lengthened, and did not get longer', OTHER_STORE);
    return;
  }
  yield passed('lengthen', 'a lock can be lengthened, as retention sometimes asks for');
  const shortened = await shortenLock(ground, longer, false);
  yield shortened === 'held'
    ? passed('shorten', 'a lock cannot be shortened')
    : failed('shorten', 'a lock could be shortened', OTHER_STORE);
  const deleted = await deleteVersion(ground, longer, false);
  yield deleteLine('delete', 'an object', deleted, rights, longer);
  if (deleted !== 'held' || shortened !== 'held') return;
  yield await checkBypass(ground, longer);
}

/** What was proven when a locked canary was not deleted: the lock, or only that these credentials may not delete. */
function deleteLine(name: string, what: string, after: Aftermath, rights: DeletingRights, { until }: Canary): Check {
  if (after !== 'held') return failed(name, `${what} that was locked could be deleted`, OTHER_STORE);
  return rights.versions === true
    ? passed(name, `${what} that is locked cannot be deleted: the lock refused it, an unlocked one went`)
    : passed(
        name,
        `these credentials may not delete, so the lock of ${what} was not put to the test; the store says it holds until ${until ?? ''}`,
      );
}

/** The right to bypass governance: tried on both ways, since a policy may forbid one of them. */
async function checkBypass(ground: Ground, canary: Canary): Promise<Check> {
  const shortened = await shortenLock(ground, canary, true);
  const deleted = shortened === 'held' ? await deleteVersion(ground, canary, true) : shortened;
  if (deleted === 'held') return passed('bypass', 'these credentials cannot bypass a lock');
  return ground.requests.options.mode === 'governance'
    ? failed('bypass', 'these credentials may bypass governance: whoever has them can delete evidence', LEAST_RIGHTS)
    : failed('bypass', 'a lock in compliance mode could be bypassed', OTHER_STORE);
}

/** Large files travel in parts, and some stores drop the lock on that way. */
async function* checkParts(ground: Ground, rights: DeletingRights): AsyncIterable<Check> {
  const canary = await putPartedCanary(ground);
  const locked = await checkReadBack(ground, canary, 'lock-parts', 'an object uploaded in parts');
  yield locked;
  if (locked.state === 'fail') return;
  yield* checkEncryption(ground, canary, 'encryption-parts', 'an object uploaded in parts');
  const shortened = await shortenLock(ground, canary, false);
  const after = shortened === 'held' ? await deleteVersion(ground, canary, false) : shortened;
  yield deleteLine('delete-parts', 'an object uploaded in parts', after, rights, canary);
}

function rightsLine({ versions, markers }: DeletingRights): Check {
  if (versions === undefined)
    return doubtful(
      'rights',
      'whether these credentials may delete could not be tried, since the bucket locks by itself',
      LEAST_RIGHTS,
    );
  if (versions || markers === true)
    return doubtful(
      'rights',
      `these credentials may ${versions ? 'delete what is not locked' : 'hide objects under delete markers'}; a station never needs to`,
      LEAST_RIGHTS,
    );
  return passed('rights', 'these credentials may not delete');
}
