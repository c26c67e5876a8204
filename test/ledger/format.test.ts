// The formats others read: tile paths, bundles, checkpoints and proof files, against the examples of C2SP.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure, parseKeyLine, signNote } from '../../src/evidence/index.ts';
import {
  decodeBundle,
  encodeBundle,
  openCheckpoint,
  parseCheckpoint,
  parseTilePath,
  parseTlogProof,
  tilePath,
  verifyTlogProof,
} from '../../src/ledger/index.ts';
import { rightEdge } from '../../src/ledger/tile.ts';
import { entryOf, grow, makeBench, makeSigner } from './station.ts';

test('tile paths are those of tlog-tiles', () => {
  expect(tilePath(0, 1_234_067)).toBe('tile/0/x001/x234/067');
  expect(tilePath(3, 0, 7)).toBe('tile/3/000.p/7');
  expect(tilePath('entries', 1000, 255)).toBe('tile/entries/x001/000.p/255');
  expect(rightEdge(70_000)).toEqual([
    { level: 2, index: 0, width: 1 },
    { level: 1, index: 1, width: 17 },
    { level: 0, index: 273, width: 112 },
  ]);
  expect(rightEdge(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
  expect(rightEdge(0)).toEqual([]);
});

test('a tile path is read in its one spelling only', () => {
  for (const path of [
    'tile/0/x000/001',
    'tile/00/001',
    'tile/0/1',
    'tile/0/001.p/0',
    'tile/0/001.p/256',
    'tile/0/001.p/01',
    'tile/0/x001',
    'tile/x/001',
    '/tile/0/001',
    'tile/0/001/',
    'tile/0/../001',
  ])
    expect([path, parseTilePath(path)]).toEqual([path, undefined]);
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.integer({ min: 1, max: 256 }),
      (kind, index, width) => {
        expect(parseTilePath(tilePath(kind, index, width))).toEqual({ kind, index, width });
      },
    ),
  );
});

test('a bundle gives back its entries, and no bytes of it pass unread', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 }), (entries) => {
      const bytes = encodeBundle(entries);
      const read = decodeBundle(bytes);
      expect(read.exact).toBe(true);
      expect(read.entries.map((entry) => [...entry])).toEqual(entries.map((entry) => [...entry]));
      if (bytes.length > 0) expect(decodeBundle(bytes.subarray(0, -1)).exact).toBe(false);
    }),
  );
  expect(encodeBundle([Buffer.from('ab'), Buffer.alloc(0)])).toEqual(Buffer.from('000261620000', 'hex'));
  expect(() => encodeBundle([Buffer.alloc(65_536)])).toThrow(Failure);
});

test('the example checkpoint of tlog-checkpoint is read as it says', () => {
  const text =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
    '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n';
  const checkpoint = parseCheckpoint(text, 'the example');
  expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163, text });
  expect(checkpoint.root.toString('base64')).toBe('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=');
});

test('a signed note that is no checkpoint is refused, although the example key of signed-note signed it', () => {
  const verifier = parseKeyLine('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
  const note =
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
  expect(() => openCheckpoint(note, verifier, 'the note')).toThrow(
    expect.objectContaining({ code: 'signature-invalid' }),
  );
});

test('a checkpoint tells another station, another key and damage apart', () => {
  const signer = makeSigner();
  const body = (name: string, size = '5'): string => `${name}\n${size}\n${Buffer.alloc(32, 1).toString('base64')}\n`;
  const codeOf = (text: string): string => {
    try {
      openCheckpoint(text, signer, 'it');
      return 'ok';
    } catch (error) {
      return error instanceof Failure ? error.code : String(error);
    }
  };
  const good = signNote(body(signer.name), signer);
  expect(codeOf(good)).toBe('ok');
  const other = makeSigner('docket/station-8');
  expect(codeOf(signNote(body(other.name), other))).toBe('ledger-foreign');
  const rekeyed = makeSigner(signer.name);
  expect(codeOf(signNote(body(signer.name), rekeyed))).toBe('key-foreign');
  expect(codeOf(signNote(body(other.name), signer))).toBe('ledger-foreign');
  for (const size of ['05', '-1', '1e3', '', '9007199254740993', ' 5'])
    expect([size, codeOf(signNote(body(signer.name, size), signer))]).toEqual([size, 'signature-invalid']);
  expect(codeOf(signNote(`${body(signer.name)}extension\n`, signer))).toBe('signature-invalid');
  expect(codeOf(`${good}${signNote('x\n', other).slice(3)}`)).toBe('ok'); // a witness may sign below
  const bytes = Buffer.from(good, 'utf8');
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 0x01;
    expect(codeOf(flipped.toString('utf8')), `byte ${at}`).not.toBe('ok');
  }
});

test('a proof file proves its entry to an outsider and nothing else', async () => {
  await using bench = await makeBench();
  await using ledger = await bench.open();
  grow(ledger, 300);
  await ledger.publish(bench.store);
  const text = await ledger.view(bench.store).tlogProof(77);
  expect(text.startsWith('c2sp.org/tlog-proof@v1\nindex 77\n')).toBe(true);
  expect(verifyTlogProof(text, entryOf(77), bench.signer, 'the proof')).toMatchObject({
    index: 77,
    checkpoint: { size: 300 },
  });
  expect(() => verifyTlogProof(text, entryOf(78), bench.signer, 'the proof')).toThrow(
    expect.objectContaining({ code: 'digest-mismatch' }),
  );
  expect(() => verifyTlogProof(text.replace('index 77', 'index 78'), entryOf(77), bench.signer, 'the proof')).toThrow(
    expect.objectContaining({ code: 'digest-mismatch' }),
  );
  expect(() => verifyTlogProof(text, entryOf(77), makeSigner(bench.signer.name), 'the proof')).toThrow(
    expect.objectContaining({ code: 'key-foreign' }),
  );
  const extra = text.replace('\nindex', '\nextra YWdl\nindex');
  expect(verifyTlogProof(extra, entryOf(77), bench.signer, 'the proof').index).toBe(77);
  for (const bad of [
    '',
    'c2sp.org/tlog-proof@v2\nindex 0\n\n',
    text.replace('index 77', 'index 077'),
    text.replace('\n\n', '\nAAAA\n\n'),
  ])
    expect(() => parseTlogProof(bad, 'the proof')).toThrow(expect.objectContaining({ code: 'invalid' }));
});
