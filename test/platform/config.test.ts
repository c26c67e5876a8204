// A wrong configuration is one line that names the file, the key and what is allowed; a right one is taken whole, nothing guessed.
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { formatNewConfig, parseConfig, readConfig } from '../../src/platform/index.ts';
import { expectFailure, expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';

const KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const FILE = '/etc/docket/docket.toml';
const STATION = `[station]\nname = "station-7"\npublic_key = "${KEY}"\n`;

describe('a configuration', () => {
  it('made by docket init is read back, with the defaults that protect evidence', () => {
    const config = parseConfig(formatNewConfig('station-7', KEY, { kind: 'directory', keys: { path: 'vault' } }), FILE);
    expect(config.station).toMatchObject({ name: 'station-7', public_key: { name: 'PeterNeumann' } });
    expect(config.retention).toEqual({ footage: { days: 183 }, case: 'same-as-case', key_mark: 'permanent' });
    expect(config.release.enabled).toBe(false);
    expect(config.cameras.unknown).toBe('refuse');
  });

  it('has paths from its own folder, unless they are absolute', () => {
    const config = parseConfig(`${STATION}[vault]\npath = "/mnt/vault"\n[paths]\nstate = "../state"\n`, FILE);
    expect(config.vaults).toEqual([{ kind: 'directory', name: 'directory', path: '/mnt/vault' }]);
    expect(config.paths).toEqual({ state: '/etc/state', key: '/etc/docket/station.key' });
    expect(config.inbox.path).toBe('/etc/docket/inbox');
    expect([config.file, config.folder]).toEqual([FILE, '/etc/docket']);
  });

  it('gives docks names by their USB ports, both ports of one socket the same', () => {
    const config = parseConfig(`${STATION}[docks]\n"1-2.3" = "A1"\n"2-2.3" = "A1"\n"1-4" = "二号"\n`, FILE);
    expect(config.docks).toEqual({ '1-2.3': 'A1', '2-2.3': 'A1', '1-4': '二号' });
    expect(parseConfig(STATION, FILE).docks).toEqual({});
  });

  it('may be in Chinese, with a byte order mark as Windows editors write it', async () => {
    await using folder = await makeTempFolder();
    await writeFile(folder.at('docket.toml'), `\ufeff${STATION}unit = "浦东第三大队" # 单位\r\n`);
    expect((await readConfig(folder.at('docket.toml'))).station.unit).toBe('浦东第三大队');
  });
});

describe('what is wrong is said in one line with file, key and what is allowed', () => {
  it.each([
    ['an unknown section', '[vaults]\npath = "x"', ['unknown key vaults', 'retention', 'vault']],
    ['an unknown key', '[release]\nenable = true', ['unknown key release.enable', 'enabled']],
    [
      'an unknown key of a rule',
      '[retention]\nfootage = { days = 200, weeks = 1 }',
      ['retention.footage.weeks', 'days'],
    ],
    ['a key in the wrong place', 'usb = true', ['unknown key station.usb', 'public_key']],
    ['a text for a switch', '[release]\nenabled = "yes"', ['release.enabled', 'boolean']],
    ['a number for a text', '[vault]\npath = 7', ['vault.path', 'string']],
    ['a date for a switch', '[media]\nexamine = 2026-01-01', ['media.examine', 'boolean']],
    ['a word that is none of the list', '[cameras]\nunknown = "ask"', ['cameras.unknown', '"refuse"', '"allow"']],
    ['a level nobody knows', '[log]\nlevel = "loud"', ['log.level', '"warn"']],
    ['a number out of range', '[limits]\ncameras_at_once = 99', ['limits.cameras_at_once', '32']],
    ['a dock without quotes', '[docks]\n1-2.3 = "A1"', ['docks.1-2', '"1-2.3" = "A1"']],
    ['a dock that is no port', '[docks]\nusb1 = "A1"', ['docks', 'usb1', '"1-2.3"']],
    ['a name of a dock that would break the screen', '[docks]\n"1-2" = "A\\u001b[2J"', ['docks.1-2', '16 letters']],
    ['a fraction', '[limits]\nread_retries = 1.5', ['limits.read_retries', 'int']],
    ['parts of no whole number', '[vault]\nkind = "s3"\nbucket = "bucket"\npart_mib = 64.3', ['vault.part_mib', 'int']],
    [
      'a part of a MiB',
      '[vault]\nkind = "s3"\nbucket = "bucket"\nmultipart_mib = 64.3',
      ['vault.multipart_mib', 'int'],
    ],
    ['a limit without end', '[limits]\nspool_gib = inf', ['limits.spool_gib', 'number']],
    ['one wrong of many', '[cameras]\nroots = ["/a", 7]', ['cameras.roots.1', 'string']],
    ['a retention below six months', '[retention]\nfootage = { days = 182 }', ['retention.footage', '183']],
    ['a retention of no days', '[retention]\nkey_mark = { days = 0 }', ['retention.key_mark', '>=1']],
    [
      'a retention that is only a number',
      '[retention]\ncase = 365',
      ['retention.case', '{ days = 365 }', '"same-as-case"', '"permanent"'],
    ],
    ['a retention in words', '[retention]\ncase = "forever"', ['retention.case', '"permanent"']],
  ])('%s', (_, text, wanted) => {
    const { message } = expectFailure('config-invalid', () => parseConfig(`${STATION}${text}\n`, FILE));
    for (const each of [FILE, ...wanted]) expect(message).toContain(each);
  });

  it.each([
    ['no station', '', 'station is missing'],
    ['no name', `[station]\npublic_key = "${KEY}"`, 'station.name is missing'],
    ['a name that is no station', `[station]\nname = "站"\npublic_key = "${KEY}"`, 'a-z 0-9'],
    [
      'a key that is damaged',
      `[station]\nname = "a"\npublic_key = "${KEY.replace('Peter', 'Petra')}"`,
      'station.public_key',
    ],
  ])('%s', (_, text, wanted) => {
    expect(expectFailure('config-invalid', () => parseConfig(text, FILE)).message).toContain(wanted);
  });

  it.each([
    ['a broken line', `${STATION}\n[vault\n`, 'line 5, column 7'],
    ['two equal signs', 'a = = 1', 'line 1, column 5'],
    ['a key given twice', `${STATION}name = "b"\n`, 'line 4, column 1'],
    ['a text without end', '[station]\n\nname = "abc\n', 'line 3, column 12'],
  ])('broken TOML: %s, with line and column', (_, text, wanted) => {
    const { message } = expectFailure('config-invalid', () => parseConfig(text, FILE));
    expect(message).toContain(`${FILE}, ${wanted}`);
  });
});

describe('a file that is no configuration', () => {
  it('is told apart: missing, a folder, not text, far too large', async () => {
    await using folder = await makeTempFolder();
    await mkdir(folder.at('folder'));
    await writeFile(folder.at('gbk.toml'), Buffer.from([0xd6, 0xd0, 0xff, 0x0a]));
    await writeFile(folder.at('large.toml'), '#'.repeat(2 * 1_048_576));
    const missing = await expectRejection('config-missing', readConfig(folder.at('none.toml')));
    expect(missing.message).toContain(folder.at('none.toml'));
    await expectRejection('config-missing', readConfig(folder.at('gbk.toml', 'docket.toml')));
    for (const [name, said] of [
      ['folder', 'is a folder'],
      ['gbk.toml', 'not UTF-8'],
      ['large.toml', '1 MiB'],
    ] as const) {
      const { message } = await expectRejection('config-invalid', readConfig(folder.at(name)));
      expect(message).toContain(said);
      expect(message).toContain(folder.at(name));
    }
  });

  it('without end is not read to its end', async () => {
    const { message } = await expectRejection('config-invalid', readConfig('/dev/zero'));
    expect(message).toContain('1 MiB');
  });
});
