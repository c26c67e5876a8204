// What an errno means when it comes from a card: the camera left, this file cannot be read, or it is no file docket may read.
// Pure; whether the card is still there is asked by the caller and handed in.
import { errnoOf, Failure } from '../evidence/index.ts';

/** The device itself is no more, whatever was asked of it. */
const GONE = new Set(['ENODEV', 'ENXIO', 'ENOMEDIUM', 'ENOTCONN', 'ESTALE', 'ESHUTDOWN', 'EHOSTDOWN', 'ECONNABORTED']);
/** Errors of a healthy station: its own limits, not the card's. They pass through as they are. */
const OURS = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);
const REFUSED = new Set(['ELOOP', 'ENOTDIR', 'EISDIR']);
const VANISHED = new Set(['ENOENT']);

/**
 * The Failure for an error of a card. `what` is the file as text; `present` whether the card still answers.
 * A Failure is returned as it is; an error that is no errno, or is the station's own, too.
 */
export function mapSourceError(error: unknown, what: string, present: boolean): Error {
  const errno = errnoOf(error);
  if (!(error instanceof Error)) return new Error(String(error));
  if (error instanceof Failure || errno === undefined || OURS.has(errno)) return error;
  const facts = { errno, path: what };
  if (!present || GONE.has(errno))
    return new Failure('camera-gone', `the camera left while ${what} was read (${errno})`, { facts, cause: error });
  if (REFUSED.has(errno))
    return new Failure('name-refused', `${what} is not a regular file, or a link stands on the way to it (${errno})`, {
      facts,
      cause: error,
    });
  if (VANISHED.has(errno))
    return new Failure('source-changed', `${what} was listed but is no longer on the camera`, { facts, cause: error });
  return new Failure('source-unreadable', `${what} cannot be read (${errno})`, { facts, cause: error });
}
