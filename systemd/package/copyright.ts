// The copyright file of the Debian package: docket's own licence, that of the one file of its sources that is not its own, and that of every npm
// package in it, with their texts. What is built into docket's programs has no files of its own there; its stanza names the programs.
// Never guesses a licence: a package without one stops the build.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundled } from './bundle.ts';
import { keptApart } from './program.ts';

/** Licences whose text every Debian machine has. */
const COMMON: Readonly<Record<string, string>> = {
  'Apache-2.0': 'Apache-2.0',
  'LGPL-3.0-or-later': 'LGPL-3',
};
const LICENCE_FILE = /^(licen[cs]e|copying)(\.(md|txt))?$/i;
const COPYRIGHT_LINE = /^\W*(copyright (?:\(c\)|\u00a9|\d{4}).*)$/i;

/** Text of /usr/share/doc/docket/copyright, in Debian's machine-readable form. */
export function formatCopyright(root: string, bundled: readonly Bundled[]): string {
  const groups = Map.groupBy(bundled, (each) => licenceOf(root, each, bundled));
  const apart = keptApart(bundled);
  const filesOf = (each: Bundled): string => (apart.includes(each) ? each.folder : 'lib');
  const stanzas = [...groups].map(([licence, members]) =>
    [
      `Files:${[...new Set(members.map(filesOf))].map((folder) => `\n usr/lib/docket/${folder}/*`).join('')}`,
      licence,
      `Comment:\n npm ${members.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
    ].join('\n'),
  );
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: docket',
    `Files: *\nCopyright: the authors of docket\n${commonLicence('Apache-2.0')}`,
    glyphsLicence(root),
    ...stanzas,
  ]
    .join('\n\n')
    .concat('\n');
}

/** Bitmaps of GNU Unifont are among the sources. */
function glyphsLicence(root: string): string {
  const text = readFileSync(join(root, 'LICENSES/OFL-1.1.txt'), 'utf8');
  return [
    `Files: usr/lib/docket/lib/*\nCopyright: ${holdersOf(text).join('\n ')}\nLicense: OFL-1.1\n${indent(text)}`,
    'Comment:\n The dots of the large signs on docket screen, src/cli/screen-glyphs.ts.',
  ].join('\n');
}

/** The lines Copyright and License of one package. */
function licenceOf(root: string, each: Bundled, bundled: readonly Bundled[]): string {
  const text = readLicence(root, each.folder) ?? borrowed(root, each, bundled);
  const holders = holdersOf(text ?? '');
  const copyright = `Copyright: ${holders.length > 0 ? holders.join('\n ') : `the authors of ${each.name}`}`;
  const { licence } = each;
  if (licence !== undefined && COMMON[licence] !== undefined) {
    const remarks = licence.startsWith('LGPL') ? readFileSync(join(root, each.folder, 'README.md'), 'utf8') : undefined;
    return `${copyright}\n${commonLicence(licence)}${remarks === undefined ? '' : `\n .\n${indent(remarks)}`}`;
  }
  if (text === undefined) throw new Error(`${each.folder} says no licence`);
  return `${copyright}\nLicense: ${licence ?? 'as-follows'}\n${indent(text)}`;
}

function readLicence(root: string, folder: string): string | undefined {
  const file = readdirSync(join(root, folder))
    .toSorted()
    .find((name) => LICENCE_FILE.test(name));
  return file === undefined ? undefined : readFileSync(join(root, folder, file), 'utf8');
}

/** A compiled part comes under the text of the package it is a part of. */
function borrowed(root: string, part: Bundled, bundled: readonly Bundled[]): string | undefined {
  const whole = bundled.find(({ needs, licence }) => needs.includes(part.name) && licence === part.licence);
  return whole === undefined ? undefined : readLicence(root, whole.folder);
}

function holdersOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => COPYRIGHT_LINE.exec(line.trim())?.[1]);
  return [...new Set(lines.filter((line) => line !== undefined && !line.includes('[yyyy]')))].filter(
    (line) => line !== undefined,
  );
}

function commonLicence(name: string): string {
  return `License: ${name}\n The text is in /usr/share/common-licenses/${COMMON[name] ?? ''}.`;
}

/** Lines of a field that goes on: each one space in, empty ones a dot. */
function indent(text: string): string {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n');
}
