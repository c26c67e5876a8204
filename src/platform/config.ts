// The station's configuration: docket.toml, read once, checked whole, every key known.
// Never guesses: an unknown key or a wrong value is one clear line naming file, key and what is allowed.
import { createReadStream } from 'node:fs';
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

/** Every key of docket.toml with its default. README, "Configuration", says the same in words. */
const configSchema = z.strictObject({
  station: z.strictObject({ name: stationName, public_key: keyLine, unit: z.string().max(200).optional() }),
  paths: z
    .strictObject({ state: z.string().min(1).default('state'), key: z.string().min(1).default('station.key') })
    .prefault({}),
  vault: z
    .strictObject({ kind: z.literal('directory').default('directory'), path: z.string().min(1).default('vault') })
    .prefault({}),
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
  log: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
});

/** The checked configuration, with absolute paths. */
export type Config = z.infer<typeof configSchema> & { readonly file: string; readonly folder: string };

/** Largest configuration file read, in bytes. */
const MAX_CONFIG_BYTES = 1_048_576;

/** Reads and checks a configuration. Throws Failure 'config-missing' or 'config-invalid'. */
export async function readConfig(file: string): Promise<Config> {
  const path = resolve(file);
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
  const value = result.data;
  return {
    ...value,
    paths: { state: at(value.paths.state), key: at(value.paths.key) },
    vault: { ...value.vault, path: at(value.vault.path) },
    cameras: { ...value.cameras, roots: value.cameras.roots.map(at), profiles: value.cameras.profiles.map(at) },
    inbox: { ...value.inbox, path: at(value.inbox.path) },
    file: path,
    folder,
  };
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
  const where = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return `unknown key ${issue.keys.map((key) => (where === '' ? key : `${where}.${key}`)).join(', ')}; known here: ${knownKeys(issue.path).join(', ')}`;
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return `${where} is missing: expected ${issue.expected}`;
  return `${where === '' ? 'the file' : where}: ${issue.message}`;
}

/** The keys that may stand at a place of the file. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let at: z.core.JSONSchema._JSONSchema | undefined = z.toJSONSchema(configSchema, { io: 'input' });
  for (const key of path) at = shapeOf(at)?.[String(key)];
  return Object.keys(shapeOf(at) ?? {});
}

function shapeOf(at: z.core.JSONSchema._JSONSchema | undefined): z.core.JSONSchema.BaseSchema['properties'] {
  if (typeof at !== 'object') return undefined;
  return at.properties ?? at.anyOf?.map(shapeOf).find((each) => each !== undefined); // a rule is a table or one of two words
}

/** Text of a new station's docket.toml; `publicKey` is the C2SP key line of its key. */
export function formatNewConfig(station: string, publicKey: string): string {
  return `# A docket station. Every key is explained in README.md under "Configuration"; check changes with: docket config check
# Paths are relative to this file.

[station]
name = "${station}"
public_key = "${publicKey}"   # what everything of this station is verified with

[vault]
kind = "directory"
path = "vault"

[cameras]
unknown = "refuse"          # "allow" takes cameras that are not registered
# roots = ["/run/docket/cameras/*", "/media/*/*"]

[retention]
footage = { days = ${MIN_RETENTION_DAYS} }     # footage without a case
case = "same-as-case"       # everything that belongs to a case
key_mark = "permanent"      # what the officer marked on the camera
`;
}
