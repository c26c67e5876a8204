// The station's key: one file only its owner reads, never overwritten, and nothing damaged or foreign is ever signed with.
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { formatKeyLine, parseKeyLine, parseStationName } from '../../src/evidence/index.ts';
import { createStationKey, keyNameOf, openStationKey } from '../../src/seal/index.ts';
import { run } from '../child.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';

const station = parseStationName('station-7');

describe('a station key', () => {
  it('is made once, for its owner only, and opens to the same key', async () => {
    await using folder = await makeTempFolder();
    const made = await createStationKey(folder.at('station.key'), station);
    expect((await stat(folder.at('station.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path)).toEqual(['station.key']);
    const opened = await openStationKey(folder.at('station.key'), station);
    expect(formatKeyLine(opened)).toBe(formatKeyLine(made));
    expect(made.name).toBe(keyNameOf(station));
    const bytes = Buffer.from('证据');
    expect(opened.sign(bytes).equals(made.sign(bytes))).toBe(true);
    expect(parseKeyLine(formatKeyLine(made)).verify(bytes, opened.sign(bytes))).toBe(true);
    expect(made.verify(Buffer.from('证据 '), opened.sign(bytes))).toBe(false);
    expect(made.verify(bytes, opened.sign(bytes).subarray(1))).toBe(false);
  });

  it('is never overwritten, not even a damaged one', async () => {
    await using folder = await makeTempFolder();
    await writeFile(folder.at('station.key'), 'damaged', { mode: 0o600 });
    await expect(createStationKey(folder.at('station.key'), station)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(folder.at('station.key'), 'utf8')).toBe('damaged');
  });

  it('is another for every station made', async () => {
    await using folder = await makeTempFolder();
    const keys = [await createStationKey(folder.at('a'), station), await createStationKey(folder.at('b'), station)];
    expect(new Set(keys.map(formatKeyLine)).size).toBe(2);
  });

  it('is read by openssl, should docket be gone', async () => {
    await using folder = await makeTempFolder();
    const made = await createStationKey(folder.at('station.key'), station);
    const { stdout } = await run('openssl', [
      'pkey',
      '-in',
      folder.at('station.key'),
      '-pubout',
      '-outform',
      'DER',
      '-out',
      folder.at('public.der'),
    ]);
    expect(stdout).toBe('');
    expect((await readFile(folder.at('public.der'))).subarray(-32).equals(made.publicKey)).toBe(true);
  });
});

describe('refused', () => {
  it.each(['640', '604', '620', '602', '610', '644', '777'])(
    'is a key with mode %s: somebody else may have it',
    async (mode) => {
      await using folder = await makeTempFolder();
      await createStationKey(folder.at('station.key'), station);
      await chmod(folder.at('station.key'), Number.parseInt(mode, 8));
      const failure = await expectRejection('key-exposed', openStationKey(folder.at('station.key'), station));
      expect(failure.message).toContain(folder.at('station.key'));
    },
  );

  it('is what is no key: missing, a folder, a link, empty, cut, altered, far too large', async () => {
    await using folder = await makeTempFolder();
    await createStationKey(folder.at('station.key'), station);
    const pem = await readFile(folder.at('station.key'), 'utf8');
    const bad = {
      empty: '',
      cut: pem.slice(0, 60),
      text: 'station.key\n',
      altered: pem.replace('MC4', 'MC5'),
      large: pem + '\n'.repeat(20_000),
    };
    for (const [name, text] of Object.entries(bad)) await writeFile(folder.at(name), text, { mode: 0o600 });
    await mkdir(folder.at('folder'), { mode: 0o700 });
    await symlink('station.key', folder.at('link'));
    for (const name of [...Object.keys(bad), 'none', 'folder', 'link']) {
      const failure = await expectRejection('key-missing', openStationKey(folder.at(name), station));
      expect(failure.message).toContain(folder.at(name));
      expect(failure.message).not.toContain(pem.split('\n')[1]);
    }
  });

  it('is a pipe, without waiting for somebody to write into it', async () => {
    await using folder = await makeTempFolder();
    await run('mkfifo', ['-m', '600', folder.at('pipe')]);
    await expectRejection('key-missing', openStationKey(folder.at('pipe'), station));
  });

  it('is a key of another kind, or only the public half', async () => {
    await using folder = await makeTempFolder();
    const pairs = {
      ed448: generateKeyPairSync('ed448'),
      x25519: generateKeyPairSync('x25519'),
      p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    };
    for (const [name, { privateKey }] of Object.entries(pairs))
      await writeFile(folder.at(name), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const { publicKey } = generateKeyPairSync('ed25519');
    await writeFile(folder.at('public'), publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o600 });
    for (const name of [...Object.keys(pairs), 'public'])
      await expectRejection('key-missing', openStationKey(folder.at(name), station));
  });
});
