// Credentials of an S3 vault: from a file that only its owner reads, from systemd, or from the environment; never from anywhere on a network.
// Never logged, never in a message: a message names the place, not the value.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, Failure } from '../evidence/index.ts';
import { exists, type S3VaultConfig } from '../platform/index.ts';
import type { S3Credentials } from '../vault/index.ts';

/** Name of the credential that systemd hands over (LoadCredential=docket-s3:/path). */
const SYSTEMD_NAME = 'docket-s3';
const MAX_FILE_BYTES = 65_536;

/** A function that reads the credentials anew each time it is asked. */
export function credentialsOf(
  vault: S3VaultConfig,
  environment: Readonly<Record<string, string | undefined>>,
): () => Promise<S3Credentials> {
  return async () => {
    if (vault.credentials_file !== undefined) return await readFileAt(vault.credentials_file, { secret: true });
    const handed = environment['CREDENTIALS_DIRECTORY'];
    const file = handed === undefined ? undefined : join(handed, SYSTEMD_NAME);
    if (file !== undefined && (await exists(file))) return await readFileAt(file, { secret: false }); // systemd guards that folder
    return fromEnvironment(vault, environment);
  };
}

function fromEnvironment(
  vault: S3VaultConfig,
  environment: Readonly<Record<string, string | undefined>>,
): S3Credentials {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY'];
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Failure(
      'config-invalid',
      `vault ${vault.name} has no credentials: set credentials_file in its table, LoadCredential=${SYSTEMD_NAME}:FILE in the service, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
  return { accessKeyId, secretAccessKey, sessionToken: environment['AWS_SESSION_TOKEN'] };
}

async function readFileAt(path: string, { secret }: { readonly secret: boolean }): Promise<S3Credentials> {
  const text = await readSecret(path, secret);
  const found = parseCredentials(text);
  if (found === undefined)
    throw new Failure('config-invalid', `${path} does not hold aws_access_key_id = … and aws_secret_access_key = …`);
  return found;
}

/** Reads a small file that holds a secret. Throws Failure 'config-invalid' when others can read it or it cannot be read. */
export async function readSecret(path: string, secret = true): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { mode, size } = await file.stat();
    if (secret && (mode & 0o077) !== 0)
      throw new Failure(
        'config-invalid',
        `${path} holds a secret, and others than its owner may read it: chmod 600 ${path}`,
      );
    if (size > MAX_FILE_BYTES)
      throw new Failure('config-invalid', `${path} is larger than 64 KiB, so it holds no credentials`);
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('config-invalid', `${path} cannot be read: ${errnoOf(error) ?? String(error)}`, { cause: error });
  }
}

/** The form that the tools of AWS write; of several sections the first counts. */
function parseCredentials(text: string): S3Credentials | undefined {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, value] = /^\s*(aws_[a-z_]+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !values.has(key)) values.set(key, value);
  }
  const accessKeyId = values.get('aws_access_key_id');
  const secretAccessKey = values.get('aws_secret_access_key');
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: values.get('aws_session_token') };
}
