// What the ledger tests share: a station with a key and a folder, entries to append, a naive RFC 6962 tree written straight from the
// RFC, and a store that fails where it is told to. Never used by the product.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, type FailureCode, makeVerifier, type Signer } from '../../src/evidence/index.ts';
import { createLedger, type Ledger, MemoryTileStore, openLedger, type TileStore } from '../../src/ledger/index.ts';

/** A signer with a fresh key. */
export function makeSigner(name = 'docket/station-7'): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return signerOf(name, publicKey, privateKey);
}

function signerOf(name: string, publicKey: KeyObject, privateKey: KeyObject): Signer {
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
  return { ...makeVerifier(name, raw), sign: (bytes) => sign(null, bytes, privateKey) };
}

/** A folder for a head, removed when disposed. */
export interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  readonly signer: Signer;
  readonly store: MemoryTileStore;
  open(): Promise<Ledger>;
}

/** A station with an empty ledger. */
export async function makeBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'docket-ledger-'));
  const path = join(folder, 'head.db');
  const signer = makeSigner();
  await createLedger({ path, signer });
  return {
    folder,
    path,
    signer,
    store: new MemoryTileStore(),
    open: () => openLedger({ path, signer }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Entry number `index` of the tests; every 50th is long, and Chinese text is among them. */
export function entryOf(index: number): Buffer {
  const text = `{"index":${index},"place":"沪盗罚〔2026〕${index}号"}`;
  return Buffer.from(index % 50 === 49 ? text.padEnd(6000, '證') : text, 'utf8');
}

/** Entries `from` to `to` (exclusive). */
export function entriesOf(from: number, to: number): Buffer[] {
  return Array.from({ length: to - from }, (_, at) => entryOf(from + at));
}

/** Appends until the ledger has `size` entries. */
export function grow(ledger: Ledger, size: number): void {
  for (let from = ledger.size; from < size; from = ledger.size)
    ledger.append(entriesOf(from, Math.min(from + 1000, size)));
}

// ---- RFC 6962 section 2.1, as written there.

const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** MTH(D[n]) over entries. */
export function naiveRoot(entries: readonly Uint8Array[]): Buffer {
  return naiveRootOfLeaves(entries.map((entry) => sha256(Buffer.of(0), entry)));
}

/** MTH over leaf hashes. */
export function naiveRootOfLeaves(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return first;
  const k = naiveSplit(leaves.length);
  return sha256(Buffer.of(1), naiveRootOfLeaves(leaves.slice(0, k)), naiveRootOfLeaves(leaves.slice(k)));
}

function naiveSplit(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** PATH(m, D[n]). */
export function naivePath(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const k = naiveSplit(leaves.length);
  if (m < k) return [...naivePath(m, leaves.slice(0, k)), naiveRootOfLeaves(leaves.slice(k))];
  return [...naivePath(m - k, leaves.slice(k)), naiveRootOfLeaves(leaves.slice(0, k))];
}

/** PROOF(m, D[n]). */
export function naiveProof(m: number, leaves: readonly Buffer[]): Buffer[] {
  const subproof = (size: number, part: readonly Buffer[], whole: boolean): Buffer[] => {
    if (size === part.length) return whole ? [] : [naiveRootOfLeaves(part)];
    const k = naiveSplit(part.length);
    if (size <= k) return [...subproof(size, part.slice(0, k), whole), naiveRootOfLeaves(part.slice(k))];
    return [...subproof(size - k, part.slice(k), false), naiveRootOfLeaves(part.slice(0, k))];
  };
  return m === 0 ? [] : subproof(m, leaves, true);
}

// ---- A store that fails.

/** Where a fault strikes: before the operation happens, or after it happened. */
export type FaultPlace = 'did not happen' | 'happened';

/** Passes everything on to a store; operation number `at` (from 1) fails, and all after it, as if the machine were gone. */
export class FaultyStore implements TileStore {
  operations = 0;
  readonly #store: TileStore;
  readonly #at: number;
  readonly #place: FaultPlace;

  constructor(store: TileStore, at: number, place: FaultPlace) {
    this.#store = store;
    this.#at = at;
    this.#place = place;
  }

  async #step<T>(work: () => Promise<T>): Promise<T> {
    this.operations += 1;
    if (this.operations < this.#at) return work();
    if (this.operations === this.#at && this.#place === 'happened') await work();
    throw new Failure('vault-unreachable', `fault at operation ${this.operations}`);
  }

  read(path: string): Promise<Buffer | undefined> {
    return this.#step(() => this.#store.read(path));
  }

  putFull(path: string, bytes: Buffer): Promise<void> {
    return this.#step(() => this.#store.putFull(path, bytes));
  }

  putPartial(path: string, bytes: Buffer): Promise<void> {
    return this.#step(() => this.#store.putPartial(path, bytes));
  }

  readCheckpoint(): Promise<string | undefined> {
    return this.#step(() => this.#store.readCheckpoint());
  }

  replaceCheckpoint(text: string, since: number): Promise<void> {
    return this.#step(() => this.#store.replaceCheckpoint(text, since));
  }

  list(): AsyncIterable<string> {
    return this.#store.list();
  }
}

/** The code of the Failure a promise rejects with; fails the test when it does not reject with one. */
export async function failureOf(promise: Promise<unknown>): Promise<FailureCode> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  throw new Error('it did not fail');
}
