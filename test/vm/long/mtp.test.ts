// A recording of more than 4 GiB from a camera that speaks MTP, which counts in 32 bits, by the real stack: libmtp, jmtpfs, FUSE. Takes ten
// minutes, since an emulated machine reads it, copies it and stores it: bin/test-vm --long.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, truncate, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { makeFootage } from '../cards.ts';
import { expectVerified, Station } from '../station.ts';

const MIB = 1 << 20;
const SIZE_BYTES = 4200 * MIB;
const PATIENCE_MS = 3_000_000;
const HOME = '/var/lib/docket';

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: MIB }), hash);
  return hash.digest('hex');
}

/** Noise, nothing, and noise again at the end: the file is sparse here, and every byte of it comes over the bus. */
async function makeRecording(path: string): Promise<void> {
  const [first, last] = makeFootage('BC02', 2, MIB).map(({ bytes }) => bytes);
  await writeFile(path, first ?? '');
  await truncate(path, SIZE_BYTES);
  await using file = await open(path, 'r+');
  await file.write(last ?? Buffer.alloc(0), 0, MIB, SIZE_BYTES - MIB);
}

it('takes a recording of more than 4 GiB from a camera that speaks MTP, and fetches it once', {
  timeout: PATIENCE_MS,
}, async () => {
  await using station = await Station.open();
  const { vm } = station;
  // jmtpfs fetches into /tmp, which lies on a small disk here; films are not looked into.
  await vm.sh(`mkdir -m 1777 ${HOME}/fetched; mount --bind ${HOME}/fetched /tmp
    printf '\\n[media]\\nexamine = false\\n' >>${HOME}/docket.toml; systemctl restart docketd`);
  await mkdir(station.at('mtp/VIDEO'), { recursive: true });
  const recording = station.at('mtp/VIDEO/BC_BC02_013579_20260114_090000.mp4');
  await makeRecording(recording);
  await vm.plugMtp({ id: 'mtp', folder: station.at('mtp') });
  await vm.until('test $(ls /run/docket/refused | wc -l) = 1');
  await station.docket(`camera add ${(await vm.sh("sed -n 's/^serial //p' /run/docket/refused/*")).trim()}`);
  const [receipt] = await station.receipts(1, PATIENCE_MS);
  expect(receipt?.files.map(({ outcome, sizeBytes, sha256 }) => ({ outcome, sizeBytes, sha256 }))).toEqual([
    { outcome: 'recorded', sizeBytes: SIZE_BYTES, sha256: await digestOf(recording) },
  ]);
  expect(receipt?.ended).toBe('complete');
  expect(await vm.sh('systemctl show --property=NRestarts --value docketd')).toBe('0');
  expect(await station.journal()).not.toContain('reading a file again');
  await vm.unplug('mtp');
  await station.untilUnmounted();
  await expectVerified(station);
});
