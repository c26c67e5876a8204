// The road to the store is encrypted, and only with a store whose certificate is of an authority we were told of.
// A real store with a certificate of a private authority, made here with openssl.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3Vault, type S3VaultOptions, type Vault } from '../../src/vault/index.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { makeBucket, vaultOptions } from './buckets.ts';
import { type OwnServer, startServer } from './server.ts';
import { hurried, MIB, randomFile } from './sources.ts';

const run = promisify(execFile);
const KEY = 'payload/x';
const LOCKED = { locked: true, retainUntil: 'permanent' } as const;

/** An authority, and a certificate of it for 127.0.0.1 alone: key and certificate in one file. */
async function makeAuthority(folder: TempFolder, name: string): Promise<{ ca: string; server: string }> {
  const [caKey, ca, key, request, certificate, extension] = [
    `${name}-ca.key`,
    `${name}-ca.pem`,
    `${name}.key`,
    `${name}.csr`,
    `${name}.pem`,
    `${name}.ext`,
  ].map((each) => folder.at(each)) as [string, string, string, string, string, string]; // as many as were named
  const openssl = (...args: readonly string[]): Promise<unknown> => run('openssl', args);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-subj', `/CN=${name} CA`, '-days', '2');
  await openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=store');
  await writeFile(extension, 'subjectAltName=IP:127.0.0.1\n');
  const sign = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-extfile', extension, '-days', '2'];
  await openssl('x509', '-req', '-in', request, ...sign, '-out', certificate);
  const server = folder.at(`${name}-server.pem`);
  await writeFile(server, (await readFile(key, 'utf8')) + (await readFile(certificate, 'utf8')));
  return { ca: await readFile(ca, 'utf8'), server };
}

describe('a store with a certificate of a private authority', () => {
  let folder: TempFolder;
  let server: OwnServer;
  let ca: string;
  let bucket: string;

  beforeAll(async () => {
    folder = await makeTempFolder();
    const authority = await makeAuthority(folder, 'private');
    ca = authority.ca;
    server = await startServer({ tlsCertificate: authority.server });
    bucket = await makeBucket(server, { ca });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const open = (over: Partial<S3VaultOptions> = {}): Promise<Vault> => openS3Vault(vaultOptions(bucket, over, server));

  it('is used when we were told of the authority, at once and in parts', async () => {
    await using vault = await open({ ca });
    for (const size of [100_000, 13 * MIB]) {
      const source = await randomFile(folder, size);
      await vault.putOnce(`payload/${size}`, source, LOCKED);
      expect((await vault.digest(`payload/${size}`))?.sha256).toBe(source.sha256);
    }
  });

  it('is refused when we were not, or of another, in a line that says what to do', async () => {
    const source = await randomFile(folder, 1000);
    const other = await makeAuthority(folder, 'other');
    for (const wrong of [undefined, other.ca]) {
      await using vault = await open({ ca: wrong });
      for (const work of [() => vault.putOnce(KEY, source, LOCKED), () => vault.stat(KEY), () => vault.digest(KEY)])
        expect((await expectRejection('vault-refused', work())).message).toMatch(
          /authority that this machine does not know: name it as ca_file/,
        );
    }
    await using vault = await open({ ca });
    expect(await vault.stat(KEY)).toBeUndefined();
  });

  it('is refused under a name that its certificate is not for', async () => {
    await using vault = await open({ ca, endpoint: server.endpoint.replace('127.0.0.1', 'localhost') });
    expect((await expectRejection('vault-refused', vault.stat(KEY))).message).toMatch(/for another host name/);
  });

  it('cannot be reached in the clear', async () => {
    await using vault = await open({ ca, clock: hurried, endpoint: server.endpoint.replace('https:', 'http:') });
    expect((await expectRejection('vault-unreachable', vault.stat(KEY))).message).toMatch(/the connection was cut/);
  });
});
