// What tests put into a vault: small buffers and files of random bytes.
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseSha256 } from '../../src/evidence/index.ts';
import { type Clock, systemClock } from '../../src/platform/index.ts';
import type { PutSource } from '../../src/vault/index.ts';
import type { TempFolder } from '../temp-folder.ts';

export const MIB = 1_048_576;

/** A clock on which pauses between tries are over at once. */
export const hurried: Clock = { ...systemClock, wait: () => Promise.resolve() };

/** SHA-256 of bytes. */
export function shaOf(bytes: Uint8Array): ReturnType<typeof parseSha256> {
  return parseSha256(createHash('sha256').update(bytes).digest('hex'));
}

/** A small buffer to put. */
export function small(text: string | Buffer): PutSource & { readonly bytes: Buffer } {
  const bytes = Buffer.from(text);
  return { bytes, sha256: shaOf(bytes), sizeBytes: bytes.length };
}

/** A file to put, and what it holds. */
export interface FileSource {
  readonly file: string;
  readonly sha256: ReturnType<typeof parseSha256>;
  readonly sizeBytes: number;
}

/** A file of random bytes. */
export async function randomFile(
  folder: TempFolder,
  sizeBytes: number,
): Promise<FileSource & { readonly held: Buffer }> {
  const held = randomBytes(sizeBytes);
  const file = folder.at(`${shaOf(held)}.bytes`);
  await writeFile(file, held);
  return { file, sha256: shaOf(held), sizeBytes, held };
}
