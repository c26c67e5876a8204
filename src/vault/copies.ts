// A vault of several vaults: everything is written to all of them, and stands once `required` of them have stored it and read it back.
// Never hides that a member holds other bytes, and never waits for a member that is known to be away or, once enough
// have stored it, does not answer. What a member missed is copied to it later (ingest/replicate).
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { errnoOf, Failure, isFailure, type VaultReceipt } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import { CheckpointCopies, MAX_CHECKPOINT_BYTES } from './checkpoint-copies.ts';
import { guardOf } from './copies-guard.ts';
import { KeptReceipts, markOf } from './kept-receipts.ts';
import { isGrave, Members, mostTelling } from './members.ts';
import {
  type Copies,
  type Follows,
  isCheckpointKey,
  isVaultKey,
  type PutSource,
  type PutTerms,
  type StoredObject,
  type StoreGuard,
  type Vault,
} from './port.ts';
import { Turns } from './turns.ts';

/** What a vault of several copies is made of. */
export interface CopiesVaultOptions {
  /** At least one, each under a name of its own, in the order in which they are read; closed with this vault. */
  readonly members: readonly Vault[];
  /** So many must hold an object before it counts as stored. */
  readonly required: number;
  readonly clock: Pick<Clock, 'elapsedMs' | 'wait'>;
  /** Entries a checkpoint vouches for; of several checkpoints the largest is the one that is read. Infinity for what is no checkpoint: it must be seen. */
  readonly sizeOf: (checkpoint: Buffer) => number;
}

/** The vault; opened by openCopiesVault. */
class CopiesVault implements Vault {
  /** Of the first member: a single receipt is its receipt, wherever it stands. */
  readonly name: string;
  readonly members: readonly Vault[];
  readonly lanes: number;
  readonly guard?: StoreGuard;
  readonly #members: Members;
  readonly #required: number;
  readonly #sizeOf: CopiesVaultOptions['sizeOf'];
  readonly #checkpoints: CheckpointCopies;
  readonly #kept = new KeptReceipts();
  /** One writer per name: of two that bring different bytes, one must win in every member. */
  readonly #turns = new Turns();

  constructor({ members, required, clock, sizeOf }: CopiesVaultOptions) {
    assert(required >= 1 && required <= members.length, 'between one and all copies are required');
    this.name = members[0]?.name ?? '';
    this.members = members;
    this.lanes = Math.max(...members.map((each) => each.lanes ?? 1));
    const guard = guardOf(members);
    if (guard !== undefined) this.guard = guard;
    this.#members = new Members(members, clock);
    this.#required = required;
    this.#sizeOf = sizeOf;
    this.#checkpoints = new CheckpointCopies(this.#members, required);
  }

  async putOnce(key: string, source: PutSource, terms: PutTerms, signal?: AbortSignal): Promise<VaultReceipt> {
    const [first] = await this.putEach(key, source, terms, signal);
    assert(first !== undefined, 'a put that stands has a receipt');
    return first;
  }

  async putEach(
    key: string,
    source: PutSource,
    terms: PutTerms,
    signal?: AbortSignal,
  ): Promise<readonly VaultReceipt[]> {
    assert(isVaultKey(key) && !isCheckpointKey(key), `not a write-once key: ${key}`);
    signal?.throwIfAborted();
    if ('file' in source) await demandSource(source.file);
    return await this.#turns.run(key, () => this.#putAll(key, source, terms, signal));
  }

  async #putAll(
    key: string,
    source: PutSource,
    terms: PutTerms,
    signal: AbortSignal | undefined,
  ): Promise<readonly VaultReceipt[]> {
    const mark = markOf(key, source, terms);
    const put = async (member: Vault, left: AbortSignal): Promise<VaultReceipt> => {
      const known = this.#kept.find(mark, member);
      if (known !== undefined) return known;
      const until = signal === undefined ? left : AbortSignal.any([signal, left]);
      try {
        return await this.#members.ask(member, (each) => each.putOnce(key, source, terms, until), left);
      } catch (error) {
        this.#checkpoints.missed(member, key);
        throw named(error, member);
      }
    };
    const { values, reasons } = await this.#members.askAll({ key, isEnough: (done) => done >= this.#required }, put);
    const grave = reasons.filter(isGrave);
    if (grave.length > 0) throw mostTelling(grave);
    if (values.length >= this.#required) {
      this.#kept.drop(mark);
      return values;
    }
    for (const receipt of values) this.#keep(mark, receipt);
    throw mostTelling(reasons);
    // Crash here: some copies stand without being on record; the next put finds them and goes on.
  }

  #keep(mark: string, receipt: VaultReceipt): void {
    const member = this.members.find((each) => each.name === receipt.vault);
    if (member !== undefined) this.#kept.keep(mark, member, receipt);
  }

  async stat(key: string, copies?: Copies): Promise<StoredObject | undefined> {
    // Whoever asks for the checkpoint asks whether the vault can be worked with: that takes as many members as a put does.
    if (isCheckpointKey(key)) await this.#turns.run(key, () => this.#checkpoints.readEach(key, MAX_CHECKPOINT_BYTES));
    return await this.#first((member) => member.stat(key, copies));
  }

  digest(key: string, copies?: Copies, signal?: AbortSignal, mostBytes?: number): ReturnType<Vault['digest']> {
    return this.#first((member) => member.digest(key, copies, signal, mostBytes));
  }

  async readSmall(key: string, maxBytes: number): Promise<Buffer | undefined> {
    assert(isVaultKey(key), `not a vault key: ${key}`);
    if (!isCheckpointKey(key)) return await this.#first((member) => member.readSmall(key, maxBytes));
    const all = await this.readEach(key, maxBytes);
    return all.toSorted((a, b) => this.#sizeOf(b) - this.#sizeOf(a))[0];
  }

  readEach(key: string, maxBytes: number): Promise<readonly Buffer[]> {
    return this.#turns.run(key, () => this.#checkpoints.readEach(key, maxBytes));
  }

  /** The first member that has it; that nobody has it can only be said when all answer. */
  async #first<T>(ask: (member: Vault) => Promise<T | undefined>): Promise<T | undefined> {
    const failures: unknown[] = [];
    for (const member of this.#members.inOrder()) {
      try {
        const found = await this.#members.askAnyway(member, ask);
        if (found !== undefined) return found;
      } catch (error) {
        if (!isFailure(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw mostTelling(failures);
    return undefined;
  }

  /** The bytes of the first member that has them; where it breaks off, the next one goes on. Whoever knows the digest compares. */
  async *read(key: string, signal?: AbortSignal, copies?: Copies): AsyncIterable<Uint8Array> {
    const failures: unknown[] = [];
    let position = 0;
    for (const member of this.#members.inOrder()) {
      try {
        for await (const chunk of skipping(member.read(key, signal, copies), position)) {
          position += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!isFailure(error) || error === signal?.reason) throw error;
        failures.push(error);
      }
    }
    throw mostTelling(failures);
  }

  /** The union of all members, each of which must answer. What only a later one has comes behind what an earlier one has. */
  async *list(prefix: string): AsyncIterable<StoredObject> {
    // Files on this machine first: whether a key was listed before is then asked of them, and not over the network.
    const members = this.members.toSorted((a, b) => Number(a.fileOf === undefined) - Number(b.fileOf === undefined));
    for (const [at, member] of members.entries())
      for await (const found of member.list(prefix)) if (!(await anyHas(members.slice(0, at), found.key))) yield found;
  }

  async replaceCheckpoint(key: string, bytes: Uint8Array, follows?: Follows): Promise<void> {
    assert(isCheckpointKey(key), `not the checkpoint: ${key}`);
    const copy = Buffer.from(bytes);
    await this.#turns.run(key, () => this.#checkpoints.replace(key, copy, follows));
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((each) => each.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What is not there to be stored is no fault of any member. */
async function demandSource(file: string): Promise<void> {
  try {
    await stat(file);
  } catch (cause) {
    throw new Failure('source-unreadable', `${file} cannot be stored: ${errnoOf(cause) ?? String(cause)}`, { cause });
  }
}

/** The failure with the name of its vault in front, since the others may be in order. */
function named(error: unknown, member: Vault): unknown {
  if (!isFailure(error)) return error;
  return new Failure(error.code, `vault ${member.name}: ${error.message}`, { facts: error.facts, cause: error });
}

async function anyHas(members: readonly Vault[], key: string): Promise<boolean> {
  for (const each of members) if ((await each.stat(key)) !== undefined) return true;
  return false;
}

/** The bytes from a position on. */
async function* skipping(bytes: AsyncIterable<Uint8Array>, position: number): AsyncIterable<Uint8Array> {
  let at = 0;
  for await (const chunk of bytes) {
    const rest = at >= position ? chunk : chunk.subarray(Math.min(chunk.length, position - at));
    at += chunk.length;
    if (rest.length > 0) yield rest;
  }
}

/** A vault over several vaults; closes them. */
export function openCopiesVault(options: CopiesVaultOptions): Vault {
  return new CopiesVault(options);
}
