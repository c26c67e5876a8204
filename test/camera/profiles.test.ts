// Profiles: what the shipped ones say of real layouts, what a wrong one is told, and that a hostile name or pattern costs bounded work.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, matchName, parseGlob } from '../../src/camera/glob.ts';
import {
  type Card,
  chooseProfile,
  loadProfiles,
  openSimulatedCard,
  type Profile,
  TAKE_EVERYTHING,
} from '../../src/camera/index.ts';
import { localOf, readerOfZone } from '../../src/camera/local-time.ts';
import { compileNamePattern } from '../../src/camera/name-pattern.ts';
import { parseProfile, parseProfileText } from '../../src/camera/profile.ts';
import { type CameraIdentity, isFailure } from '../../src/evidence/index.ts';
import { fileAt, listAll, temporaryPlace } from './places.ts';

const SHIPPED = join(import.meta.dirname, '../../config/cameras');
const UNKNOWN: CameraIdentity = { way: 'usb', serial: '000000' };

async function shipped(name: string): Promise<Profile> {
  const found = (await loadProfiles([SHIPPED])).find((profile) => profile.name === name);
  if (found === undefined) throw new Error(`no profile ${name}`);
  return found;
}

async function choose(paths: readonly string[], identity: CameraIdentity = UNKNOWN): Promise<string> {
  return chooseProfile(
    await loadProfiles([SHIPPED]),
    identity,
    paths.map((text) => ({ path: { text } })),
  ).profile.name;
}

async function cardOf(name: string, paths: readonly string[]): Promise<Card> {
  return openSimulatedCard({ files: paths.map((path) => ({ path })), profile: await shipped(name) });
}

describe('the shipped profiles', () => {
  test('are chosen by what lies on the card', async () => {
    expect(await choose(['VIDEO/DSJ_A100_012345_20260131_080000.mp4'])).toBe('prefix-camera-officer');
    expect(await choose(['files/data/DSJ_A100_012345_20260131_080000_IMP.MP4'])).toBe('prefix-camera-officer');
    expect(await choose(['DCIM/100GOPRO/GX010123.MP4'])).toBe('gopro');
    expect(await choose(['DCIM/100MEDIA/MOVI0001.AVI'])).toBe('generic-dcim');
    expect(await choose(['somewhere/else.bin'])).toBe('take-everything');
    expect(await choose([])).toBe('take-everything');
  });

  test('give way to the profile a camera is registered with, and to everything when that one does not exist', async () => {
    const gopro = ['DCIM/100GOPRO/GX010123.MP4'];
    expect(await choose(gopro, { ...UNKNOWN, profile: 'generic-dcim' })).toBe('generic-dcim');
    expect(await choose(gopro, { ...UNKNOWN, profile: 'gone' })).toBe('gopro');
    expect(chooseProfile([], UNKNOWN, [])).toMatchObject({ profile: TAKE_EVERYTHING });
    expect(chooseProfile([], { ...UNKNOWN, profile: 'gone' }, []).why).toContain('gone');
  });

  test('read camera, officer, local time and mark from a body camera name, in Shanghai time', async () => {
    await using card = await cardOf('prefix-camera-officer', [
      'DCIM/100MEDIA/DSJ_A100_012345_20260131_080000_IMP.mp4',
      'VIDEO/DSJ_A100_012345_20260131_081000.mp4',
      'VIDEO/DSJ_A100_012345_20260131_081000.gps',
    ]);
    expect(await fileAt(card, 'DCIM/100MEDIA/DSJ_A100_012345_20260131_080000_IMP.mp4')).toMatchObject({
      kind: 'footage',
      keyMark: true,
      named: {
        camera: 'A100',
        officer: '012345',
        local: '2026-01-31T08:00:00',
        zone: 'Asia/Shanghai',
        startedAtMs: Date.UTC(2026, 0, 31, 0, 0, 0),
      },
    });
    expect(await fileAt(card, 'VIDEO/DSJ_A100_012345_20260131_081000.mp4')).toMatchObject({ keyMark: false });
    expect(await fileAt(card, 'VIDEO/DSJ_A100_012345_20260131_081000.gps')).toMatchObject({
      kind: 'sidecar',
      accompanies: 'VIDEO/DSJ_A100_012345_20260131_081000.mp4',
    });
  });

  test('report what is still being written, and skip what a desktop left, each with its reason', async () => {
    await using card = await cardOf('prefix-camera-officer', [
      'Temp/DSJ_A_1_20260131_080000.mp4',
      'System Volume Information/x.mp4',
      'VIDEO/thumbs.db',
      'VIDEO/a.mp4',
      'firmware.bin',
      'odd place/b.MP4',
    ]);
    const verdicts = Object.fromEntries(
      (await listAll(card)).map(({ path, verdict }) => [path.text, verdict.take ? 'take' : verdict.outcome]),
    );
    expect(verdicts).toEqual({
      'Temp/DSJ_A_1_20260131_080000.mp4': 'in-progress',
      'System Volume Information/x.mp4': 'skipped',
      'VIDEO/thumbs.db': 'skipped',
      'VIDEO/a.mp4': 'take',
      'firmware.bin': 'take', // what nobody knows may be evidence
      'odd place/b.MP4': 'take',
    });
  });

  test('may name the folders of evidence: outside them only recordings are taken, the rest is skipped with a reason', async () => {
    const profile = { ...TAKE_EVERYTHING, roots: ['VIDEO'] };
    await using card = openSimulatedCard({
      files: ['VIDEO/notes.bin', 'firmware.bin', 'odd place/b.MP4'].map((path) => ({ path })),
      profile,
    });
    const verdicts = Object.fromEntries(
      (await listAll(card)).map(({ path, verdict }) => [path.text, verdict.take ? 'take' : verdict.outcome]),
    );
    expect(verdicts).toEqual({ 'VIDEO/notes.bin': 'take', 'firmware.bin': 'skipped', 'odd place/b.MP4': 'take' });
  });

  test('put previews of a GoPro with their chapter, and read chapter and recording from the name', async () => {
    await using card = await cardOf('gopro', [
      'DCIM/100GOPRO/GX020123.MP4',
      'DCIM/100GOPRO/GL020123.LRV',
      'DCIM/100GOPRO/GX020123.THM',
    ]);
    expect(await fileAt(card, 'DCIM/100GOPRO/GX020123.MP4')).toMatchObject({
      kind: 'footage',
      named: { series: '0123', counter: 2 },
    });
    for (const name of ['GL020123.LRV', 'GX020123.THM'])
      expect(await fileAt(card, `DCIM/100GOPRO/${name}`)).toMatchObject({
        kind: 'sidecar',
        accompanies: 'DCIM/100GOPRO/GX020123.MP4',
      });
  });

  test('take everything but what a desktop left when the layout is unknown', async () => {
    await using card = await cardOf('take-everything', ['a', 'b/c.xyz', 'Temp/d.mp4', '执法/e.DAV', '.DS_Store']);
    expect((await listAll(card)).map(({ path, verdict }) => [path.text, verdict.take])).toEqual([
      ['.DS_Store', false],
      ['Temp/d.mp4', true],
      ['a', true],
      ['b/c.xyz', true],
      ['执法/e.DAV', true],
    ]);
  });
});

describe('a profile that is wrong', () => {
  const GOOD = 'name = "x"\ndescription = "d"\n';
  test.each([
    ['an unknown key', `${GOOD}rots = ["DCIM"]`, 'rots'],
    ['an unknown key inside', `${GOOD}[match]\nlabel = ["A"]`, 'match.label'],
    ['a wrong id', `${GOOD}[match]\ndevices = [{ vendorId = "0x12" }]`, 'match.devices.0.vendorId'],
    ['no such zone', `${GOOD}timeZone = "Asia/Peking"`, 'timeZone'],
    ['no regular expression', `${GOOD}namePattern = '(?<camera>'`, 'namePattern'],
    ['an unknown group', `${GOOD}namePattern = '(?<wheel>a)'`, 'wheel'],
    ['a skip without a reason', `${GOOD}[[skip]]\nglob = "x"`, 'skip.0.reason'],
    ['an unknown kind', `${GOOD}[kinds]\n".x" = "film"`, 'kinds'],
    ['no TOML', `${GOOD}roots = [`, 'line'],
    ['no name', 'description = "d"', 'name'],
  ])('is refused for %s, with file and key', (_what, text, key) => {
    expect(() => parseProfileText(text, '/etc/docket/cameras/x.toml')).toThrow(
      expect.toSatisfy(
        (error: Error) =>
          isFailure(error, 'config-invalid') && error.message.includes('x.toml') && error.message.includes(key),
      ),
    );
  });

  test('is refused when two of one folder have one name; a later folder replaces an earlier', async () => {
    const [twice, own] = [temporaryPlace(), temporaryPlace()];
    cpSync(join(SHIPPED, 'gopro.toml'), join(twice, 'a.toml'));
    cpSync(join(SHIPPED, 'gopro.toml'), join(twice, 'b.toml'));
    await expect(loadProfiles([twice])).rejects.toSatisfy(
      (error) => isFailure(error, 'config-invalid') && error.message.includes('b.toml'),
    );
    writeFileSync(
      join(own, 'gopro.toml'),
      readFileSync(join(SHIPPED, 'gopro.toml'), 'utf8').replace('priority = 50', 'priority = 51'),
    );
    expect((await loadProfiles([SHIPPED, own])).filter(({ name }) => name === 'gopro')).toMatchObject([
      { priority: 51 },
    ]);
    await expect(loadProfiles([join(own, 'none')])).rejects.toSatisfy((error) => isFailure(error, 'config-invalid'));
  });
});

describe('name patterns', () => {
  test.each([
    '(a+)+',
    '(a*)*b',
    '(?:a|a)*b',
    '(?:a|aa)+',
    '.*.*.*x',
    '(\\w+\\s?)*',
    '(?=a)a',
    '(?<!a)b',
    '(a)\\1',
    '(?<camera>a)\\k<camera>',
    '(?:[a-z]{1,30}){1,30}',
    'a{1,255}a{1,255}a{1,255}a{1,255}',
  ])('refuses %s, which a hostile name could make run for ever', (pattern) => {
    expect(() => compileNamePattern(pattern)).toThrow(expect.toSatisfy((error) => isFailure(error, 'config-invalid')));
  });

  test.each([
    '[^_]+_(?<camera>[^_]+)\\.mp4',
    '\\d{8}_\\d{6}(?:_(?<mark>IMP|重点))?\\.[a-z0-9]{2,4}',
    '[\\]\\-a]{1,3}(?:x|y|z)?',
    '\\u{6267}法\\p{L}{1,8}',
  ])('lets %s in', (pattern) => {
    expect(compileNamePattern(pattern)).toBeInstanceOf(RegExp);
  });

  test('fit the whole name or nothing, and no name of more than 255 characters', async () => {
    const profile = parseProfile({ name: 'x', description: 'd', namePattern: '(?<camera>A+)\\.mp4' }, 'x');
    await using card = openSimulatedCard({
      files: ['AA.mp4', 'AA.mp4.bak', 'xAA.mp4'].map((path) => ({ path })),
      profile,
    });
    expect((await listAll(card)).map(({ named }) => named?.camera)).toEqual(['AA', undefined, undefined]);
  });
});

test('the example in FORMAT.md, in its own words, is a profile', () => {
  const namePattern =
    'HP_(?<camera>[^_]{1,16})_(?<officer>\\d{6})_(?<date>\\d{8})_(?<time>\\d{6})(?:_(?<mark>IMP))?\\.(?:mp4|jpg|gps)';
  expect(compileNamePattern(namePattern).exec('HP_7_012345_20260131_080000_IMP.mp4')?.groups).toMatchObject({
    camera: '7',
    officer: '012345',
    mark: 'IMP',
  });
});

describe('globs', () => {
  test('match names anywhere, paths from the root, and all that lies in a folder', () => {
    const hit = (glob: string, path: string): boolean => covers(parseGlob(glob), path.toLowerCase().split('/'));
    expect(hit('Thumbs.db', 'a/b/THUMBS.DB')).toBe(true);
    expect(hit('Temp', 'a/temp/b.mp4')).toBe(true);
    expect(hit('DCIM/Temp', 'a/DCIM/Temp/b')).toBe(false);
    expect(hit('DCIM/*/EVENT', 'DCIM/100/EVENT/a.mp4')).toBe(true);
    expect(hit('DCIM/**/x', 'DCIM/x')).toBe(true);
    expect(hit('DCIM/**/x', 'DCIM/1/2/x')).toBe(true);
    expect(hit('DCIM/*', 'DCIM')).toBe(false);
    expect(hit('a?c', 'a/c')).toBe(false);
  });

  test('never take long, whatever pattern meets whatever name', () => {
    expect(matchName('*a'.repeat(120) + 'b', 'a'.repeat(255))).toBe(false); // with backtracking this does not end
    expect(covers(parseGlob('**/a/'.repeat(40)), [...Array<string>(60).fill('a'), 'b'])).toBe(true);
  });

  test('agree with a regular expression on short names', () => {
    const letters = string({ unit: constantFrom('a', 'b', '.'), maxLength: 8 });
    const patterns = string({ unit: constantFrom('a', 'b', '.', '*', '?'), maxLength: 6 });
    assert(
      property(patterns, letters, (pattern, name) => {
        const regexp = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchName(pattern, name)).toBe(regexp.test(name));
      }),
    );
  });
});

describe('local times in names', () => {
  test('follow daylight saving, the earlier of two, and just after where there is none', () => {
    const berlin = readerOfZone('Europe/Berlin');
    expect(berlin('2026-01-31T08:00:00')).toBe(Date.UTC(2026, 0, 31, 7));
    expect(berlin('2026-07-31T08:00:00')).toBe(Date.UTC(2026, 6, 31, 6));
    expect(berlin('2026-03-29T01:59:59')).toBe(Date.UTC(2026, 2, 29, 0, 59, 59));
    expect(berlin('2026-03-29T02:30:00')).toBe(Date.UTC(2026, 2, 29, 1, 30)); // never happened: 03:30 summer time
    expect(berlin('2026-03-29T03:00:00')).toBe(Date.UTC(2026, 2, 29, 1));
    expect(berlin('2026-10-25T02:30:00')).toBe(Date.UTC(2026, 9, 25, 0, 30)); // happens twice
    expect(berlin('2026-10-25T03:00:00')).toBe(Date.UTC(2026, 9, 25, 2));
    expect(readerOfZone('Asia/Shanghai')('1990-07-01T12:00:00')).toBe(Date.UTC(1990, 6, 1, 3)); // Shanghai had summer time then
  });

  test('are left out when no such day or time exists', () => {
    expect(localOf('20260229', '080000')).toBeUndefined();
    expect(localOf('20261301', '080000')).toBeUndefined();
    expect(localOf('20260131', '240000')).toBeUndefined();
    expect(localOf('20260131', '0800')).toBe('2026-01-31T08:00:00');
    expect(localOf('260131', '080059')).toBe('2026-01-31T08:00:59');
    expect(localOf('2026', '080000')).toBeUndefined();
  });
});
