// A sealed item is checked without docket too: openssl accepts the signature over the manifest as it stands in the file.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import {
  formatPublicPem,
  keyLabel,
  manifestBytes,
  openSealed,
  parseStationName,
  type Verifier,
} from '../../src/evidence/index.ts';
import { createStationKey, sealItem } from '../../src/seal/index.ts';
import { run } from '../child.ts';
import { manifestWith, SIGNER } from '../evidence/samples.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

async function opensslAccepts(
  folder: TempFolder,
  verifier: Verifier,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  await writeFile(folder.at('key.pem'), formatPublicPem(verifier));
  await writeFile(folder.at('message'), message);
  await writeFile(folder.at('signature'), signature);
  const args = [
    '-verify',
    '-rawin',
    '-pubin',
    '-inkey',
    folder.at('key.pem'),
    '-in',
    folder.at('message'),
    '-sigfile',
    folder.at('signature'),
  ];
  return (await run('openssl', ['pkeyutl', ...args])).stdout.includes('Signature Verified Successfully');
}

it('says what was sealed, by whom, and the digest of the file as it will be stored', () => {
  const manifest = manifestWith();
  const item = sealItem(manifest, '/spool/000001.bytes', SIGNER);
  expect(item).toMatchObject({ stage: 'sealed', item: manifest.item, manifest, spoolPath: '/spool/000001.bytes' });
  expect(item.sealedSha256).toBe(createHash('sha256').update(item.sealed).digest('hex'));
  expect(openSealed(item.sealed, SIGNER, 'it')).toEqual(manifest);
  expect(sealItem(manifest, '/elsewhere', SIGNER).sealed.equals(item.sealed)).toBe(true);
});

it('is accepted by openssl with the published key, over the bytes that stand in the file', async () => {
  await using folder = await makeTempFolder();
  const signer = await createStationKey(folder.at('station.key'), parseStationName('station-7'));
  const { sealed } = sealItem(manifestWith(), '/spool/000001.bytes', signer);
  // As VERIFY.md would tell a stranger: the manifest is what stands between these two.
  const text = sealed.toString();
  const message = Buffer.from(text.slice('{"manifest":'.length, text.indexOf(',"signatures":')));
  expect(message.equals(manifestBytes(manifestWith()))).toBe(true);
  const { signatures } = JSON.parse(text) as { signatures: readonly { key: string; value: string }[] };
  expect(signatures.map(({ key }) => key)).toEqual([keyLabel(signer)]);
  const signature = Buffer.from(signatures[0]?.value ?? '', 'base64');
  expect(await opensslAccepts(folder, signer, message, signature)).toBe(true);
  expect(await opensslAccepts(folder, signer, Buffer.concat([message, Buffer.from(' ')]), signature)).toBe(false);
  expect(await opensslAccepts(folder, SIGNER, message, signature)).toBe(false);
});
