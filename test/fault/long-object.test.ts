// An object longer than 32 bits can say, as MTP shows it: 4294967295 bytes, and more when it is read. It is taken whole, goes on after a
// break beyond that number, and its true length is on record.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AT_LEAST_BYTES } from '../../src/acquire/said-size.ts';
import type { Card, Fault } from '../../src/camera/index.ts';
import { cameraOf, countReads, dockCard } from './docked-cards.ts';
import { temporaryPlace } from './places.ts';
import { entriesOf, makeStation, verify } from './stations.ts';

const MIB = 1_048_576;
const SIZE_BYTES = 4097 * MIB;
const PATH = 'DCIM/LONG.MP4';

function longCard(...faults: readonly Fault[]): Card {
  const says: Fault = { kind: 'says', path: PATH, sizeBytes: AT_LEAST_BYTES };
  const content = { sizeBytes: SIZE_BYTES, seed: 'zeros' } as const;
  return cameraOf([{ path: PATH, content, modifiedAtMs: 1e12 }], [says, ...faults]);
}

function sha256OfZeros(): string {
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(MIB);
  for (let k = 0; k < SIZE_BYTES; k += MIB) hash.update(zeros);
  return hash.digest('hex');
}

it('is on record with its true length, also after the camera left where it is longer than it says', async () => {
  const config = await makeStation(join(temporaryPlace('disk'), 'station'));
  const left = await dockCard(config, longCard({ kind: 'gone', path: PATH, atByte: AT_LEAST_BYTES + 4096 }));
  expect(left.receipt.files).toMatchObject([{ outcome: 'interrupted', sizeBytes: AT_LEAST_BYTES }]);

  const counted = countReads(longCard());
  const whole = await dockCard(config, counted.card);
  expect(counted.bytesRead()).toBeLessThan(16 * MIB); // samples of what was kept, and the rest
  const sha256 = sha256OfZeros();
  expect(whole.receipt.files).toMatchObject([{ outcome: 'recorded', sizeBytes: SIZE_BYTES, sha256 }]);

  const again = await dockCard(config, longCard());
  expect(again.receipt.files).toMatchObject([{ outcome: 'already-recorded', sizeBytes: SIZE_BYTES, sha256 }]);
  expect(await entriesOf(config, 'item.recorded')).toMatchObject([{ payload: { sizeBytes: SIZE_BYTES, sha256 } }]);
  expect((await verify(config)).findings).toEqual([]);
});
