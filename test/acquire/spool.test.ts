// The spool tells from names alone how far every file came, whatever moment the station stopped at, and never throws away what is not on record.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  decodeListing,
  encodeListing,
  listCard,
  measureSpool,
  openSpool,
  partKey,
  writeSealed,
} from '../../src/acquire/index.ts';
import { openSimulatedCard } from '../../src/camera/index.ts';
import { formatInstant, makeAcquisitionId, parseEpochMs } from '../../src/evidence/index.ts';
import { CAMERA, sourceFile } from '../evidence/samples.ts';
import { expectFailure, expectRejection } from '../expect-failure.ts';
import { makeBufferCard } from './buffer-card.ts';
import { NOW, openStation } from './docking.ts';

const card = () =>
  makeBufferCard({ 'a.mp4': Buffer.from('aaa'), 'b.mp4': Buffer.from('bb'), 'c.log': Buffer.from('c') });

describe('a listing', () => {
  it('stands in the spool, whole, before anything is copied', async () => {
    await using station = await openStation();
    const { folder, listing } = await station.dock(card());
    expect(await readdir(folder.path)).toEqual(['listing.json']);
    expect(decodeListing(await readFile(`${folder.path}/listing.json`), 'it')).toEqual(
      JSON.parse(JSON.stringify(listing)),
    );
  });

  it('is in the order of copying, and read back as it was written', async () => {
    await using simulated = openSimulatedCard({
      files: [
        { path: 'DCIM/new.mp4', content: Buffer.from('x'), modifiedAtMs: 9000 },
        { path: 'DCIM/old.mp4', content: Buffer.from('y'), modifiedAtMs: 1000 },
        {
          path: Buffer.from([0x44, 0x2f, 0xd6, 0xd0, 0x0a, 0x2e, 0x6d, 0x70, 0x34]),
          content: Buffer.from('z'),
          modifiedAtMs: 5000,
        },
        { path: 'DCIM/link', type: 'symlink' },
      ],
    });
    const actor = { kind: 'person', name: '李伟' } as const;
    const docking = {
      acquisition: '20261121-064854-00000001',
      camera: simulated.identity,
      cameraOffsetMs: -1250,
      actor,
      documentType: undefined,
    };
    const listing = await listCard({ ...docking, acquisition: docking.acquisition as never }, simulated.list(), {
      startedAtMs: NOW,
      boot: 'b',
    });
    expect(listing.files.filter(({ type }) => type === 'file').map(({ modifiedAtMs }) => modifiedAtMs)).toEqual([
      1000, 5000, 9000,
    ]);
    expect(listing.files).toHaveLength(4);
    expect(decodeListing(encodeListing(listing), 'it')).toEqual(JSON.parse(JSON.stringify(listing)));
  });

  it.each(['', '{}', '{"type":"docket/listing","v":1}', 'not json'])('that is damaged is refused: %j', (text) => {
    expectFailure('invalid', () => decodeListing(Buffer.from(text), 'listing.json'));
  });

  it('of a newer docket is told as that', () => {
    expectFailure('format-newer', () => decodeListing(Buffer.from('{"type":"docket/listing","v":2}'), 'listing.json'));
  });
});

describe('how far a file came', () => {
  it('is told by its names', async () => {
    await using station = await openStation();
    const { folder } = await station.dock(card());
    const stages: string[] = [];
    const note = async (): Promise<void> => void stages.push(await station.spool.stageOf(folder, 1));
    await note();
    await writeFile(folder.partPath(1), 'aaa');
    await note();
    await station.spool.complete(folder, 1);
    await note();
    await writeSealed(folder, 1, Buffer.from('sealed'));
    await note();
    await writeSealed(folder, 1, Buffer.from('sealed again'));
    expect(await readFile(folder.manifestPath(1), 'utf8')).toBe('sealed again');
    await station.spool.drop(folder, 1);
    await note();
    await station.spool.drop(folder, 1); // as often as a crash makes it
    expect(stages).toEqual(['none', 'part', 'bytes', 'sealed', 'none']);
    expect(await readdir(folder.path)).toEqual(['listing.json']);
  });

  it('a manifest whose bytes are gone is nothing to seal', async () => {
    await using station = await openStation();
    const { folder } = await station.dock(card());
    await writeSealed(folder, 2, Buffer.from('sealed'));
    expect(await station.spool.stageOf(folder, 2)).toBe('none');
  });
});

describe('what is left over', () => {
  it('is found, oldest first, with its listing, or without one where the crash came before it', async () => {
    await using station = await openStation();
    const first = await station.dock(card());
    const second = await station.dock(card());
    await mkdir(station.folder.at('spool', '20991231-235959-ffffffff'));
    await writeFile(station.folder.at('spool', '20991231-235959-ffffffff', '.docket-tmp-1-listing.json'), '{');
    const found = await station.spool.leftovers();
    expect(found.map(({ folder, listing }) => [folder.acquisition, listing?.files.length])).toEqual([
      [first.listing.acquisition, 3],
      [second.listing.acquisition, 3],
      ['20991231-235959-ffffffff', undefined],
    ]);
    expect(found[0]?.folder.bytesPath(1)).toBe(first.folder.bytesPath(1));
  });

  it('is in the order of its dockings within one second too, whatever the ids say', async () => {
    await using station = await openStation();
    const { listing } = await station.dock(card());
    const later = { ...listing, acquisition: makeAcquisitionId(NOW, '00000000') };
    await station.spool.begin({ ...later, startedAt: formatInstant(NOW + 1) });
    const found = await station.spool.leftovers();
    expect(found.map(({ folder }) => folder.acquisition)).toEqual([listing.acquisition, later.acquisition]);
  });

  it('is looked for though other things stand in the spool', async () => {
    await using station = await openStation();
    const { listing } = await station.dock(card());
    await mkdir(station.folder.at('spool', 'lost+found'));
    await writeFile(station.folder.at('spool', '.docket-tmp-0123'), '');
    await writeFile(station.folder.at('spool', 'notes.txt'), '');
    expect((await station.spool.leftovers()).map(({ folder }) => folder.acquisition)).toEqual([listing.acquisition]);
  });

  it('with a damaged listing is told, not passed over, and keeps no other from going on', async () => {
    await using station = await openStation();
    const { folder } = await station.dock(card());
    await writeFile(`${folder.path}/listing.json`, '{"type":');
    const other = await station.dock(card());
    const found = await station.spool.leftovers();
    expect(found.find((each) => each.folder.acquisition === folder.acquisition)?.damage?.message).toContain(
      folder.path,
    );
    expect(found.find((each) => each.folder.acquisition === other.folder.acquisition)?.listing).toBeDefined();
  });
});

describe('what lies in the spool under another name', () => {
  it('is told, and not taken for the acquisition whose listing lies in it: its bytes would go with that one\u2019s', async () => {
    await using station = await openStation();
    const { folder, pull } = await station.dock(card());
    await pull('a.mp4');
    const copy = station.folder.at('spool', '20991231-235959-ffffffff');
    await cp(folder.path, copy, { recursive: true });
    const found = await station.spool.leftovers();
    expect(found.map(({ listing, damage }) => [listing?.acquisition, damage?.message])).toEqual([
      [folder.acquisition, undefined],
      [undefined, expect.stringContaining(`${copy}/listing.json is the listing of another acquisition`)],
    ]);
  });
});

describe('what is busy', () => {
  it('is not read when leftovers are looked for, and its listing is there for who is busy with it', async () => {
    await using station = await openStation();
    const { folder, listing } = await station.dock(card());
    const other = await station.dock(card());
    expect(await station.spool.readListing(folder)).toEqual(JSON.parse(JSON.stringify(listing)));
    await writeFile(`${folder.path}/listing.json`, '{"type":');
    const found = await station.spool.leftovers((acquisition) => acquisition === folder.acquisition);
    expect(found.map((each) => each.folder.acquisition)).toEqual([other.listing.acquisition]);
    await expectRejection('invalid', station.spool.readListing(folder));
    await rm(`${folder.path}/listing.json`);
    await expectRejection('invalid', station.spool.readListing(folder));
  });
});

describe('an acquisition that is finished', () => {
  it('leaves nothing in the spool, and may be ended twice', async () => {
    await using station = await openStation();
    const { folder, pull, numberOf } = await station.dock(card());
    await pull('a.mp4');
    await station.spool.drop(folder, numberOf('a.mp4'));
    await writeFile(folder.receiptPath, '{}');
    await writeFile(folder.partPath(2), 'b');
    await station.spool.end(folder);
    await station.spool.end(folder);
    expect(await readdir(station.spool.path)).toEqual(['parts']);
  });

  it('is not ended while whole bytes lie in it: they may be the only copy', async () => {
    await using station = await openStation();
    const { folder, pull } = await station.dock(card());
    await pull('b.mp4');
    await rm(`${folder.path}/listing.json`);
    const failure = await expectRejection('invalid', station.spool.end(folder));
    expect(failure.message).toContain('.bytes');
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.bytes'))).toHaveLength(1);
  });

  it('is begun once only', async () => {
    await using station = await openStation();
    const { listing } = await station.dock(card());
    await expectRejection('disk-failed', station.spool.begin(listing));
  });
});

describe('room', () => {
  it('is what is free, less what must stay free, and less what already waits', async () => {
    await using station = await openStation({ maxBytes: 1000, reserveBytes: 0 });
    expect(await station.spool.claim(0)).toBe(1000);
    const { pull, folder } = await station.dock(card());
    await pull('a.mp4');
    await writeFile(folder.partPath(2), 'bb');
    await writeFile(station.folder.at('spool', 'parts', 'x.part'), '1234');
    expect(await station.spool.claim(1000)).toBe(1000 - 9);
    expect(await station.spool.claim(991)).toBe(991);
    expect(await station.spool.claim(1)).toBe(991); // claimed and not yet written: the files themselves are counted
    expect(await station.spool.usage()).toEqual({ files: 3, sizeBytes: 9, parts: 2 });
    const reserved = await openSpool(station.spool.path, { maxBytes: Number.MAX_SAFE_INTEGER, reserveBytes: 2 ** 50 });
    expect(await reserved.claim(0)).toBeLessThan(0);
  });

  it('of a spool that does not exist is not needed', async () => {
    await using station = await openStation();
    expect(await measureSpool(station.folder.at('none'))).toEqual({ files: 0, sizeBytes: 0, parts: 0 });
  });
});

describe('the key of a part', () => {
  const file = sourceFile('a.mp4');
  it('is the same for the same file of the same camera, and another as soon as one fact differs', () => {
    const key = partKey(CAMERA, file);
    expect(key).toMatch(/^[0-9a-f]{40}$/);
    expect(partKey({ ...CAMERA, model: 'renamed', officer: { name: '李伟' } }, { ...file, keyMark: true })).toBe(key);
    const others = [
      partKey({ ...CAMERA, serial: 'DSJ-0002' }, file),
      partKey({ ...CAMERA, volume: { uuid: '1234-ABCD' } }, file),
      partKey({ way: 'folder', folder: '/a' }, file),
      partKey({ way: 'folder', folder: '/b' }, file),
      partKey(CAMERA, sourceFile('b.mp4')),
      partKey(CAMERA, sourceFile('a.mp4', { path: { text: 'a.mp4', bytes: 'AAAA' } })),
      partKey(CAMERA, sourceFile('a.mp4', { modifiedAtMs: parseEpochMs(1) })),
      partKey(CAMERA, sourceFile('a.mp4', { sizeBytes: 1 as never })),
    ];
    expect(new Set([key, ...others]).size).toBe(others.length + 1);
  });
});
