// C2SP tlog-checkpoint: origin, size and root in a signed note. Our origin is the key's name, `docket/<station>`.
// Never accepts extension lines (we write none), and never takes a damaged signature for a foreign one.
import { Failure, type Note, openNote, parseNote, type Signer, signNote, type Verifier } from '../evidence/index.ts';
import { HASH_BYTES } from './hashing.ts';

/** A checkpoint as read; `text` is the whole signed note. */
export interface Checkpoint {
  readonly origin: string;
  /** Entries in the ledger. */
  readonly size: number;
  /** RFC 6962 root, 32 bytes. */
  readonly root: Buffer;
  readonly text: string;
}

/** Signs a checkpoint for a size and root; the origin is the signer's name. */
export function signCheckpoint(signer: Signer, size: number, root: Buffer): Checkpoint {
  const text = signNote(`${signer.name}\n${size}\n${root.toString('base64')}\n`, signer);
  return { origin: signer.name, size, root, text };
}

/** Reads origin, size and root; checks form only, no signature. Throws Failure 'invalid'. */
export function parseCheckpoint(text: string, what: string): Checkpoint {
  return parseBody(parseNote(text, what).text, text, what);
}

function parseBody(body: string, text: string, what: string): Checkpoint {
  const [origin, sizeText, rootText, end, ...more] = body.split('\n');
  const root = Buffer.from(rootText ?? '', 'base64');
  const size = Number(sizeText);
  const sound =
    origin !== undefined &&
    origin !== '' &&
    end === '' &&
    more.length === 0 &&
    /^(?:0|[1-9]\d{0,15})$/.test(sizeText ?? '') &&
    Number.isSafeInteger(size) &&
    root.length === HASH_BYTES &&
    root.toString('base64') === rootText;
  if (!sound) throw new Failure('invalid', `${what} is not a checkpoint of origin, size and root`);
  return { origin, size, root, text };
}

/**
 * The checkpoint if `verifier` signed it under its own name as origin. Throws Failure 'ledger-foreign' (another station's),
 * 'key-foreign' (this station's name, another key) or 'signature-invalid' (damaged or altered).
 */
export function openCheckpoint(text: string, verifier: Verifier, what: string): Checkpoint {
  const note = readNote(text, what);
  const origin = note.text.split('\n', 1)[0] ?? '';
  if (note.signatures.some((each) => each.name === verifier.name && each.keyId.equals(verifier.keyId)))
    return openOwn(text, verifier, what);
  const altered = note.signatures.some((each) => verifier.verify(Buffer.from(note.text, 'utf8'), each.signature));
  if (!altered && origin !== verifier.name && note.signatures.some((each) => each.name === origin))
    throw new Failure('ledger-foreign', `${what} is of ${origin}, not of ${verifier.name}`);
  if (!altered && origin === verifier.name && note.signatures.some((each) => each.name === verifier.name))
    throw new Failure('key-foreign', `${what} is of ${verifier.name}, but was signed with another key`);
  throw new Failure('signature-invalid', `${what} is damaged: it is not signed by ${verifier.name}`);
}

function readNote(text: string, what: string): Note {
  try {
    return parseNote(text, what);
  } catch (cause) {
    throw new Failure('signature-invalid', `${what} is damaged: it is not a signed note`, { cause });
  }
}

function openOwn(text: string, verifier: Verifier, what: string): Checkpoint {
  try {
    const body = openNote(text, verifier, what);
    const checkpoint = parseBody(body, text, what);
    if (checkpoint.origin === verifier.name) return checkpoint;
  } catch (cause) {
    throw new Failure('signature-invalid', `${what} is damaged: it does not fit its signature`, { cause });
  }
  throw new Failure('ledger-foreign', `${what} does not have ${verifier.name} as its origin`);
}
