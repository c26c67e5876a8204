// The station's configuration: docket.toml, read once, checked whole, every key known.
// Never guesses: an unknown key or a wrong value is one clear line naming file, key and what is allowed.
import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parse as parseToml, TomlError } from 'smol-toml';
import { z } from 'zod';
import {
  errnoOf,
  Failure,
  MIN_RETENTION_DAYS,
  parseKeyLine,
  parseStationName,
  retentionRuleSchema,
} from '../evidence/index.ts';
import { goesInClear } from './endpoint.ts';
import { LOG_LEVELS } from './log.ts';

const rule = retentionRuleSchema.refine((value) => typeof value === 'string' || value.days >= MIN_RETENTION_DAYS, {
  error: `at least ${MIN_RETENTION_DAYS} days (six months)`,
});

const stationName = z.string().transform((value, context) => {
  try {
    return parseStationName(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'not a station name' });
    return z.NEVER;
  }
});

const keyLine = z.string().transform((value, context) => {
  try {
    return parseKeyLine(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'not a key line' });
    return z.NEVER;
  }
});

const vaultName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, { error: 'up to 32 of a-z, 0-9 and -, since it stands in every receipt' });

const directoryVaultSchema = z.strictObject({
  kind: z.literal('directory'),
  name: vaultName.default('directory'),
  path: z.string().min(1).default('vault'),
});

const hoursOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, {
  error: 'a span of the day in local time: "22:00-06:00"',
});

/** S3 allows at most this many MiB in one request. */
const MAX_PUT_MIB = 5120;

const s3VaultSchema = z.strictObject({
  kind: z.literal('s3'),
  name: vaultName.default('s3'),
  endpoint: z
    .url({ protocol: /^https?$/, error: 'a URL like https://s3.example.org or http://10.0.0.5:7480' })
    .refine((value) => /^https?:\/\/[^/?#@]+\/?$/.test(value), {
      error: 'only scheme, host and port: https://HOST[:PORT]',
    })
    .optional(),
  region: z.string().min(1).max(64).default('us-east-1'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: 'a bucket name: 3 to 63 of a-z, 0-9, . and -' }),
  prefix: z
    .string()
    .max(200)
    .regex(/^(?:(?!\.{1,2}\/)[^/\0]+\/)*$/, { error: 'empty, or folders that end with a slash: station-7/' })
    .default(''),
  path_style: z.boolean().optional(),
  mode: z.enum(['compliance', 'governance']).default('compliance'),
  open_ended_days: z.int().min(1).max(36_500).default(3650),
  credentials_file: z.string().min(1).optional(),
  ca_file: z.string().min(1).optional(),
  encryption: z.enum(['none', 'kms', 'customer']).default('none'),
  kms_key: z.string().min(1).optional(),
  customer_key_file: z.string().min(1).optional(),
  multipart_mib: z.int().min(5).max(MAX_PUT_MIB).default(MAX_PUT_MIB),
  part_mib: z.int().min(5).max(MAX_PUT_MIB).default(64),
  bandwidth_mib: z.number().positive().optional(),
  hours: hoursOfDay.optional(),
  idle_timeout_seconds: z.number().min(1).max(3600).default(60),
});

const MAX_VAULTS = 4;

/** One vault as `[vault]`, several as `[[vault]]`; without `kind` a directory. */
const vaultsSchema = z.preprocess(
  (value) =>
    (Array.isArray(value) ? value : [value ?? {}]).map((each: unknown) =>
      typeof each === 'object' && each !== null && !('kind' in each) ? { kind: 'directory', ...each } : each,
    ),
  z
    .array(z.discriminatedUnion('kind', [directoryVaultSchema, s3VaultSchema]))
    .min(1)
    .max(MAX_VAULTS)
    .superRefine((vaults, context) => {
      const twice = vaults.find((each, at) => vaults.findIndex(({ name }) => name === each.name) < at);
      if (twice !== undefined)
        context.addIssue({
          code: 'custom',
          message: `two vaults are called ${twice.name}; give each a name of its own`,
        });
    }),
);

/** A directory vault in the configuration. */
export type DirectoryVaultConfig = z.infer<typeof directoryVaultSchema>;
/** An S3 vault in the configuration. */
export type S3VaultConfig = z.infer<typeof s3VaultSchema>;
/** A vault in the configuration. */
export type VaultConfig = DirectoryVaultConfig | S3VaultConfig;

/** Most docks that are given a name. */
const MAX_DOCKS = 256;

/** Names of docks by USB port, as sysfs names it. One socket has two ports, one on the bus of USB 2 and one on that of USB 3, so names may repeat. */
const docksSchema = z
  .record(
    z.string(),
    z
      .string({ error: 'port and name both stand in quotes: "1-2.3" = "A1"' })
      .regex(/^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,14}[\p{L}\p{N}])?$/u, {
        error: 'up to 16 letters and digits, like "A1"',
      }),
  )
  .superRefine((docks, context) => {
    const ports = Object.keys(docks);
    const odd = ports.find((port) => !/^\d+-\d+(?:\.\d+)*$/.test(port));
    if (odd !== undefined)
      context.addIssue({ code: 'custom', message: `${odd} is no USB port as docket screen shows it, like "1-2.3"` });
    if (ports.length > MAX_DOCKS) context.addIssue({ code: 'custom', message: `at most ${MAX_DOCKS} ports` });
  })
  .default({});

/** Every key of docket.toml with its default. README, "Configuration", says the same in words. */
const configSchema = z.strictObject({
  station: z.strictObject({ name: stationName, public_key: keyLine, unit: z.string().max(200).optional() }),
  paths: z
    .strictObject({ state: z.string().min(1).default('state'), key: z.string().min(1).default('station.key') })
    .prefault({}),
  vault: vaultsSchema,
  copies: z.strictObject({ required: z.int().min(1).max(MAX_VAULTS).optional() }).prefault({}),
  digest: z.strictObject({ sm3: z.boolean().default(false) }).prefault({}),
  cameras: z
    .strictObject({
      unknown: z.enum(['refuse', 'allow']).default('refuse'),
      roots: z.array(z.string().min(1)).max(32).default(['/run/docket/cameras/*', '/media/*/*']),
      plain_folders: z.boolean().default(false),
      usb: z.boolean().default(true),
      profiles: z.array(z.string().min(1)).max(32).default([]),
    })
    .prefault({}),
  docks: docksSchema,
  inbox: z
    .strictObject({ path: z.string().min(1).default('inbox'), settle_ms: z.int().min(100).max(600_000).default(3000) })
    .prefault({}),
  release: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
  retention: z
    .strictObject({
      footage: rule.default({ days: MIN_RETENTION_DAYS }),
      case: rule.default('same-as-case'),
      key_mark: rule.default('permanent'),
    })
    .prefault({}),
  media: z.strictObject({ examine: z.boolean().default(true), pictures: z.boolean().default(true) }).prefault({}),
  limits: z
    .strictObject({
      cameras_at_once: z.int().min(1).max(32).default(8),
      files_per_camera: z.int().min(1).max(1_000_000).default(100_000),
      path_bytes: z.int().min(64).max(4096).default(4096),
      folder_depth: z.int().min(1).max(256).default(32),
      file_gib: z.number().positive().max(16_384).default(256),
      acquisition_hours: z.number().positive().max(168).default(24),
      spool_gib: z.number().positive().default(1024),
      spool_reserve_mib: z.number().nonnegative().default(512),
      read_retries: z.int().min(0).max(20).default(2),
    })
    .prefault({}),
  scrub: z
    .strictObject({
      enabled: z.boolean().default(true),
      gib_per_day: z.number().positive().default(50),
      hours: hoursOfDay.optional(),
      cycle_days: z.int().min(1).max(3650).default(180),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({}),
  metrics: z
    .strictObject({
      listen: z
        .string()
        .regex(/^(?:127\.0\.0\.1|\[::1\]):[1-9]\d{0,4}$/, {
          error: 'only this machine may ask: "127.0.0.1:9464" or "[::1]:9464"',
        })
        .refine((value) => Number(value.split(':').at(-1)) <= 65_535, { error: 'a port is at most 65535' })
        .optional(),
    })
    .prefault({}),
});

/** The checked configuration, with absolute paths. */
export type Config = Omit<z.infer<typeof configSchema>, 'vault' | 'copies'> & {
  readonly file: string;
  readonly folder: string;
  /** Every vault; each gets a copy of everything. */
  readonly vaults: readonly VaultConfig[];
  /** So many vaults must hold an item before it counts as stored. */
  readonly copies: number;
};

/** Largest configuration file read, in bytes. */
const MAX_CONFIG_BYTES = 1_048_576;

/** Reads and checks a configuration; paths in it start where it really lies, also when it is read through a link. Throws Failure 'config-missing' or 'config-invalid'. */
export async function readConfig(file: string): Promise<Config> {
  const path = await realpath(file).catch(() => resolve(file)); // what cannot be found is told by reading it
  return parseConfig(await readText(path), path);
}

async function readAtMost(path: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: maxBytes - 1 })) chunks.push(chunk as Buffer); // no encoding is set
  return Buffer.concat(chunks);
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readAtMost(path, MAX_CONFIG_BYTES + 1);
    if (bytes.length > MAX_CONFIG_BYTES)
      throw new Failure('config-invalid', `${path} is larger than 1 MiB, so it is no docket.toml`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR')
      throw new Failure('config-missing', `there is no ${path}`, { cause: error });
    if (errno === 'EISDIR')
      throw new Failure('config-invalid', `${path} is a folder; name its docket.toml`, { cause: error });
    if (error instanceof TypeError) throw new Failure('config-invalid', `${path} is not UTF-8 text`, { cause: error });
    throw new Failure('config-invalid', `${path} cannot be read: ${errno ?? 'unknown error'}`, { cause: error });
  }
}

/** Checks configuration text; `path` is where it came from (relative paths in it start there). Throws Failure 'config-invalid'. */
export function parseConfig(text: string, path: string): Config {
  const folder = dirname(path);
  const result = configSchema.safeParse(parseText(text, path));
  if (!result.success) throw new Failure('config-invalid', `${path}: ${firstProblem(result.error)}`);
  const at = (each: string): string => (isAbsolute(each) ? each : resolve(folder, each));
  const { vault, copies, ...value } = result.data;
  return {
    ...value,
    vaults: vault.map((each) => vaultAt(each, at)),
    copies: copiesOf(copies.required, vault, path),
    paths: { state: at(value.paths.state), key: at(value.paths.key) },
    cameras: { ...value.cameras, roots: value.cameras.roots.map(at), profiles: value.cameras.profiles.map(at) },
    inbox: { ...value.inbox, path: at(value.inbox.path) },
    file: path,
    folder,
  };
}

function vaultAt(vault: VaultConfig, at: (path: string) => string): VaultConfig {
  if (vault.kind === 'directory') return { ...vault, path: at(vault.path) };
  const files = {
    credentials_file: vault.credentials_file,
    ca_file: vault.ca_file,
    customer_key_file: vault.customer_key_file,
  };
  return {
    ...vault,
    ...Object.fromEntries(
      Object.entries(files).flatMap(([key, file]) => (file === undefined ? [] : [[key, at(file)]])),
    ),
  };
}

function copiesOf(required: number | undefined, vaults: readonly VaultConfig[], path: string): number {
  if (required !== undefined && required > vaults.length)
    throw new Failure(
      'config-invalid',
      `${path}: copies.required is ${required}, but ${vaults.length === 1 ? 'only one vault is' : `only ${vaults.length} vaults are`} configured`,
    );
  for (const each of vaults) if (each.kind === 's3') demandKeyKept(each, path);
  return required ?? vaults.length;
}

/** A key that encrypts is sent with every request: in clear, it would be everybody's. Throws Failure 'config-invalid'. */
function demandKeyKept({ name, encryption, customer_key_file: file, endpoint }: S3VaultConfig, path: string): void {
  const refuse = (what: string): Failure => new Failure('config-invalid', `${path}: vault ${name}: ${what}`);
  if ((encryption === 'customer') !== (file !== undefined))
    throw refuse('encryption = "customer" and customer_key_file belong together');
  if (encryption === 'customer' && goesInClear(endpoint))
    throw refuse(
      `encryption = "customer" sends its key with every request: the endpoint must be https, not ${endpoint ?? ''}`,
    );
}

function parseText(text: string, path: string): unknown {
  try {
    return parseToml(text);
  } catch (cause) {
    const where = cause instanceof TomlError ? `line ${cause.line}, column ${cause.column}: ` : '';
    const what = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : '';
    throw new Failure('config-invalid', `${path}, ${where}${what.replace(/^Invalid TOML document: /, '')}`, { cause });
  }
}

function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'unknown problem';
  const where = issue.path
    .map(String)
    .join('.')
    .replace(/^vault\.0(?=\.|$)/, 'vault');
  if (issue.code === 'unrecognized_keys')
    return `unknown key ${issue.keys.map((key) => (where === '' ? key : `${where}.${key}`)).join(', ')}; known here: ${knownKeys(issue.path).join(', ')}`;
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return `${where} is missing: expected ${issue.expected}`;
  return `${where === '' ? 'the file' : where}: ${issue.message}`;
}

/** The keys that may stand at a place of the file. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path[0] === 'vault')
    return [...new Set([...Object.keys(directoryVaultSchema.shape), ...Object.keys(s3VaultSchema.shape)])];
  let at: z.core.JSONSchema._JSONSchema | undefined = z.toJSONSchema(configSchema, { io: 'input' });
  for (const key of path) at = shapeOf(at)?.[String(key)];
  return Object.keys(shapeOf(at) ?? {});
}

function shapeOf(at: z.core.JSONSchema._JSONSchema | undefined): z.core.JSONSchema.BaseSchema['properties'] {
  if (typeof at !== 'object') return undefined;
  return at.properties ?? at.anyOf?.map(shapeOf).find((each) => each !== undefined); // a rule is a table or one of two words
}

/** The vault of a new station. */
export interface NewVault {
  readonly kind: 'directory' | 's3';
  /** Keys of its table beside `kind`, in order. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Checks the table of one vault that is named on a command line, its paths absolute. Throws Failure 'invalid'. */
export function parseVault(table: Readonly<Record<string, string>>): VaultConfig {
  const result = z.strictObject({ vault: vaultsSchema }).safeParse({ vault: [table] });
  if (!result.success) throw new Failure('invalid', firstProblem(result.error));
  const [vault] = result.data.vault;
  if (vault === undefined) throw new Failure('invalid', 'no vault is named');
  return vault;
}

/** Text of a new station's docket.toml; `publicKey` is the C2SP key line of its key. */
export function formatNewConfig(station: string, publicKey: string, vault: NewVault): string {
  const vaultKeys = Object.entries(vault.keys).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `# A docket station. Every key is explained in README.md under "Configuration"; check changes with: docket config check
# Paths are relative to this file.

[station]
name = "${station}"
public_key = "${publicKey}"   # what everything of this station is verified with

[vault]
kind = "${vault.kind}"
${vaultKeys.join('\n')}

[cameras]
unknown = "refuse"          # "allow" takes cameras that are not registered
# roots = ["/run/docket/cameras/*", "/media/*/*"]

[retention]
footage = { days = ${MIN_RETENTION_DAYS} }     # footage without a case
case = "same-as-case"       # everything that belongs to a case
key_mark = "permanent"      # what the officer marked on the camera
`;
}
