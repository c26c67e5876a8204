// A vault in a directory: one read-only file per object, placed by link(2), so that a name never holds half an object.
// Cannot lock against root: its receipts say so (`lock: 'none'`). Never overwrites, never deletes what is recorded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, lstat, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errnoOf, Failure, parseByteCount, parseSha256, type VaultReceipt } from '../evidence/index.ts';
import {
  type DigestPool,
  removeDurable,
  replaceFile,
  syncDirectory,
  TEMP_PREFIX,
  wrapWriteError,
} from '../platform/index.ts';
import { type ObjectFile, openObject } from './object-file.ts';
import { placeObject } from './place.ts';
import {
  type Copies,
  isCheckpointKey,
  isVaultKey,
  type PutSource,
  type PutTerms,
  type StoredObject,
  type Vault,
} from './port.ts';
import { VaultRoot } from './root.ts';
import { untilAborted } from './until-aborted.ts';

/** Read size when serving bytes. */
const READ_BYTES = 1_048_576;
/** Up to this size a hash on the spot is cheaper than a hop to a hashing thread. */
const SMALL_BYTES = 65_536;

/** What a directory vault needs. */
export interface DirectoryVaultOptions {
  /** Absolute path; must exist, so that an unmounted disk is never filled in its mount point's place. */
  readonly path: string;
  readonly digests: DigestPool;
  readonly name?: string;
  /** Opens it too when the folder is not there: every use then fails until it is. */
  readonly mayBeAway?: boolean;
}

class DirectoryVault implements Vault {
  readonly name: string;
  readonly #root: VaultRoot;
  readonly #digests: DigestPool;

  constructor(options: DirectoryVaultOptions) {
    this.name = options.name ?? 'directory';
    this.#root = new VaultRoot(resolve(options.path));
    this.#digests = options.digests;
  }

  async putOnce(key: string, source: PutSource, _terms: PutTerms, signal?: AbortSignal): Promise<VaultReceipt> {
    assert(!isCheckpointKey(key), `not a write-once key: ${key}`);
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    const fresh = await this.#write(key, () => placeObject(source, path));
    await this.#compare(key, path, source, fresh);
    // Crash here: the object stands without being on record; the next put finds it and goes on.
    return { vault: this.name, key, sha256: source.sha256, sizeBytes: parseByteCount(source.sizeBytes), lock: 'none' };
  }

  /** Reads the object back. A fresh one that differs was never recorded, so its name is taken away again and the next try is not blocked. */
  async #compare(key: string, path: string, source: PutSource, fresh: boolean): Promise<void> {
    const found = await this.#digest(key, { fromDisk: fresh });
    const same = found?.sha256 === source.sha256 && found.sizeBytes === source.sizeBytes;
    // Whoever placed it may have crashed before its name was durable.
    if (same && !fresh) await this.#write(key, () => syncDirectory(dirname(path)));
    if (same) return;
    if (!fresh) throw new Failure('vault-conflict', `the vault ${this.#root.path} holds other bytes under ${key}`);
    await this.#write(key, () => removeDurable(path));
    throw new Failure(
      'vault-mismatch',
      `${key} was written to the vault ${this.#root.path}, but other bytes came back`,
    );
  }

  async #write<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      await this.#root.ensureFolder(dirname(this.#pathOf(key)));
      return await work();
    } catch (error) {
      this.#root.forgetFolders();
      throw wrapWriteError(error, `${key} in the vault ${this.#root.path}`, 'vault-full');
    }
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    const path = this.#pathOf(key);
    return (await this.#look(path, key)) ?? this.#missing();
  }

  async #look(path: string, key: string): Promise<StoredObject | undefined> {
    try {
      const facts = await lstat(path);
      if (facts.isDirectory()) return undefined;
      return { key, sizeBytes: facts.size, sealed: facts.isFile() && (facts.mode & 0o222) === 0 };
    } catch (error) {
      if (saysMissing(error)) return undefined;
      throw this.#unreadable(error, key);
    }
  }

  digest(key: string, _copies?: Copies, signal?: AbortSignal): ReturnType<Vault['digest']> {
    return this.#digest(key, { fromDisk: false, signal });
  }

  async #digest(
    key: string,
    { fromDisk, signal }: { readonly fromDisk: boolean; readonly signal?: AbortSignal | undefined },
  ): ReturnType<Vault['digest']> {
    const path = this.#pathOf(key);
    const opened = await this.#open(key, path);
    if (opened === undefined) return this.#missing();
    const { file, sizeBytes } = opened;
    try {
      if (sizeBytes > SMALL_BYTES) return await untilAborted(this.#digests.digest(path, { fromDisk }), signal);
      const bytes = await file.readFile();
      const sha256 = parseSha256(createHash('sha256').update(bytes).digest('hex'));
      return { sha256, sizeBytes: bytes.length };
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#unreadable(error, key);
    } finally {
      await file.close();
    }
  }

  async *read(key: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const opened = await this.#open(key, this.#pathOf(key));
    if (opened === undefined) {
      await this.#missing();
      throw new Failure('not-found', `the vault ${this.#root.path} holds no ${key}`);
    }
    try {
      for (let position = 0; ; ) {
        signal?.throwIfAborted();
        const chunk = await this.#readChunk(opened.file, key, position);
        if (chunk.length === 0) return;
        position += chunk.length;
        yield chunk;
      }
    } finally {
      await opened.file.close();
    }
  }

  async #readChunk(file: FileHandle, key: string, position: number): Promise<Buffer> {
    try {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw this.#unreadable(error, key);
    }
  }

  async readSmall(key: string, maxBytes: number): Promise<Buffer | undefined> {
    const opened = await this.#open(key, this.#pathOf(key));
    if (opened === undefined) return this.#missing();
    try {
      if (opened.sizeBytes > maxBytes) throw new Failure('too-large', `${key} is larger than ${maxBytes} bytes`);
      return await opened.file.readFile();
    } catch (error) {
      throw this.#unreadable(error, key);
    } finally {
      await opened.file.close();
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    assert(prefix === '' || prefix.endsWith('/'), `a prefix ends with a slash: ${prefix}`);
    await this.#root.check();
    for (const each of await this.#namesIn(prefix)) {
      const key = `${prefix}${each.name}`;
      if (each.isDirectory()) yield* this.list(`${key}/`);
      else if (!each.name.startsWith(TEMP_PREFIX)) {
        const found = await this.#look(join(this.#root.path, key), key);
        if (found !== undefined) yield found;
        else if (each.name.includes('\uFFFD')) yield { key, sizeBytes: 0, sealed: false }; // no UTF-8: not to be opened by name, but not to be missed
      }
    }
  }

  async #namesIn(prefix: string): Promise<readonly Dirent[]> {
    try {
      const names = await readdir(join(this.#root.path, prefix), { withFileTypes: true });
      return names.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (saysMissing(error)) return [];
      throw this.#unreadable(error, prefix);
    }
  }

  async replaceCheckpoint(key: string, bytes: Uint8Array): Promise<void> {
    assert(isCheckpointKey(key), `not the checkpoint: ${key}`);
    await this.#write(key, () => replaceFile(this.#pathOf(key), bytes, 0o644));
  }

  fileOf(key: string): string {
    return this.#pathOf(key);
  }

  #pathOf(key: string): string {
    assert(isVaultKey(key), `not a vault key: ${key}`);
    return join(this.#root.path, key);
  }

  async #open(key: string, path: string): Promise<ObjectFile | undefined> {
    try {
      return await openObject(path);
    } catch (error) {
      throw this.#unreadable(error, key);
    }
  }

  /** Nothing has that name; but only a vault that is there can say so. */
  async #missing(): Promise<undefined> {
    await this.#root.check();
    return undefined;
  }

  #unreadable(error: unknown, key: string): Error {
    if (error instanceof Failure) return error;
    const why = errnoOf(error) ?? String(error);
    return new Failure('vault-unreachable', `${key} in the vault ${this.#root.path} cannot be read: ${why}`, {
      cause: error,
    });
  }

  close(): Promise<void> {
    return Promise.resolve(); // the hashing threads belong to whoever opened them
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function saysMissing(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR';
}

/** Opens a directory vault. Throws Failure 'vault-unreachable' when the folder is not there and must be. */
export async function openDirectoryVault(options: DirectoryVaultOptions): Promise<Vault> {
  const vault = new DirectoryVault(options);
  if (options.mayBeAway === true) return vault;
  for await (const _ of vault.list('ledgers/')) break; // reaches the root once, so that a missing disk is told at start
  return vault;
}
