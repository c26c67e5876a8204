// state/vault-check.json: when each vault last passed a full check, and as what. See FORMAT.md, "Station folder".
// Never trusted further than to save a check: a file that is missing, damaged or of another configuration means: check again.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type EpochMs, encodeCanonical, epochOf, formatInstant, parseInstant } from '../evidence/index.ts';
import { replaceFile, type S3VaultConfig } from '../platform/index.ts';
import { credentialsOf } from './credentials.ts';

/** A success is good for so long, in milliseconds: stores are upgraded, and policies changed. */
export const CHECK_LASTS_MS = 7 * 86_400_000;

const recordSchema = z.strictObject({
  type: z.literal('docket/vault-check'),
  v: z.literal(1),
  vaults: z.record(z.string(), z.strictObject({ at: z.string(), configuration: z.string() })),
});
type CheckRecord = z.infer<typeof recordSchema>;

/** Digest of everything that decides what a check would find: store, bucket, mode, encryption, and whose credentials they are. */
async function configurationOf(vault: S3VaultConfig): Promise<string> {
  const { accessKeyId } = await credentialsOf(vault, process.env)();
  const { endpoint, region, bucket, prefix, path_style, mode, encryption, kms_key } = vault;
  const decisive = { endpoint, region, bucket, prefix, path_style, mode, encryption, kms_key, accessKeyId };
  return createHash('sha256').update(encodeCanonical(decisive)).digest('hex');
}

/** True when this vault, as configured now, passed a full check not long ago. Throws Failure 'config-invalid' without credentials. */
export async function passedLately(path: string, vault: S3VaultConfig, now: EpochMs): Promise<boolean> {
  const found = (await readRecord(path)).vaults[vault.name];
  if (found === undefined || found.configuration !== (await configurationOf(vault))) return false;
  try {
    const ageMs = now - epochOf(parseInstant(found.at));
    return ageMs >= 0 && ageMs < CHECK_LASTS_MS;
  } catch {
    return false; // no instant: somebody wrote into the file
  }
}

/** Remembers that a vault passed a full check. */
export async function rememberPassed(path: string, vault: S3VaultConfig, now: EpochMs): Promise<void> {
  const record = await readRecord(path);
  const entry = { at: formatInstant(now), configuration: await configurationOf(vault) };
  const next: CheckRecord = { ...record, vaults: { ...record.vaults, [vault.name]: entry } };
  await replaceFile(path, Buffer.from(`${JSON.stringify(next, null, 2)}\n`));
}

async function readRecord(path: string): Promise<CheckRecord> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return { type: 'docket/vault-check', v: 1, vaults: {} }; // none, or none that can be read: the vault is checked again
  }
}
