// An older docket beside what a newer one wrote: it says so and leaves it as it is. It never calls it damaged, never makes its own in
// its place, and never says that all is in order where it could not look.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkCatalog, checkHead } from '../../src/daemon/doctor-station.ts';
import { rebuild } from '../../src/daemon/rebuild.ts';
import { openArchive, type Station } from '../../src/daemon/station.ts';
import {
  type EntryOf,
  encodeCanonical,
  encodeReceipt,
  keyLabel,
  parseAcquisitionId,
  parseByteCount,
  parseSha256,
  payloadKey,
  receiptKey,
} from '../../src/evidence/index.ts';
import { dockFolder, recoverSpool } from '../../src/ingest/index.ts';
import { readConfig } from '../../src/platform/index.ts';
import { openStationKey } from '../../src/seal/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from '../fault/places.ts';
import { dock, entriesOf, makeStation, never, openIt, placesIn, verify } from '../fault/stations.ts';

let place: string;
let config: string;
const at = (name: string): string => join(place, 'station', name);
const card = (name: string): string =>
  layOut(join(place, name), { 'a.mp4': bytesOf(1, 1000), 'b.mp4': bytesOf(2, 50) });

beforeEach(async () => {
  place = temporaryPlace();
  config = await makeStation(at(''));
});

/** Sets the version of an SQLite file, as a newer docket would have made it: its closing mark fits. */
function raise(path: string): void {
  const database = new SqliteDatabase(path);
  database.pragma('user_version = 77');
  database.close();
  writeFileSync(`${path}.sha256`, `${sha256Of(readFileSync(path))}  ${path.slice(path.lastIndexOf('/') + 1)}\n`);
}

/** Every file below a folder, with its digest. */
function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map((each) => join(each.parentPath, each.name)).filter((path) => !/station\.lock/.test(path));
  return Object.fromEntries(paths.toSorted().map((path) => [path, sha256Of(readFileSync(path))]));
}

describe('a newer ledger head', () => {
  it('is refused by whatever opens it, a rebuild among them, and everything stays as it was', async () => {
    await dock(config, { path: card('a') });
    raise((await placesIn(config)).head);
    const before = contentOf(at(''));
    const read = await readConfig(config);
    const refusals = [
      await expectRejection('format-newer', openIt(config)),
      await expectRejection('format-newer', openArchive(read)),
      await expectRejection(
        'format-newer',
        rebuild(read, { fromVault: false, actor: 't' }, () => undefined, never()),
      ),
      await expectRejection(
        'format-newer',
        rebuild(read, { fromVault: true, actor: 't' }, () => undefined, never()),
      ),
    ];
    for (const { message, next } of refusals) {
      expect(message).toMatch(/written by a newer docket: it is of version 77/);
      expect(`${message} ${next}`).not.toMatch(/damage|rebuild/);
    }
    expect(contentOf(at(''))).toEqual(before);
  });

  it('is told by verification and by the checklist as what it is, and what the vault holds is verified all the same', async () => {
    await dock(config, { path: card('a') });
    raise((await placesIn(config)).head);
    const { findings, checked } = await verify(config);
    expect(findings.map(({ code }) => code)).toEqual(['format-newer']);
    expect(checked['payloads']).toBe(2);
    const read = await readConfig(config);
    expect(await checkHead(read, true)).toMatchObject([
      { check: 'ledger', state: 'fail', next: expect.stringMatching(/^Install/) as string },
    ]);
    expect(await checkCatalog(read)).toEqual([]); // the line of the ledger has told it
  });
});

it('a newer catalog is not read, not called altered, and made again by the next docket that writes', async () => {
  await dock(config, { path: card('a') });
  const { catalog } = await placesIn(config);
  raise(catalog);
  const read = await readConfig(config);
  await expectRejection('format-newer', openArchive(read));
  expect((await verify(config)).findings).toMatchObject([{ code: 'format-newer', where: catalog }]);
  expect(await checkCatalog(read)).toMatchObject([
    { state: 'warn', next: expect.stringMatching(/^Install/) as string },
  ]);
  await (await openIt(config))[Symbol.asyncDispose]();
  expect((await verify(config)).findings).toEqual([]);
});

describe('what a newer docket left in the spool', () => {
  /** Docks while the vault is away, so that all waits in the spool; the name of the acquisition. */
  async function dockAway(name: string): Promise<string> {
    await using station = await openIt(config);
    renameSync(at('vault'), at('away'));
    const actor = { kind: 'person', name: 't' } as const;
    const { listing } = await dockFolder(station.ports, { path: card(name), actor }, () => undefined, never());
    renameSync(at('away'), at('vault'));
    return listing.acquisition;
  }

  const rewrite = (path: string): void =>
    writeFileSync(path, readFileSync(path, 'utf8').replace('"v":1}', '"v":2,"what":"comes later"}'));
  const CHANGES: Readonly<Record<string, (folder: string) => Promise<void>>> = {
    listing: async (folder) => rewrite(join(folder, 'listing.json')),
    receipt: async (folder) => writeFileSync(join(folder, 'receipt.json'), '{"type":"docket/receipt","v":2}\n'),
    manifest: async (folder) => {
      const { station, paths } = await readConfig(config);
      const signer = await openStationKey(paths.key, station.name);
      const path = join(folder, '000001.json');
      const { manifest } = JSON.parse(readFileSync(path, 'utf8')) as { manifest: object }; // written by the station
      const later = { ...manifest, v: 2, what: 'comes later' };
      const value = signer.sign(encodeCanonical(later)).toString('base64');
      const sealed = encodeCanonical({ manifest: later, signatures: [{ key: keyLabel(signer), value }] });
      writeFileSync(path, Buffer.concat([sealed, Buffer.from('\n')]));
    },
  };

  it.each(Object.keys(CHANGES))('(a %s) waits for it, while everything else goes on', async (what) => {
    const newer = await dockAway('a');
    const folder = at(`state/spool/${newer}`);
    await CHANGES[what]?.(folder);
    const before = contentOf(folder);
    const other = await dockAway('b');
    {
      await using station = await openIt(config);
      const { finished, waiting } = await recoverSpool(station.ports);
      expect(finished.map(({ acquisition }) => acquisition)).toEqual([other]);
      expect(waiting.map(({ acquisition, reason }) => [acquisition, reason.code])).toEqual([[newer, 'format-newer']]);
    }
    const kept = Object.keys(contentOf(folder));
    expect(kept.every((path) => before[path] === sha256Of(readFileSync(path)))).toBe(true);
    if (what !== 'receipt') expect(contentOf(folder)[join(folder, '000001.bytes')]).toBe(sha256Of(bytesOf(1, 1000)));
    expect((await verify(config)).findings).toEqual([]);
  });
});

describe('what a newer docket put on record', () => {
  const KEPT = { locked: true, retainUntil: 'permanent' } as const;

  /** Stores bytes as the receipt of one more acquisition, and records that like the first one. */
  async function recordReceipt(
    { ports }: Station,
    like: EntryOf<'acquisition.recorded'>,
    bytes: Buffer,
  ): Promise<void> {
    const acquisition = parseAcquisitionId(`${like.acquisition.slice(0, -8)}00000000`);
    const sha256 = parseSha256(sha256Of(bytes));
    const receipt = { key: receiptKey(ports.station, acquisition), sha256, sizeBytes: parseByteCount(bytes.length) };
    await ports.vault.putOnce(receipt.key, { bytes, sha256, sizeBytes: bytes.length }, KEPT);
    ports.recorder.record([{ ...like, acquisition, receipt }]);
  }

  it('in entries of its own is told to be unchecked, and what they may name is called neither stray nor missing', async () => {
    const { receipt } = await dock(config, { path: card('a') });
    const [like] = await entriesOf(config, 'acquisition.recorded');
    const bytes = bytesOf(9, 100);
    const sha256 = parseSha256(sha256Of(bytes));
    {
      await using station = await openIt(config);
      await station.ports.vault.putOnce(payloadKey(sha256), { bytes, sha256, sizeBytes: bytes.length }, KEPT);
      station.ports.ledger.append([
        encodeCanonical({ v: 2, kind: 'item.recorded', payload: sha256 }),
        encodeCanonical({ v: 1, kind: 'case.decided' }),
      ]);
    }
    {
      await using station = await openIt(config); // brings the catalog up to them
      const files = receipt.files.map((each) => ({ ...each, sha256 }));
      await recordReceipt(station, like ?? assert.fail('it was docked'), encodeReceipt({ ...receipt, files }));
      await station.ports.publisher.publish();
    }
    const { ok, findings } = await verify(config);
    expect([ok, findings.map(({ code, where }) => [code, where])]).toEqual([false, [['format-newer', 'entry 4']]]);
    expect(findings[0]?.what).toMatch(/^2 entries/);
  });

  it('in a receipt of its own form is not called altered', async () => {
    await dock(config, { path: card('a') });
    const [like] = await entriesOf(config, 'acquisition.recorded');
    {
      await using station = await openIt(config);
      const later = Buffer.from('{"type":"docket/receipt","v":2}\n');
      await recordReceipt(station, like ?? assert.fail('it was docked'), later);
      await station.ports.publisher.publish();
    }
    const { findings } = await verify(config);
    expect(findings.map(({ code }) => code)).toEqual(['format-newer']);
    expect(findings[0]?.what).toMatch(/newer docket: it is of version 2/);
  });
});
