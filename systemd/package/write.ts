// What bin/build and bin/package cannot copy, because it is made: programs, lists of what comes from node_modules, manual pages, completion,
// copyright, changelog.
//   write.ts program FOLDER            builds the programs into FOLDER/lib
//   write.ts bundle                    prints the files of node_modules that lie beside them, each ended by a NUL
//   write.ts list                      prints the packages of npm in the Debian package, as npm lists what is installed
//   write.ts documents FOLDER SECONDS  writes the documents into FOLDER; SECONDS since 1970 is the date they show
// Never reads the clock: the same checkout makes the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { softwareVersion } from '../../src/daemon/version.ts';
import { listBundled } from './bundle.ts';
import { describeCommands } from './commands.ts';
import { formatCompletion } from './completion.ts';
import { formatCopyright } from './copyright.ts';
import { formatManual } from './manual.ts';
import { buildProgram, keptApart } from './program.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function writeDocuments(folder: string, seconds: number): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const date = new Date(seconds * 1000);
  const version = softwareVersion();
  const commands = describeCommands(version);
  const bundled = listBundled(ROOT);
  const pages = formatManual({
    version,
    date: date.toISOString().slice(0, 10),
    commands,
    readme: read('README.md'),
    docketd: read('systemd/package/docketd.md'),
  });
  for (const [name, text] of pages) write(`usr/share/man/man${name.slice(name.lastIndexOf('.') + 1)}/${name}`, text);
  write('usr/share/bash-completion/completions/docket', formatCompletion(commands));
  write('usr/share/doc/docket/copyright', formatCopyright(ROOT, bundled));
  write('usr/share/doc/docket/changelog', formatChangelog(version, date));
}

function formatList(): string {
  const packages = Object.fromEntries(listBundled(ROOT).map(({ folder, version }) => [folder, { version }]));
  return `${JSON.stringify({ packages }, null, 2)}\n`;
}

/** Debian's own form names the version only: what changed stands in CHANGELOG.md. */
function formatChangelog(version: string, date: Date): string {
  const at = date.toUTCString().replace('GMT', '+0000');
  return `docket (${version.replace('-', '~')}) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- docket maintainers <maintainers@docket.invalid>  ${at}\n`;
}

const [order, folder, seconds] = process.argv.slice(2);
if (order === 'bundle')
  process.stdout.write(
    keptApart(listBundled(ROOT))
      .flatMap(({ files }) => files)
      .map((file) => `${file}\0`)
      .join(''),
  );
else if (order === 'list') process.stdout.write(formatList());
else if (order === 'program' && folder !== undefined) await buildProgram(ROOT, folder);
else if (order === 'documents' && folder !== undefined && /^\d+$/.test(seconds ?? ''))
  writeDocuments(folder, Number(seconds));
else throw new Error('usage: write.ts program FOLDER | bundle | list | documents FOLDER SECONDS');
