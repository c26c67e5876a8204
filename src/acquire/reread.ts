// Reread: hashes a camera's file without writing, to tell whether it is the one on record.
// Name, size and time never decide that alone: a tool that trusted them has deleted the wrong footage before.

import type { Card } from '../camera/index.ts';
import type { PayloadDigest, SourceFile } from '../evidence/index.ts';
import { Failure } from '../evidence/index.ts';
import { startHash } from './hash.ts';
import { type OnBytes, readerOf } from './pull.ts';
import { readThrough } from './read-ahead.ts';
import { isWhole } from './said-size.ts';

/** Digest of a file as the camera shows it now. Failures: 'camera-gone', 'source-unreadable', 'source-changed', 'cancelled'. */
export async function rereadFile(
  card: Card,
  file: SourceFile,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<PayloadDigest> {
  await using source = await card.open(file, signal);
  const before = await source.stat();
  const hash = startHash({ sm3: false });
  await readThrough(
    readerOf(source, before.sizeBytes),
    0,
    (chunk) => {
      hash.update(chunk);
      onBytes(chunk.length);
    },
    signal,
  );
  const after = await source.stat();
  if (
    after.sizeBytes !== before.sizeBytes ||
    after.modifiedAtMs !== before.modifiedAtMs ||
    !isWhole(before.sizeBytes, hash.sizeBytes)
  )
    throw new Failure('source-changed', `${file.path.text} changed while it was read again`);
  return hash.finish();
}
