// The files of a backup folder, their sums, and the text for whoever finds it in five years. See FORMAT.md, "Backup".
// Never holds the only copy of evidence: what a backup is for is the key, and the way back to the vault.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { formatKeyLine, formatPublicPem, type StationName, type Verifier } from '../evidence/index.ts';

/** What a backup folder holds; a restored station is made of the first four. */
export const BACKUP = {
  key: 'station.key',
  config: 'docket.toml',
  head: 'ledger.db',
  headMark: 'ledger.db.sha256',
  publicKey: 'public-key.txt',
  readme: 'README.txt',
} as const;
/** The key that is to replace `station.key`; only while that is under way. */
export const NEXT_KEY = 'station.key.next';
/** Sums of all other files, for `sha256sum -c`. */
export const SUMS = 'SHA256SUMS';

/** Lower-case hexadecimal SHA-256. */
export function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Text of SHA256SUMS, in the order of names. */
export function formatSums(sums: ReadonlyMap<string, string>): string {
  return [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sum]) => `${sum}  ${name}\n`)
    .join('');
}

/** Sums by name; undefined unless every line has the form of `sha256sum` and names a file of the folder itself. */
export function parseSums(text: string): ReadonlyMap<string, string> | undefined {
  const sums = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *]([^/]{1,255})$/.exec(line) ?? [];
    if (sum === undefined || name === undefined || sums.has(name)) return undefined;
    sums.set(name, sum);
  }
  return sums.size > 0 && text.endsWith('\n') ? sums : undefined;
}

/** The public keys as text, the first one first: the line that docket.toml has, and PEM for everybody else. */
export function formatPublicKeys(keys: readonly Verifier[]): string {
  return keys.map((each) => `${formatKeyLine(each)}\n\n${formatPublicPem(each).trimEnd()}\n`).join('\n');
}

/** Facts that the README of a backup tells. */
export interface ReadmeFacts {
  readonly station: StationName;
  readonly at: string;
  readonly version: string;
  readonly ledgerSize: number;
  readonly configFile: string;
  readonly vaults: readonly string[];
  readonly notIncluded: readonly string[];
}

/** README.txt. */
export function formatReadme(facts: ReadmeFacts, folder: string): string {
  const lines = (each: readonly string[]): string => each.map((line) => `  ${line}\n`).join('');
  return `WHAT THIS IS

A backup of the docket station "${facts.station}", made ${facts.at} by docket ${facts.version}.
docket keeps body-camera footage and the documents of the same cases. The evidence itself is NOT in this folder. It is in:

${lines(facts.vaults)}
This folder holds what cannot be made again from there:

  station.key      the private key the station seals with
  docket.toml      its configuration (it was ${facts.configFile})
  ledger.db        the head of its ledger, ${facts.ledgerSize} entries, with its closing mark ledger.db.sha256
  public-key.txt   what everything of the station is verified with: the first key, then those that replaced it
  SHA256SUMS       check this folder with: sha256sum -c SHA256SUMS

KEEP IT SECRET. WHOEVER HAS THIS FOLDER CAN SEAL IN THE NAME OF THIS STATION.

Not included, keep these elsewhere too:

${facts.notIncluded.length === 0 ? '  nothing\n' : lines(facts.notIncluded)}
BRINGING THE STATION BACK, ON THIS OR ANOTHER MACHINE

  1. Make sure that the old machine does not run any more: two stations of one name contradict each other.
  2. Install docket. Mount or connect the vault.
  3. docket restore ${basename(folder)} --to FOLDER
     It checks this folder, lays out the files, compares the ledger with the vault and says what to do next.
     A vault that knows more than this backup is normal. Then: docket rebuild --from-vault
  4. docket verify

WITHOUT DOCKET

The vault is readable as it is: cases/<case number>/ names what belongs to a case, payload/sha256/ holds the bytes under their
SHA-256, ledgers/ is a transparency log in the C2SP tlog-tiles format. public-key.txt verifies all signatures (Ed25519).
`;
}
