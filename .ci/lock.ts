// Completes package-lock.json after `npm install`: names the compiled packages for other machines that npm left out.
// A registry that mirrors only part of the world does not have them, and `npm ci` then refuses the lock as incomplete.
// They are never downloaded on the machine docket runs on, so their names and platforms are all a lock needs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** npm writes a list of one as it found it: bare, or in brackets. */
const words = z.union([z.array(z.string()), z.string().transform((word) => [word])]);

const packageSchema = z.looseObject({
  version: z.string().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  os: words.optional(),
  cpu: words.optional(),
  libc: words.optional(),
  engines: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockSchema = z.looseObject({ packages: z.record(z.string(), packageSchema) });
/** Keeps the order of keys: only what npm itself wrote goes back. */
const rawSchema = z.object({
  name: z.string(),
  version: z.string(),
  lockfileVersion: z.literal(3),
  requires: z.literal(true),
  packages: z.record(z.string(), z.unknown()),
});

type Lock = z.infer<typeof lockSchema>;

interface Platform {
  readonly cpu: readonly string[];
  readonly os: readonly string[];
  readonly libc?: readonly string[];
}

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
/** As these packages spell their processors, and as npm does. */
const PROCESSORS: readonly (readonly [string, string])[] = [
  ['arm64', 'arm64'],
  ['x64', 'x64'],
  ['ia32', 'ia32'],
  ['ppc64', 'ppc64'],
  ['riscv64', 'riscv64'],
  ['s390x', 's390x'],
  ['loong64', 'loong64'],
  ['arm', 'arm'],
];

/** Reads a lock; throws when it is not of its shape. */
export function readLock(path: string): Lock {
  return lockSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** Keys the lock lacks, each with what belongs there. */
export function findGaps(lock: Lock): Readonly<Record<string, object>> {
  const gaps: Record<string, object> = {};
  for (const [holder, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (candidates(holder, name).some((key) => key in lock.packages)) continue;
      const { cpu, libc, os } = platformOf(name);
      gaps[`node_modules/${name}`] = { version, cpu, ...(dev && { dev }), ...(libc && { libc }), optional: true, os };
    }
  }
  return gaps;
}

/**
 * Compiled packages for this machine that an npm on Node 18 leaves out without a word, since they ask for a newer Node
 * and are optional. Named among our own dependencies they are not optional, and it brings them.
 */
export function findLeftOut(lock: Lock): readonly string[] {
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.optional && entry.os?.includes('linux') && entry.cpu?.includes('x64'))
    .filter(([, entry]) => !entry.libc?.includes('musl') && !allowsNode18(entry.engines?.['node'] ?? '*'))
    .map(([key]) => key.replace(/^.*node_modules\//, ''));
}

/** For ranges as these packages write them: `>=20.9.0`, `^20.19.0 || >=22.12.0`, `>= 15.12.0 < 16 || >= 16.0.0`. */
function allowsNode18(range: string): boolean {
  return range.split('||').some((part) => {
    const low = Number(/(?:>=|\^) *(\d+)/.exec(part)?.[1] ?? 0);
    const high = Number(/< *(\d+)/.exec(part)?.[1] ?? (part.includes('^') ? low + 1 : Number.POSITIVE_INFINITY));
    return low <= 18 && 18 < high;
  });
}

/** Where Node would look for `name` from the package at `holder`: nearest first. */
function candidates(holder: string, name: string): readonly string[] {
  const keys = [`${holder === '' ? '' : `${holder}/`}node_modules/${name}`];
  for (let at = holder; at !== ''; ) {
    at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')));
    keys.push(`${at === '' ? '' : `${at}/`}node_modules/${name}`);
  }
  return keys;
}

/** `@scope/tool-linux-arm64-musl` says for which machine it is. */
function platformOf(name: string): Platform {
  const words = name.split(/[-/]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.find(([spelled]) => words.includes(spelled))?.[1];
  if (os.length !== 1 || cpu === undefined) throw new Error(`cannot tell the machine of ${name}`);
  if (os[0] === 'linux' && cpu === 'x64' && !words.includes('musl')) throw new Error(`${name} is needed here`);
  return { cpu: [cpu], os, ...(words.some((word) => word.startsWith('musl')) && { libc: ['musl'] }) };
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '../package-lock.json');
  const gaps = findGaps(readLock(path));
  // Put into the text as npm wrote it, and in npm's order, so that npm leaves the file as it is.
  const lock = rawSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const packages = Object.entries({ ...lock.packages, ...gaps }).toSorted(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
  console.log(`${Object.keys(gaps).length} names added to package-lock.json`);
}
