// What an error of the store means: one Failure with one clear line, or worth another try right away.
// An error after a write means unknown, not "not written": who wrote looks before it decides.
import { errnoOf, Failure, type FailureCode } from '../evidence/index.ts';

/** The facts of an error that decide. */
interface StoreError {
  readonly name: string;
  readonly status: number | undefined;
  readonly errno: string | undefined;
}

function factsOf(error: unknown): StoreError {
  if (typeof error !== 'object' || error === null) return { name: String(error), status: undefined, errno: undefined };
  const { name, $metadata } = error as { name?: unknown; $metadata?: { httpStatusCode?: unknown } }; // read, then checked
  const status = $metadata?.httpStatusCode;
  return {
    name: typeof name === 'string' ? (/^[\w.-]{1,100}$/.test(name) ? name : 'Unknown') : 'Error', // the store's own word may be anything
    status: typeof status === 'number' ? status : undefined,
    errno: errnoOf(error),
  };
}

/** The store's own word for an error. */
export function errorName(error: unknown): string {
  return factsOf(error).name;
}

/** True when the store said no, whatever its reason; not when it has trouble, or did not answer. */
export function saysNo(error: unknown): boolean {
  const { status } = factsOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** The Date header that came with an error. */
export function storeDate(error: unknown): string | undefined {
  return headersOf(error)?.['date'];
}

function headersOf(error: unknown): Record<string, string> | undefined {
  return (error as { $response?: { headers?: Record<string, string> } } | null)?.$response?.headers; // the SDK's own field
}

/** True when the object (or version, or upload) is not there. */
export function saysMissing(error: unknown): boolean {
  const { name, status } = factsOf(error);
  if (name === 'NoSuchBucket') return false;
  return status === 404 || name === 'NoSuchKey' || name === 'NoSuchVersion' || name === 'NotFound';
}

/** True when the store refuses and does not say why: answers to HEAD have no body. */
export function saysWithoutWords(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return (
    status !== undefined && status >= 300 && status < 500 && /^(Unknown|UnknownError|NotFound|Error|\d+)$/.test(name)
  );
}

/** True when a delete marker lies over the object. */
export function saysDeleteMarker(error: unknown): boolean {
  return headersOf(error)?.['x-amz-delete-marker'] === 'true';
}

/** True when a condition (If-None-Match, If-Match) did not hold. */
export function saysCondition(error: unknown): boolean {
  return factsOf(error).status === 412 || factsOf(error).name === 'PreconditionFailed';
}

/** True when the store refused bytes that do not have the digest sent with them. */
export function saysDigest(error: unknown): boolean {
  return /^(BadDigest|InvalidDigest|XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch)$/.test(factsOf(error).name);
}

const SHORT_TROUBLE = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'EAI_AGAIN']);

/** True when a limit of ours was over without an answer. The SDK gives that name to cut connections too. */
export function hasTimedOut(error: unknown): boolean {
  const { name, errno } = factsOf(error);
  return errno === 'ETIMEDOUT' || (name === 'TimeoutError' && errno === undefined);
}

/** True for trouble that is often over in a second. What has timed out is none: a store that hangs would be waited for again and again. */
export function isPassing(error: unknown): boolean {
  const { name, status, errno } = factsOf(error);
  if (errno !== undefined && SHORT_TROUBLE.has(errno)) return true;
  if (name === 'SlowDown' || name === 'ConditionalRequestConflict' || name === 'RequestTimeout') return true;
  return status !== undefined && status >= 500 && status !== 501 && status !== 507;
}

const TLS_TROUBLE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: does the clock of this machine go right?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed its certificate itself: name its authority as ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that this machine does not know: name it as ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is of an authority that this machine does not know: name it as ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is of an authority that this machine does not know: name it as ca_file',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name than the endpoint',
  EPROTO: 'it does not speak TLS there: is the endpoint http:// instead of https://?',
};

const NETWORK_TROUBLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved just now',
  ECONNREFUSED: 'nothing answers there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it does not answer in time',
};

/** Most of a store's own words that are kept, in characters. */
const MAX_WORDS_CHARS = 2000;

/** The Failure of a store's error; `what` is the request in words, `where` the store. */
export function storeFailure(error: unknown, what: string, where: string): Failure {
  if (error instanceof Failure) return error;
  const facts = factsOf(error);
  const [code, why] = explain(facts, error);
  return new Failure(code, `${what} at ${where}: ${why}`, {
    facts: { store: facts.name, status: facts.status ?? null },
    cause: withoutKeys(error),
  });
}

/** The headers of ours that are secret (a key of 32 bytes, a session token) are such words; a store that repeats its request tells them. */
const KEY_LIKE = /[\w+/=%-]{40,}/g;

/** What goes to the log as the cause: the store's words without what may be a key, and nothing of the request or the answer. */
export function withoutKeys(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(text.slice(0, MAX_WORDS_CHARS).replaceAll(KEY_LIKE, '…')), {
    name: factsOf(error).name,
  });
}

function explain({ name, status, errno }: StoreError, error: unknown): readonly [FailureCode, string] {
  const tls = errno === undefined ? undefined : TLS_TROUBLE[errno];
  if (tls !== undefined) return ['vault-refused', tls];
  const network = errno === undefined ? undefined : NETWORK_TROUBLE[errno];
  if (network !== undefined) return ['vault-unreachable', network];
  if (name === 'TimeoutError') return ['vault-unreachable', 'it does not answer in time'];
  const refusal = REFUSALS[name];
  if (refusal !== undefined) return refusal;
  if (status === 507) return ['vault-full', 'the store has no space left'];
  if (status === 401 || status === 403) return ['vault-refused', `the store refuses it (${named(name, status)})`];
  if (status === 503 || name === 'SlowDown')
    return ['vault-unreachable', `the store is overloaded (${named(name, status)})`];
  if (status !== undefined && status >= 500)
    return ['vault-unreachable', `the store has trouble (${named(name, status)})`];
  if (status !== undefined && status >= 300) return ['vault-refused', `the store answers ${named(name, status)}`];
  if (status !== undefined) return ['vault-unreachable', 'what it answers is not what an S3 store answers'];
  return ['vault-unreachable', error instanceof Error ? (error.message.split('\n')[0] ?? name) : name];
}

function named(name: string, status: number | undefined): string {
  return name === 'Unknown' || name === 'UnknownError' || name === 'Error'
    ? `HTTP ${status}`
    : `${name}, HTTP ${status}`;
}

const REFUSALS: Readonly<Record<string, readonly [FailureCode, string]>> = {
  NoSuchBucket: ['vault-refused', 'there is no such bucket; make it with: docket vault init'],
  RequestTimeTooSkewed: [
    'vault-refused',
    'the clocks of this machine and of the store differ by more than 15 minutes; set the one that is wrong',
  ],
  InvalidAccessKeyId: ['vault-refused', 'the store does not know the access key'],
  SignatureDoesNotMatch: ['vault-refused', 'the secret key does not fit the access key'],
  ExpiredToken: ['vault-refused', 'the credentials have expired'],
  AccessDenied: ['vault-refused', 'the credentials do not allow it; the rights a station needs: docket vault policy'],
  QuotaExceeded: ['vault-full', 'the quota of the bucket or of its user is used up'],
  InsufficientCapacity: ['vault-full', 'the store has no space left'],
  PermanentRedirect: ['vault-refused', 'the bucket is in another region or at another endpoint'],
  AuthorizationHeaderMalformed: ['vault-refused', 'the store expects another region (AuthorizationHeaderMalformed)'],
  EntityTooLarge: ['vault-refused', 'the store does not take an object of that size at once; lower multipart_mib'],
  InvalidRequest: [
    'vault-refused',
    'the store does not accept the request (InvalidRequest): is Object Lock on for the bucket?',
  ],
  ObjectLockConfigurationNotFoundError: ['vault-unfit', 'the bucket has no Object Lock'],
  NotImplemented: ['vault-unfit', 'the store does not know this request (NotImplemented)'],
};
