// Cameras that fail while they are read: errors at a byte, leaving at a byte, files that grow or change under the reading. What was
// whole is on record, what was not is named with its reason, and the next docking brings the rest.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUFFER_BYTES } from '../../src/acquire/read-ahead.ts';
import type { Fault, SimulatedFile } from '../../src/camera/index.ts';
import { type CameraIdentity, type Manifest, parseSha256, payloadKey, type Receipt } from '../../src/evidence/index.ts';
import { cameraOf, countReads, dockAll, dockCard } from './docked-cards.ts';
import { bytesOf, sha256Of, temporaryPlace } from './places.ts';
import { copyStation, entriesOf, makeStation, outcomesOf, placesIn, verify } from './stations.ts';
import { expectClean, expectOnce } from './whole.ts';

const MIB = 1_048_576;
/** Several buffers, and not a whole number of them. */
const BIG_BYTES = 3 * BUFFER_BYTES + 12_345;

let place: string;
let template: string;
let config: string;

beforeAll(async () => {
  place = temporaryPlace('fast');
  template = await makeStation(join(place, 'template'));
});

beforeEach(() => {
  config = copyStation(template, join(place, randomBytes(4).toString('hex')));
});

const big: SimulatedFile = { path: 'VIDEO/big.mp4', content: { sizeBytes: BIG_BYTES, seed: 7 }, modifiedAtMs: 1e12 };
const small: SimulatedFile = { path: 'VIDEO/small.mp4', content: bytesOf(8, 4000), modifiedAtMs: 1e12 + 1000 };
const BIG_SHA = sha256Of(bytesOf(7, BIG_BYTES));
const SMALL_SHA = sha256Of(bytesOf(8, 4000));
const TRUTH = { 'VIDEO/big.mp4': BIG_SHA, 'VIDEO/small.mp4': SMALL_SHA };

function fileOf(receipt: Receipt, path: string): Receipt['files'][number] {
  const found = receipt.files.find((file) => file.path.text === path);
  if (found === undefined) throw new Error(`no ${path} on the receipt`);
  return found;
}

/** The manifest of the item at a path, from the vault. */
async function manifestOf(path: string): Promise<Manifest> {
  const item = (await entriesOf(config, 'item.recorded')).find((each) => each.path.text === path);
  const { vault } = await placesIn(config);
  return (JSON.parse(readFileSync(join(vault, item?.manifest.key ?? ''), 'utf8')) as { manifest: Manifest }).manifest; // ours
}

describe('a card with a bad place', () => {
  it('is read again there, and what came the second time is recorded', async () => {
    const fault: Fault = { kind: 'read-error', path: 'VIDEO/big.mp4', atByte: 5 * MIB, times: 1 };
    const { receipt, final } = await dockCard(config, cameraOf([big, small], [fault]));
    expect(final).toBe(true);
    expect(outcomesOf(receipt)).toEqual({ 'VIDEO/big.mp4': 'recorded', 'VIDEO/small.mp4': 'recorded' });
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('costs no other file its turn, keeps what was read of the bad one, and says why', async () => {
    const fault: Fault = { kind: 'read-error', path: 'VIDEO/big.mp4', atByte: 5 * MIB, times: 'always' };
    const { receipt, final } = await dockCard(config, cameraOf([big, small], [fault]));
    expect(final).toBe(true);
    expect(outcomesOf(receipt)).toEqual({ 'VIDEO/big.mp4': 'failed', 'VIDEO/small.mp4': 'recorded' });
    expect(fileOf(receipt, 'VIDEO/big.mp4').reason).toMatch(/big\.mp4/);
    expect((await verify(config)).findings).toEqual([]);
    const again = countReads(cameraOf([big, small]));
    expect(outcomesOf((await dockCard(config, again.card)).receipt)['VIDEO/big.mp4']).toBe('recorded');
    expect(again.bytesRead('VIDEO/big.mp4'), 'the part was kept').toBeLessThan(BIG_BYTES - 2 * MIB);
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('that cannot open a file says so, and recorded files stay recorded when it cannot be read a second time', async () => {
    await dockCard(config, cameraOf([big, small]));
    const faults: Fault[] = [
      { kind: 'open-error', path: 'VIDEO/small.mp4', times: 'always' },
      { kind: 'read-error', path: 'VIDEO/big.mp4', atByte: 0, times: 'always' },
    ];
    const { receipt } = await dockCard(config, cameraOf([big, small], faults));
    expect(outcomesOf(receipt)).toEqual({ 'VIDEO/big.mp4': 'failed', 'VIDEO/small.mp4': 'failed' });
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('is read again where it failed once, also when its file is on record already', async () => {
    await dockCard(config, cameraOf([big, small]));
    const fault: Fault = { kind: 'read-error', path: 'VIDEO/big.mp4', atByte: 100, times: 1 };
    const { receipt } = await dockCard(config, cameraOf([big, small], [fault]));
    expect(outcomesOf(receipt)).toEqual({ 'VIDEO/big.mp4': 'already-recorded', 'VIDEO/small.mp4': 'already-recorded' });
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });
});

describe('a camera that leaves', () => {
  const places = [0, 1, 65_536, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1, 2 * BUFFER_BYTES + 77, BIG_BYTES - 1];
  it.each(places)('at byte %i goes on from there at the next docking', async (atByte) => {
    const left = await dockCard(config, cameraOf([big, small], [{ kind: 'gone', path: 'VIDEO/big.mp4', atByte }]));
    expect(left.receipt.ended).toBe('interrupted');
    expect(fileOf(left.receipt, 'VIDEO/big.mp4').outcome).toBe('interrupted');
    expect((await verify(config)).findings).toEqual([]);
    const again = countReads(cameraOf([big, small]));
    const { receipt } = await dockCard(config, again.card);
    expect(receipt.ended).toBe('complete');
    const kept = Math.floor(atByte / BUFFER_BYTES) * BUFFER_BYTES; // at least the whole buffers before it
    const continued = (await manifestOf('VIDEO/big.mp4')).reading.continuedAtBytes ?? 0;
    expect(continued).toBeGreaterThanOrEqual(kept);
    expect(continued).toBeLessThanOrEqual(atByte);
    if (kept > 0) expect(again.bytesRead('VIDEO/big.mp4')).toBeLessThan(BIG_BYTES - kept + 34 * 65_536);
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('while it is listed leaves nothing behind', async () => {
    const card = cameraOf([big, small], [{ kind: 'gone-while-listing', afterFiles: 1 }]);
    await expect(dockCard(config, card)).rejects.toMatchObject({ code: 'camera-gone' });
    await dockCard(config, cameraOf([big, small]));
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('and comes back with other bytes under the same name, size and time is read from the first byte', async () => {
    await dockCard(config, cameraOf([big], [{ kind: 'gone', path: 'VIDEO/big.mp4', atByte: 2 * BUFFER_BYTES }]));
    const other = { ...big, content: { sizeBytes: BIG_BYTES, seed: 99 } };
    await dockCard(config, cameraOf([other]));
    await expectOnce(config, { 'VIDEO/big.mp4': sha256Of(bytesOf(99, BIG_BYTES)) });
    expect((await manifestOf('VIDEO/big.mp4')).reading.continuedAtBytes).toBe(undefined);
    expect((await verify(config)).findings).toEqual([]);
  });

  it('loses nothing that was kept of it when the kept part is damaged meanwhile', async () => {
    await dockCard(config, cameraOf([big], [{ kind: 'gone', path: 'VIDEO/big.mp4', atByte: 2 * BUFFER_BYTES }]));
    const { spool } = await placesIn(config);
    const part = readdirSync(join(spool, 'parts')).find((name) => name.endsWith('.part')) ?? '';
    const bytes = readFileSync(join(spool, 'parts', part));
    bytes.writeUInt8(bytes.readUInt8(MIB) ^ 1, MIB);
    writeFileSync(join(spool, 'parts', part), bytes);
    await dockCard(config, cameraOf([big]));
    await expectOnce(config, { 'VIDEO/big.mp4': BIG_SHA });
    expect((await verify(config)).findings).toEqual([]);
  });
});

describe('a file that is not the same twice', () => {
  it('growing while it is read is reported as still recording, and taken whole at the next docking', async () => {
    const { receipt } = await dockCard(
      config,
      cameraOf([big, small], [{ kind: 'grows', path: 'VIDEO/big.mp4', byBytes: 1000 }]),
    );
    expect(fileOf(receipt, 'VIDEO/big.mp4')).toMatchObject({ outcome: 'failed', item: undefined });
    expect(fileOf(receipt, 'VIDEO/big.mp4').reason).toMatch(/changed while it was read/);
    await expectOnce(config, { 'VIDEO/small.mp4': SMALL_SHA });
    await dockCard(config, cameraOf([big, small]));
    await expectOnce(config, TRUTH);
    await expectClean(config);
  });

  it('changed between two dockings, same name, size and time: a second item, and the first stays as it was', async () => {
    await dockCard(config, cameraOf([small]));
    const { receipt } = await dockCard(config, cameraOf([{ ...small, content: bytesOf(9, 4000) }]));
    expect(outcomesOf(receipt)).toEqual({ 'VIDEO/small.mp4': 'recorded' });
    const items = await entriesOf(config, 'item.recorded');
    expect(items.map(({ payload }) => payload.sha256)).toEqual([SMALL_SHA, sha256Of(bytesOf(9, 4000))]);
    const { vault } = await placesIn(config);
    expect(sha256Of(readFileSync(join(vault, payloadKey(parseSha256(SMALL_SHA)))))).toBe(SMALL_SHA);
    await expectClean(config);
  });

  it('changed after it was listed is recorded as it is, with the size it has', async () => {
    const fault: Fault = { kind: 'vanishes', path: 'VIDEO/big.mp4' };
    const { receipt } = await dockCard(config, cameraOf([big, small], [fault]));
    expect(outcomesOf(receipt)).toEqual({ 'VIDEO/big.mp4': 'failed', 'VIDEO/small.mp4': 'recorded' });
    await expectOnce(config, { 'VIDEO/small.mp4': SMALL_SHA });
    await expectClean(config);
  });
});

describe('bytes and names', () => {
  it('the same bytes under two names are two items and one payload', async () => {
    await dockCard(config, cameraOf([small, { ...small, path: 'VIDEO/other.mp4' }]));
    await expectOnce(config, { 'VIDEO/small.mp4': SMALL_SHA, 'VIDEO/other.mp4': SMALL_SHA });
    const { findings, checked } = await verify(config);
    expect(findings).toEqual([]);
    expect(checked).toMatchObject({ items: 2, payloads: 1 });
  });

  it('two cameras of one serial with the same file names, docked at once, keep their own footage', async () => {
    const identity = (uuid: string): CameraIdentity => ({ way: 'usb', serial: '000000', volume: { uuid } });
    const files = (seed: number): SimulatedFile[] => [
      { path: 'VIDEO/00001.mp4', content: { sizeBytes: 5 * MIB, seed }, modifiedAtMs: 1e12 },
      { path: 'VIDEO/00002.mp4', content: { sizeBytes: 3 * MIB, seed: seed + 1 }, modifiedAtMs: 1e12 },
    ];
    await dockAll(config, [cameraOf(files(100), [], identity('AAAA')), cameraOf(files(200), [], identity('BBBB'))]);
    const items = await entriesOf(config, 'item.recorded');
    const seen = items.map(({ camera, path, payload }) => `${camera.volume?.uuid} ${path.text} ${payload.sha256}`);
    const want = [
      `AAAA VIDEO/00001.mp4 ${sha256Of(bytesOf(100, 5 * MIB))}`,
      `AAAA VIDEO/00002.mp4 ${sha256Of(bytesOf(101, 3 * MIB))}`,
      `BBBB VIDEO/00001.mp4 ${sha256Of(bytesOf(200, 5 * MIB))}`,
      `BBBB VIDEO/00002.mp4 ${sha256Of(bytesOf(201, 3 * MIB))}`,
    ];
    expect(seen.sort()).toEqual(want);
    await expectClean(config);
  });

  it('two cameras of one serial and no volume, interrupted at once in a file of one name, do not continue each other', async () => {
    const identity: CameraIdentity = { way: 'usb', serial: '000000' };
    const file = (seed: number): SimulatedFile => ({ ...big, content: { sizeBytes: BIG_BYTES, seed } });
    const fault: Fault = { kind: 'gone', path: 'VIDEO/big.mp4', atByte: 2 * BUFFER_BYTES };
    await dockAll(config, [cameraOf([file(1)], [fault], identity), cameraOf([file(2)], [fault], identity)]);
    await dockAll(config, [cameraOf([file(1)], [], identity), cameraOf([file(2)], [], identity)]);
    const digests = (await entriesOf(config, 'item.recorded')).map(({ payload }) => payload.sha256).sort();
    expect(digests).toEqual([sha256Of(bytesOf(1, BIG_BYTES)), sha256Of(bytesOf(2, BIG_BYTES))].sort());
    expect((await verify(config)).findings).toEqual([]);
  });

  it('eight cameras of one case docked at once: all in the case, each with its statement', async () => {
    const files = (seed: number): SimulatedFile[] =>
      [1, 2, 3].map((k) => ({ path: `VIDEO/${k}.mp4`, content: bytesOf(seed + k, 3000), modifiedAtMs: 1e12 }));
    const cards = Array.from({ length: 8 }, (_, k) => cameraOf(files(10 * k), [], { way: 'usb', serial: `CAM${k}` }));
    const results = await dockAll(config, cards, '2026-LX-0003');
    expect(results.map(({ final }) => final)).toEqual(Array.from({ length: 8 }, () => true));
    expect(await entriesOf(config, 'item.recorded')).toHaveLength(24);
    await expectClean(config);
  });

  it('an empty file is an item of no bytes', async () => {
    await dockCard(config, cameraOf([{ path: 'VIDEO/empty.mp4', content: Buffer.alloc(0) }, small]));
    await expectOnce(config, { 'VIDEO/empty.mp4': sha256Of(''), 'VIDEO/small.mp4': SMALL_SHA });
    await expectClean(config);
  });
});
