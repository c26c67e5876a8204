// A vault from which others are filled may send what it likes: no more of it is written than is on record.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseSha256 } from '../../src/evidence/index.ts';
import { copyPayload } from '../../src/ingest/copy-object.ts';
import { openMemoryVault } from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { never } from '../fault/stations.ts';
import { makeTempFolder } from '../temp-folder.ts';

const MIB = 1_048_576;
const LOCKED = { locked: true, retainUntil: 'permanent' } as const;

it('a payload that goes on behind its end is not copied, and does not fill the disk', async () => {
  await using folder = await makeTempFolder();
  const bytes = Buffer.from('evidence');
  const object = {
    key: 'payload/x',
    sha256: parseSha256(createHash('sha256').update(bytes).digest('hex')),
    sizeBytes: bytes.length,
  };
  let sent = 0;
  const source = Object.assign(openMemoryVault(), {
    read: async function* (): AsyncIterable<Uint8Array> {
      yield bytes;
      for (; sent < 16; sent += 1) yield Buffer.alloc(MIB);
    },
  });
  await source.putOnce(object.key, { bytes, ...object }, LOCKED);
  const target = openMemoryVault();
  const ports = { sources: [source], target, workFolder: folder.path, reserveBytes: 0, signal: never() };
  await expectRejection('digest-mismatch', copyPayload(ports, object, LOCKED, []));
  expect(sent).toBe(0);
  expect(await target.stat(object.key)).toBeUndefined();
  expect(readdirSync(folder.path)).toEqual([]);
});
