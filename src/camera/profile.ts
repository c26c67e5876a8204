// A camera profile: what one family of cameras looks like, as data. The keys are explained in FORMAT.md, "Camera profiles".
// Never holds code: a profile is a TOML file that an administrator may write and a reviewer can read.
import { parse as parseToml, TomlError } from 'smol-toml';
import { z } from 'zod';
import { Failure, kindSchema } from '../evidence/index.ts';
import { MAX_GLOB_CHARS } from './glob.ts';
import { isTimeZone } from './local-time.ts';
import { compileNamePattern, MAX_PATTERN_CHARS } from './name-pattern.ts';
import { unlockSchema } from './unlock.ts';

/** Most globs or extensions in one list of a profile. */
const MAX_LIST = 256;

const glob = z.string().min(1).max(MAX_GLOB_CHARS);
const globs = z.array(glob).max(MAX_LIST).default([]);
const hex4 = z
  .string()
  .regex(/^[0-9a-f]{4}$/, { error: 'expected four lower-case hexadecimal digits, as lsusb prints them' });
const extension = z
  .string()
  .regex(/^\.?[0-9a-z]{1,16}$/, { error: 'expected an ending such as ".gps", in lower case' })
  .transform((text) => text.replace(/^\./, ''));

const namePattern = z
  .string()
  .max(MAX_PATTERN_CHARS)
  .superRefine((text, context) => {
    try {
      compileNamePattern(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    }
  });

const profileSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'expected 1-64 of a-z 0-9 and -' }),
  description: z.string().min(1).max(500),
  /** The highest wins among the profiles that match. */
  priority: z.int().min(0).max(1000).default(100),
  match: z
    .strictObject({
      devices: z
        .array(z.strictObject({ vendorId: hex4, productId: hex4.optional() }))
        .max(MAX_LIST)
        .default([]),
      labels: globs,
      filesPresent: globs,
    })
    .prefault({}),
  unlock: unlockSchema.optional(),
  roots: globs,
  skip: z
    .array(z.strictObject({ glob, reason: z.string().min(1).max(200) }))
    .max(MAX_LIST)
    .default([]),
  inProgress: globs,
  namePattern: namePattern.optional(),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, { error: 'expected an IANA time zone, for example Asia/Shanghai' })
    .optional(),
  sidecars: z
    .strictObject({
      extensions: z.array(extension).max(MAX_LIST).default([]),
      /** A sidecar whose name begins with `from` goes with the file whose name begins with one of `to` instead. */
      stems: z
        .array(z.strictObject({ from: z.string().min(1).max(32), to: z.array(z.string().max(32)).min(1).max(8) }))
        .max(16)
        .default([]),
    })
    .prefault({}),
  keyMark: z
    .strictObject({
      group: z.boolean().default(false),
      suffixes: z.array(z.string().min(1).max(32)).max(32).default([]),
      folders: globs,
    })
    .prefault({}),
  kinds: z.record(extension, kindSchema).default({}),
});

/** A checked profile. */
export type Profile = z.infer<typeof profileSchema>;

/** Checks a profile's data; `where` names the file. Throws Failure 'config-invalid' naming file, key and what is expected. */
export function parseProfile(value: unknown, where: string): Profile {
  const result = profileSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue === undefined ? '' : issue.path.map(String).join('.');
  throw new Failure('config-invalid', `${where}: ${issue === undefined ? 'unknown problem' : problemOf(issue, key)}`, {
    facts: { file: where, key },
  });
}

function problemOf(issue: z.core.$ZodIssue, key: string): string {
  if (issue.code === 'unrecognized_keys') {
    const named = issue.keys.map((each) => (key === '' ? each : `${key}.${each}`)).join(', ');
    return `unknown key ${named}; remove it or correct its spelling (keys of a camera profile: FORMAT.md)`;
  }
  return `key ${key === '' ? '(the file)' : key}: ${issue.message}; correct it (keys of a camera profile: FORMAT.md)`;
}

/** Parses a profile's TOML text. Throws Failure 'config-invalid'. */
export function parseProfileText(text: string, where: string): Profile {
  try {
    return parseProfile(parseToml(text), where);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw new Failure(
      'config-invalid',
      `${where}, line ${cause.line}, column ${cause.column}: not TOML: ${cause.message.split('\n')[0] ?? ''}`,
      { facts: { file: where }, cause },
    );
  }
}

/** What is read when no profile fits: everything. Also what a station without any profile uses. */
export const TAKE_EVERYTHING: Profile = parseProfile(
  {
    name: 'take-everything',
    description: 'An unknown layout: everything on the card is taken and sorted out later.',
    priority: 0,
  },
  'built in',
);
