// A vault in memory: a small true implementation for tests, under the same contract as the others.
// Never for evidence: it ends with the process.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure, parseByteCount, parseSha256, type VaultReceipt } from '../evidence/index.ts';
import { isCheckpointKey, isVaultKey, type PutSource, type PutTerms, type StoredObject, type Vault } from './port.ts';

class MemoryVault implements Vault {
  readonly name = 'memory';
  readonly #objects = new Map<string, Buffer>();

  async putOnce(key: string, source: PutSource, _terms: PutTerms, signal?: AbortSignal): Promise<VaultReceipt> {
    assert(isVaultKey(key) && !isCheckpointKey(key), `not a write-once key: ${key}`);
    signal?.throwIfAborted();
    const given = Buffer.from('file' in source ? await readFile(source.file) : source.bytes);
    const there = this.#objects.get(key); // looked up after the wait: another put may have come first
    const bytes = there ?? given;
    if (sha256Of(bytes) !== source.sha256 || bytes.length !== source.sizeBytes) {
      if (there !== undefined) throw new Failure('vault-conflict', `the vault holds other bytes under ${key}`);
      throw new Failure('vault-mismatch', `the bytes for ${key} are not those announced`);
    }
    this.#objects.set(key, bytes);
    return { vault: this.name, key, sha256: source.sha256, sizeBytes: parseByteCount(bytes.length), lock: 'none' };
  }

  async stat(key: string): Promise<StoredObject | undefined> {
    const bytes = this.#find(key);
    return bytes === undefined ? undefined : describe(key, bytes);
  }

  async digest(key: string): ReturnType<Vault['digest']> {
    const bytes = this.#find(key);
    return bytes === undefined ? undefined : { sha256: parseSha256(sha256Of(bytes)), sizeBytes: bytes.length };
  }

  async *read(key: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const bytes = this.#find(key);
    if (bytes === undefined) throw new Failure('not-found', `the vault holds no ${key}`);
    signal?.throwIfAborted();
    yield Buffer.from(bytes);
  }

  async readSmall(key: string, maxBytes: number): Promise<Buffer | undefined> {
    const bytes = this.#find(key);
    if (bytes !== undefined && bytes.length > maxBytes)
      throw new Failure('too-large', `${key} is larger than ${maxBytes} bytes`);
    return bytes === undefined ? undefined : Buffer.from(bytes);
  }

  #find(key: string): Buffer | undefined {
    assert(isVaultKey(key), `not a vault key: ${key}`);
    return this.#objects.get(key);
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    assert(prefix === '' || prefix.endsWith('/'), `a prefix ends with a slash: ${prefix}`);
    for (const [key, bytes] of [...this.#objects].sort(([a], [b]) => (a < b ? -1 : 1)))
      if (key.startsWith(prefix)) yield describe(key, bytes);
  }

  async replaceCheckpoint(key: string, bytes: Uint8Array): Promise<void> {
    assert(isCheckpointKey(key), `not the checkpoint: ${key}`);
    this.#objects.set(key, Buffer.from(bytes));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function describe(key: string, bytes: Buffer): StoredObject {
  return { key, sizeBytes: bytes.length, sealed: !isCheckpointKey(key) };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An empty vault in memory. */
export function openMemoryVault(): Vault {
  return new MemoryVault();
}
