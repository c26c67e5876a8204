// The closed list of what may go wrong and is expected to: one class, one code each, one table of what follows.
// Defects (bugs) are not here: they are asserts, and they crash.

/** What the caller does about a failure: try again by itself, set the thing aside and go on, or stop everything. */
export type Policy = 'retry' | 'report' | 'stop';

interface CodeFacts {
  /** Exit code of a command that ends with this failure; see EXIT. */
  readonly exit: ExitCode;
  readonly policy: Policy;
  /** What the person at the keyboard does next; one sentence. */
  readonly next: string;
}

/** Exit codes of every command, one table. */
export const EXIT = {
  ok: 0,
  findings: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  busy: 5,
  incomplete: 6,
  storage: 7,
  integrity: 8,
  cancelled: 9,
  defect: 70,
} as const;
/** One of EXIT's numbers. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CODES = {
  invalid: { exit: EXIT.usage, policy: 'report', next: 'Correct the value and run the command again.' },
  'config-invalid': { exit: EXIT.usage, policy: 'stop', next: 'Correct the file, then run: docket config check' },
  'config-missing': {
    exit: EXIT.usage,
    policy: 'stop',
    next: 'Name the station with --config FILE or DOCKET_CONFIG, or make one: docket init DIR',
  },
  'not-found': { exit: EXIT.notFound, policy: 'report', next: 'Look for it with: docket find TEXT' },
  'station-exists': {
    exit: EXIT.refused,
    policy: 'stop',
    next: 'Choose an empty folder; an existing station is never overwritten.',
  },
  'station-locked': {
    exit: EXIT.busy,
    policy: 'retry',
    next: 'Wait for the other docket to end, or look who it is: docket status',
  },
  'daemon-unreachable': { exit: EXIT.busy, policy: 'retry', next: 'Look at the service: systemctl status docketd' },
  'camera-unknown': {
    exit: EXIT.refused,
    policy: 'report',
    next: 'Register it: docket camera add SERIAL, or allow unknown cameras in the configuration ([cameras] unknown = "allow").',
  },
  'camera-keyboard': {
    exit: EXIT.refused,
    policy: 'report',
    next: 'Unplug it and look at it: a device that can type is no camera. If it is one of yours all the same: docketd(8), "Cameras".',
  },
  'camera-locked': {
    exit: EXIT.refused,
    policy: 'report',
    next: 'Dock the camera again; if it fails again, see [unlock] in its profile (FORMAT.md, "Camera profiles").',
  },
  'camera-gone': {
    exit: EXIT.incomplete,
    policy: 'report',
    next: 'Dock the camera again; what was copied is kept and continued.',
  },
  'source-unreadable': {
    exit: EXIT.incomplete,
    policy: 'report',
    next: 'Dock the camera again; if it fails again, keep the card and call IT.',
  },
  'source-changed': {
    exit: EXIT.incomplete,
    policy: 'report',
    next: 'End the recording on the camera, then dock it again.',
  },
  'name-refused': {
    exit: EXIT.incomplete,
    policy: 'report',
    next: 'Look at the entry on the camera; it is not a regular file docket may read.',
  },
  'limit-exceeded': {
    exit: EXIT.incomplete,
    policy: 'report',
    next: 'Raise the limit in the configuration ([limits]) if this is real footage.',
  },
  'spool-full': {
    exit: EXIT.storage,
    policy: 'retry',
    next: 'Free space on the spool disk; what is on the camera stays there until then.',
  },
  'disk-failed': { exit: EXIT.storage, policy: 'stop', next: 'Check the disk (dmesg, smartctl) before anything else.' },
  'vault-full': {
    exit: EXIT.storage,
    policy: 'retry',
    next: 'Give the vault more space; footage waits in the spool until then.',
  },
  'vault-unreachable': {
    exit: EXIT.storage,
    policy: 'retry',
    next: 'Check that the vault is mounted or reachable; footage waits in the spool until then.',
  },
  'vault-refused': {
    exit: EXIT.storage,
    policy: 'retry',
    next: 'See what the store does not allow: docket vault check; footage waits in the spool until then.',
  },
  'vault-waiting': {
    exit: EXIT.storage,
    policy: 'retry',
    next: 'Nothing: it goes on by itself once the vault may take it (its hours, or what it still lacks of the archive).',
  },
  'vault-unfit': {
    exit: EXIT.storage,
    policy: 'stop',
    next: 'Run docket vault check and do what it says; evidence is not given to a store that cannot keep it.',
  },
  'vault-conflict': {
    exit: EXIT.integrity,
    policy: 'report',
    next: 'Something else stands under this name in the vault: run docket verify and keep both.',
  },
  'vault-mismatch': {
    exit: EXIT.integrity,
    policy: 'report',
    next: 'What was read back differs from what was written: check the vault disk, then run docket verify.',
  },
  'digest-mismatch': {
    exit: EXIT.integrity,
    policy: 'report',
    next: 'Do not use this copy; run docket verify and compare with another copy.',
  },
  'signature-invalid': {
    exit: EXIT.integrity,
    policy: 'report',
    next: 'Run docket verify; compare the key with docket keys show and your written record of it.',
  },
  'key-missing': {
    exit: EXIT.integrity,
    policy: 'stop',
    next: 'Put the backup of the station key back in place; without it nothing can be sealed.',
  },
  'key-exposed': {
    exit: EXIT.integrity,
    policy: 'stop',
    next: 'chmod 600 the key file; if anybody could have copied it, replace it: docket keys replace',
  },
  'key-foreign': {
    exit: EXIT.integrity,
    policy: 'stop',
    next: 'This key does not belong to this station: put the right one back from its backup.',
  },
  'key-unsaved': {
    exit: EXIT.refused,
    policy: 'report',
    next: 'Run it again with --backup FOLDER, on a disk that is kept elsewhere: it makes a backup first and then goes on.',
  },
  'key-waits': {
    exit: EXIT.busy,
    policy: 'report',
    next: 'Let it be recorded first (docket status says what it waits for), then run the same command again.',
  },
  'ledger-missing': {
    exit: EXIT.integrity,
    policy: 'stop',
    next: 'Restore the ledger head from the vault: docket rebuild --from-vault',
  },
  'ledger-behind': {
    exit: EXIT.integrity,
    policy: 'stop',
    next: 'The vault knows more than this head, so an old copy was put back: docket rebuild --from-vault',
  },
  'ledger-foreign': {
    exit: EXIT.integrity,
    policy: 'stop',
    next: 'This ledger head belongs to another station: put the right one back, or docket rebuild --from-vault',
  },
  'ledger-corrupt': {
    exit: EXIT.integrity,
    policy: 'stop',
    next: 'Keep the damaged file, then: docket rebuild --from-vault',
  },
  'ledger-unknown': {
    exit: EXIT.storage,
    policy: 'stop',
    next: 'Start docket again: it reloads the head and continues.',
  },
  'format-newer': {
    exit: EXIT.refused,
    policy: 'report',
    next: 'Install the version of docket that wrote it, or a later one; until then it is left as it is.',
  },
  'catalog-broken': { exit: EXIT.integrity, policy: 'report', next: 'Make the catalog again: docket rebuild' },
  'media-unreadable': {
    exit: EXIT.incomplete,
    policy: 'report',
    next: 'The file is kept as it is; try another player on a fetched copy.',
  },
  'media-tool-missing': { exit: EXIT.usage, policy: 'report', next: 'Run bin/setup, or: apt-get install ffmpeg' },
  'too-large': { exit: EXIT.usage, policy: 'report', next: 'Shorten it; the limits are in FORMAT.md.' },
  cancelled: { exit: EXIT.cancelled, policy: 'report', next: 'Run the same command again; it continues where it was.' },
} as const satisfies Record<string, CodeFacts>;

/** Every expected failure has one of these. */
export type FailureCode = keyof typeof CODES;

/** Facts for logs and --json: plain values only, never secrets. */
export type FailureFacts = Readonly<Record<string, string | number | boolean | null>>;

/** An expected failure. `message` is one sentence: what is wrong and where. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly facts: FailureFacts;

  constructor(code: FailureCode, message: string, options: { facts?: FailureFacts; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.facts = options.facts ?? {};
  }

  /** Exit code of a command that ends here. */
  get exit(): ExitCode {
    return CODES[this.code].exit;
  }

  /** Retry, report or stop. */
  get policy(): Policy {
    return CODES[this.code].policy;
  }

  /** What to do next, one sentence. */
  get next(): string {
    return CODES[this.code].next;
  }
}

/** The failure of whoever meets `what` in a later form than it knows: nothing says that it is damaged. */
export function newerFormat(what: string, version: number, known: number): Failure {
  return new Failure(
    'format-newer',
    `${what} was written by a newer docket: it is of version ${version}, and this docket knows ${known}`,
    { facts: { version, known } },
  );
}

/** True for a Failure, and for a Failure with that code if one is given. */
export function isFailure(error: unknown, code?: FailureCode): error is Failure {
  return error instanceof Failure && (code === undefined || error.code === code);
}

/** The error that came first, where closing what was open has failed too and `using` has wrapped them both. */
export function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error;
}

/** The Node errno code (`ENOENT`) of an error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return undefined;
}

/** True if text is one of the failure codes (when one arrives over the socket). */
export function isFailureCode(text: unknown): text is FailureCode {
  return typeof text === 'string' && Object.hasOwn(CODES, text);
}
