// Fetching from several vaults: the first that gives the bytes on record; never others, and never half a file.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { fetchItem } from '../../src/custody/index.ts';
import { openArchive } from '../../src/daemon/station.ts';
import { payloadKey } from '../../src/evidence/index.ts';
import { readConfig } from '../../src/platform/index.ts';
import { openMemoryVault } from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, temporaryPlace } from '../fault/places.ts';
import { dock, entriesOf, makeStation, never } from '../fault/stations.ts';

const BYTES = bytesOf(1, 100_000);

let place: string;
let config: string;
let item: string;
let copies: readonly string[];
const at = (name: string): string => join(place, 'station', name);

beforeEach(async () => {
  place = temporaryPlace('fast');
  config = await makeStation(at(''));
  mkdirSync(at('second'));
  const text = readFileSync(config, 'utf8').replace('[vault]', '[[vault]]');
  writeFileSync(
    config,
    `${text}\n[[vault]]\nkind = "directory"\nname = "second"\npath = "second"\n[copies]\nrequired = 1\n`,
  );
  await dock(config, { path: layOut(join(place, 'camera'), { 'a.mp4': BYTES }) });
  const [entry] = await entriesOf(config, 'item.recorded');
  if (entry === undefined) throw new Error('nothing is on record');
  item = entry.item;
  copies = ['vault', 'second'].map((each) => join(at(each), payloadKey(entry.payload.sha256)));
});

async function fetched(): Promise<Buffer> {
  await using archive = await openArchive(await readConfig(config));
  const out = join(place, 'fetched.mp4');
  await fetchItem(archive.ports, item, out, () => undefined, never());
  return readFileSync(out);
}

/** Makes one copy something else; the vaults may share the bytes on disk, so it is put in the place of the other. */
function alter(copy: string | undefined): void {
  if (copy === undefined) throw new Error('no such copy');
  const bytes = Buffer.from(BYTES);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  rmSync(copy);
  writeFileSync(copy, bytes);
  chmodSync(copy, 0o444);
}

it('an altered or missing copy is passed over for the one that is as recorded', async () => {
  for (const spoil of [() => alter(copies[0]), () => rmSync(copies[0] ?? '')]) {
    spoil();
    expect((await fetched()).equals(BYTES)).toBe(true);
    rmSync(join(place, 'fetched.mp4'));
  }
});

it('where no copy is as recorded nothing is written, and the failure says so', async () => {
  for (const copy of copies) alter(copy);
  const failure = await expectRejection('digest-mismatch', fetched());
  expect(failure.message).toMatch(/nothing was written/);
  expect(existsSync(join(place, 'fetched.mp4'))).toBe(false);
});

it('a vault that sends more than is on record is not read to its end', async () => {
  let sent = 0;
  const vault = Object.assign(openMemoryVault(), {
    read: async function* (): AsyncIterable<Uint8Array> {
      yield BYTES;
      for (; sent < 16; sent += 1) yield BYTES;
    },
  });
  await using archive = await openArchive(await readConfig(config));
  const out = join(place, 'fetched.mp4');
  await expectRejection(
    'digest-mismatch',
    fetchItem({ ...archive.ports, vault }, item, out, () => undefined, never()),
  );
  expect(sent).toBe(0);
  expect(existsSync(out)).toBe(false);
});
