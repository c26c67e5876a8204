// Where the credentials of an S3 vault come from, in which order, and what is said when they cannot be had: the place, never the secret.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { credentialsOf } from '../../src/daemon/credentials.ts';
import { s3OptionsOf } from '../../src/daemon/vaults.ts';
import { parseConfig, type S3VaultConfig } from '../../src/platform/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder } from '../temp-folder.ts';

const KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SECRET = 'Zm9yIHRlc3RzIG9ubHk';

function vaultOf(keys = ''): S3VaultConfig {
  const text = `[station]\nname = "station-7"\npublic_key = "${KEY}"\n[vault]\nkind = "s3"\nbucket = "evidence"\n${keys}`;
  const [vault] = parseConfig(text, '/etc/docket/docket.toml').vaults;
  if (vault?.kind !== 's3') throw new Error('not what was written');
  return vault;
}

function ini(id: string): string {
  return `[default]\naws_access_key_id = ${id}\naws_secret_access_key=${SECRET}\n[other]\naws_access_key_id = OTHER\n`;
}

describe('credentials of an S3 vault', () => {
  it('come from the file of the configuration, else from systemd, else from the environment', async () => {
    await using folder = await makeTempFolder();
    mkdirSync(folder.at('handed'));
    writeFileSync(folder.at('handed/docket-s3'), ini('FROM-SYSTEMD'), { mode: 0o440 });
    writeFileSync(folder.at('s3.credentials'), ini('FROM-FILE'), { mode: 0o600 });
    const environment = {
      AWS_ACCESS_KEY_ID: 'FROM-ENVIRONMENT',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SESSION_TOKEN: 'token',
    };
    const handed = { ...environment, CREDENTIALS_DIRECTORY: folder.at('handed') };
    const named = vaultOf(`credentials_file = "${folder.at('s3.credentials')}"`);
    const found = { secretAccessKey: SECRET, sessionToken: undefined };
    expect(await credentialsOf(named, handed)()).toEqual({ ...found, accessKeyId: 'FROM-FILE' });
    expect(await credentialsOf(vaultOf(), handed)()).toEqual({ ...found, accessKeyId: 'FROM-SYSTEMD' });
    expect(await credentialsOf(vaultOf(), environment)()).toEqual({
      accessKeyId: 'FROM-ENVIRONMENT',
      secretAccessKey: SECRET,
      sessionToken: 'token',
    });
  });

  it('are read anew each time, so that a replaced file is taken up', async () => {
    await using folder = await makeTempFolder();
    const file = folder.at('s3.credentials');
    const ask = credentialsOf(vaultOf(`credentials_file = "${file}"`), {});
    for (const id of ['FIRST', 'SECOND']) {
      writeFileSync(file, ini(id), { mode: 0o600 });
      expect((await ask()).accessKeyId).toBe(id);
    }
  });

  it.each([
    ['a file others may read', (file: string) => chmodSync(file, 0o644), /chmod 600/],
    ['a file without a secret', (file: string) => writeFileSync(file, 'aws_access_key_id = X\n'), /does not hold/],
    ['a file without end', (file: string) => writeFileSync(file, 'x'.repeat(70_000)), /larger than 64 KiB/],
  ])('from %s are refused in one line that names the place and not the secret', async (_, spoil, says) => {
    await using folder = await makeTempFolder();
    const file = folder.at('s3.credentials');
    writeFileSync(file, ini('ID'), { mode: 0o600 });
    spoil(file);
    const failure = await expectRejection(
      'config-invalid',
      credentialsOf(vaultOf(`credentials_file = "${file}"`), {})(),
    );
    expect(failure.message).toMatch(says);
    expect(failure.message).toContain(file);
    expect(failure.message).not.toContain(SECRET);
    expect(failure.message).not.toContain('\n');
  });

  it('that are nowhere are missed in one line that says the three places', async () => {
    const failure = await expectRejection('config-invalid', credentialsOf(vaultOf(), {})());
    expect(failure.message).toMatch(/credentials_file.*LoadCredential=docket-s3.*AWS_ACCESS_KEY_ID/);
    const gone = vaultOf('credentials_file = "/nowhere/s3.credentials"');
    expect((await expectRejection('config-invalid', credentialsOf(gone, {})())).message).toMatch(/ENOENT/);
  });

  it('include the key that encrypts: 32 bytes, or the vault is not opened', async () => {
    await using folder = await makeTempFolder();
    const file = folder.at('customer.key');
    const vault = vaultOf(`encryption = "customer"\ncustomer_key_file = "${file}"`);
    writeFileSync(file, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
    expect((await s3OptionsOf(vault)).encryption).toEqual({ kind: 'customer', key: Buffer.alloc(32, 7) });
    writeFileSync(file, Buffer.alloc(31, 7).toString('base64'));
    await expectRejection('config-invalid', s3OptionsOf(vault));
  });
});

describe('an S3 vault in the configuration', () => {
  it.each([
    ['endpoint = "s3.example.org"', /vault\.endpoint: a URL like/],
    ['endpoint = "https://s3.example.org/bucket"', /vault\.endpoint: only scheme, host and port/],
    ['bucket = "Evidence"', /vault\.bucket: a bucket name/],
    ['prefix = "/a"', /vault\.prefix: empty, or folders/],
    ['prefix = "a"', /vault\.prefix: empty, or folders/],
    ['prefix = "../"', /vault\.prefix: empty, or folders/],
    ['mode = "none"', /vault\.mode/],
    ['hours = "24:00-06:00"', /vault\.hours: a span of the day/],
    ['encryption = "customer"', /encryption = "customer" and customer_key_file belong together/],
    [
      'encryption = "customer"\ncustomer_key_file = "k"\nendpoint = "http://s3.example.org"',
      /sends its key with every request: the endpoint must be https, not http:\/\/s3\.example\.org/,
    ],
    ['secret = "x"', /unknown key vault\.secret; known here: .*bucket/],
    ['name = "A B"', /vault\.name/],
    ['multipart_mib = 6000', /vault\.multipart_mib/],
  ])('with %s is refused in one line that names the key', (keys, says) => {
    const base = keys.startsWith('bucket') ? '' : 'bucket = "evidence"\n';
    const text = `[station]\nname = "station-7"\npublic_key = "${KEY}"\n[vault]\nkind = "s3"\n${base}${keys}\n`;
    expect(() => parseConfig(text, '/etc/docket/docket.toml')).toThrow(says);
  });

  it('may stand beside a directory: a copy in each, unless fewer are enough', () => {
    const station = `[station]\nname = "station-7"\npublic_key = "${KEY}"\n`;
    const two = `${station}[[vault]]\npath = "vault"\n[[vault]]\nkind = "s3"\nbucket = "evidence"\n`;
    expect(parseConfig(two, '/d/docket.toml')).toMatchObject({
      copies: 2,
      vaults: [
        { kind: 'directory', path: '/d/vault' },
        { kind: 's3', name: 's3', mode: 'compliance' },
      ],
    });
    expect(parseConfig(`${two}[copies]\nrequired = 1\n`, '/d/docket.toml').copies).toBe(1);
    expect(() => parseConfig(`${two}[copies]\nrequired = 3\n`, '/d/docket.toml')).toThrow(
      /only 2 vaults are configured/,
    );
    expect(() => parseConfig(`${station}[[vault]]\n[[vault]]\n`, '/d/docket.toml')).toThrow(
      /two vaults are called directory/,
    );
  });
});
