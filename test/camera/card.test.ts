// The contract of a card, run for the real folder, also where it is read by another process, and for the simulated card: what one does the other does.
import { describe, expect, test } from 'vitest';
import {
  type Card,
  type CardLimits,
  DEFAULT_CARD_LIMITS,
  openCard,
  openSimulatedCard,
  type Profile,
  type SimulatedFile,
  TAKE_EVERYTHING,
  withFaults,
} from '../../src/camera/index.ts';
import { parseProfile } from '../../src/camera/profile.ts';
import { isFailure } from '../../src/evidence/index.ts';
import { fileAt, layOut, listAll, listed, readAll, temporaryPlace } from './places.ts';

const AT = Date.UTC(2026, 0, 31, 0, 0, 0);
const gbkName = Buffer.from([0xc2, 0xbc, 0xcf, 0xf1, 0x2e, 0x6d, 0x70, 0x34]); // 录像.mp4 in GBK
const noText = Buffer.from([0x80, 0xff, 0x2e, 0x6d, 0x70, 0x34]);

const FILES: readonly SimulatedFile[] = [
  { path: 'DCIM/100MEDIA/b.MP4', content: { sizeBytes: 5000, seed: 1 }, modifiedAtMs: AT },
  { path: 'DCIM/100MEDIA/b.log', content: Buffer.from('log') },
  { path: 'DCIM/100MEDIA/a.jpg', content: Buffer.from('photo') },
  { path: 'DCIM/a-file', content: Buffer.from('x') },
  { path: 'empty.mp4' },
  { path: '执法\n记录.mp4', content: Buffer.from('newline') },
  { path: '..mp4', content: Buffer.from('dots') },
  { path: '\u202egpj.exe', content: Buffer.from('turned') },
  { path: '长'.repeat(85), content: Buffer.from('255 bytes') },
  { path: Buffer.concat([Buffer.from('GBK/'), gbkName]), content: Buffer.from('gbk') },
  { path: noText, content: Buffer.from('no text') },
];

interface Making {
  readonly profile?: Profile;
  readonly limits?: CardLimits;
}

const MAKERS: Readonly<Record<string, (files: readonly SimulatedFile[], making?: Making) => Promise<Card>>> = {
  'a folder': async (files, making = {}) => {
    const root = temporaryPlace();
    layOut(root, files);
    return openCard({
      root,
      identity: { way: 'folder', folder: root },
      profile: TAKE_EVERYTHING,
      limits: DEFAULT_CARD_LIMITS,
      ...making,
    });
  },
  'a folder that is read apart': async (files, making = {}) => {
    const root = temporaryPlace();
    layOut(root, files);
    return openCard({
      root,
      identity: { way: 'folder', folder: root },
      profile: TAKE_EVERYTHING,
      limits: DEFAULT_CARD_LIMITS,
      apart: true,
      ...making,
    });
  },
  'a simulated card': async (files, making = {}) => openSimulatedCard({ files, ...making }),
  'a folder under faults that do not strike': async (files, making = {}) => {
    const root = temporaryPlace();
    layOut(root, files);
    const card = await openCard({
      root,
      identity: { way: 'folder', folder: root },
      profile: TAKE_EVERYTHING,
      limits: DEFAULT_CARD_LIMITS,
      ...making,
    });
    return withFaults(card, [{ kind: 'gone', path: 'another', atByte: 0 }]);
  },
};

describe.each(Object.entries(MAKERS))('%s', (_name, make) => {
  test('lists every file once, in the order of the bytes of its path, and the same again', async () => {
    await using card = await make(FILES);
    const first = await listAll(card);
    expect(first.map(({ path }) => path.text)).toEqual(
      [
        '..mp4',
        'DCIM/100MEDIA/a.jpg',
        'DCIM/100MEDIA/b.MP4',
        'DCIM/100MEDIA/b.log',
        'DCIM/a-file',
        'GBK/录像.mp4',
        'empty.mp4',
        '执法%0A记录.mp4',
        '%E2%80%AEgpj.exe',
        '长'.repeat(85),
        '%80%FF.mp4',
      ].toSorted((a, b) => Buffer.compare(order(a), order(b))),
    );
    expect(await listAll(card)).toEqual(first);
  });

  test('keeps the exact bytes of names that text cannot say', async () => {
    await using card = await make(FILES);
    const gbk = await fileAt(card, 'GBK/录像.mp4');
    expect(gbk.path.bytes).toBe(Buffer.concat([Buffer.from('GBK/'), gbkName]).toString('base64'));
    expect((await fileAt(card, '%80%FF.mp4')).path.bytes).toBe(noText.toString('base64'));
    expect((await fileAt(card, '执法%0A记录.mp4')).path.bytes).toBe(Buffer.from('执法\n记录.mp4').toString('base64'));
    expect((await fileAt(card, '长'.repeat(85))).path.bytes).toBeUndefined();
  });

  test('reads every file by its listed entry, hostile names too, to the last byte', async () => {
    await using card = await make(FILES);
    const read = new Map<string, string>();
    for (const file of await listAll(card)) read.set(file.path.text, (await readAll(card, file)).toString('latin1'));
    expect(read.get('GBK/录像.mp4')).toBe('gbk');
    expect(read.get('%80%FF.mp4')).toBe('no text');
    expect(read.get('执法%0A记录.mp4')).toBe('newline');
    expect(read.get('..mp4')).toBe('dots');
    expect(read.get('empty.mp4')).toBe('');
    expect(read.get('DCIM/100MEDIA/b.MP4')).toHaveLength(5000);
  });

  test('tells size, time, kind and what a sidecar goes with', async () => {
    const profile = parseProfile({ name: 'p', description: 'd', sidecars: { extensions: ['.log'] } }, 'test');
    await using card = await make(FILES, { profile });
    expect(await fileAt(card, 'DCIM/100MEDIA/b.MP4')).toMatchObject({
      type: 'file',
      sizeBytes: 5000,
      modifiedAtMs: AT,
      kind: 'footage',
      keyMark: false,
      verdict: { take: true },
    });
    expect(await fileAt(card, 'DCIM/100MEDIA/b.log')).toMatchObject({
      kind: 'sidecar',
      accompanies: 'DCIM/100MEDIA/b.MP4',
    });
    expect(card.identity.profile).toBe('p');
  });

  test('gives the size and time of an open file, and 0 bytes behind its end', async () => {
    await using card = await make(FILES);
    await using source = await card.open(await fileAt(card, 'DCIM/100MEDIA/b.MP4'));
    expect(await source.stat()).toEqual({ sizeBytes: 5000, modifiedAtMs: AT });
    expect(await source.read(Buffer.alloc(10), 0, 10, 5000)).toBe(0);
    expect(await source.read(Buffer.alloc(10), 0, 10, 4995)).toBe(5);
  });

  test('says so when a limit of files is reached, and lists no more', async () => {
    await using card = await make(FILES, { limits: { ...DEFAULT_CARD_LIMITS, maxFiles: 3 } });
    const files = await listAll(card);
    expect(files.filter(({ type }) => type === 'file')).toHaveLength(3);
    expect(files.at(-1)).toMatchObject({ type: 'unreadable', verdict: { take: false, outcome: 'refused' } });
    expect(JSON.stringify(files.at(-1)?.verdict)).toContain('more than 3 files');
  });

  test('says nothing of a limit that is just kept', async () => {
    await using card = await make(FILES, { limits: { ...DEFAULT_CARD_LIMITS, maxFiles: FILES.length } });
    expect((await listAll(card)).every(({ verdict }) => verdict.take)).toBe(true);
  });

  test('refuses paths over the limit by name, shortened, and folders too deep', async () => {
    await using card = await make([{ path: `${'x'.repeat(200)}/${'y'.repeat(200)}.mp4` }, { path: 'a/b/c/d.mp4' }], {
      limits: { ...DEFAULT_CARD_LIMITS, maxPathBytes: 300, maxDepth: 2 },
    });
    const files = await listAll(card);
    expect(files.map(({ path, verdict }) => [path.text.length, verdict.take])).toEqual([
      [5, false],
      [300, false],
    ]);
    expect(JSON.stringify(files[0]?.verdict)).toContain('more than 2 folders');
    expect(JSON.stringify(files[1]?.verdict)).toContain('405 bytes');
  });

  test('fails with source-changed for a file that is no longer there, name-refused for a way through a file or out of the card', async () => {
    await using card = await make(FILES);
    await expect(card.open(listed('DCIM/none.mp4'))).rejects.toSatisfy((error) => isFailure(error, 'source-changed'));
    for (const path of ['DCIM/a-file/x', '../x', 'DCIM/../empty.mp4', 'DCIM//a-file', '/etc/passwd', 'DCIM', ''])
      await expect(card.open(listed(path))).rejects.toSatisfy((error) => isFailure(error, 'name-refused'));
    await expect(card.open({ ...listed('empty.mp4'), type: 'symlink' })).rejects.toSatisfy((error) =>
      isFailure(error, 'name-refused'),
    );
  });

  test('stops listing with cancelled when told to', async () => {
    await using card = await make(FILES);
    const stop = new AbortController();
    const seen: string[] = [];
    const list = async (): Promise<void> => {
      for await (const file of card.list(stop.signal)) {
        seen.push(file.path.text);
        stop.abort();
      }
    };
    await expect(list()).rejects.toSatisfy((error) => isFailure(error, 'cancelled'));
    expect(seen).toHaveLength(1);
  });

  test('is present while open, and may be closed twice', async () => {
    const card = await make(FILES);
    expect(await card.isPresent()).toBe(true);
    await card.close();
    await card.close();
  });
});

/** The bytes a shown name stands for, where this test shows it otherwise. */
function order(text: string): Buffer {
  if (text === '%80%FF.mp4') return noText;
  if (text.startsWith('GBK/')) return Buffer.concat([Buffer.from('GBK/'), gbkName]);
  return Buffer.from(text.replace('%0A', '\n').replace('%E2%80%AE', '\u202e'));
}
