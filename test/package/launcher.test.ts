// The programs of the package as they are started: which station, which user, which cache. id and setpriv are stand-ins.
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from '../architecture/rooms.ts';
import { run } from '../child.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';

const STATION = 'DOCKET_CONFIG=/etc/docket/docket.toml';
let machine: TempFolder;

async function put(name: string, script: string): Promise<void> {
  await writeFile(machine.at(name), `#!/bin/sh\n${script}\n`);
  await chmod(machine.at(name), 0o755);
}

beforeEach(async () => {
  machine = await makeTempFolder();
  await mkdir(machine.at('bin'));
  await mkdir(machine.at('cache'));
  const template = await readFile(join(ROOT, 'systemd/package/launcher'), 'utf8');
  const launcher = template
    .replaceAll('@program@', 'docket')
    .replaceAll('/usr/lib/docket', machine.path)
    .replaceAll('/var/cache/docket', machine.at('cache'));
  await put('launcher', launcher.replace('#!/bin/sh\n', ''));
  await put('bin/docket', 'echo "as itself: $*"; env | grep -E "^(DOCKET_CONFIG|NODE_COMPILE_CACHE)="');
  await put('bin/setpriv', 'while [ "$1" != -- ]; do shift; done; shift; echo "as docket: $*"');
});

afterEach(async () => {
  await machine[Symbol.asyncDispose]();
});

/** Starts the launcher as this user id. */
async function start(id: number, args: readonly string[], environment: readonly string[] = []): Promise<string[]> {
  await put('bin/id', `echo ${id}`);
  const env = ['-i', `PATH=${machine.at('bin')}:/usr/bin:/bin`, 'HOME=/home/clerk', ...environment];
  const { stdout, stderr } = await run('env', [...env, machine.at('launcher'), ...args]);
  expect(stderr).toBe('');
  return stdout.trim().split('\n').toSorted();
}

it('finds the station of this machine', async () => {
  expect(await start(1000, ['find', 'a b'])).toEqual([
    STATION,
    `NODE_COMPILE_CACHE=${machine.at('cache')}`,
    'as itself: find a b',
  ]);
});

it('takes another station that is named', async () => {
  expect(await start(1000, ['status'], ['DOCKET_CONFIG=/srv/docket.toml'])).toContain('DOCKET_CONFIG=/srv/docket.toml');
});

it('reads compiled code only from where nobody else could have put it', async () => {
  const foreign = machine.at('foreign');
  await mkdir(foreign);
  await run('chown', ['65534', foreign]); // only root can; everybody else has the root folder below
  await rm(machine.at('cache'), { recursive: true });
  await symlink(process.getuid?.() === 0 ? foreign : '/', machine.at('cache')); // the folder of somebody else
  expect(await start(1000, ['status'])).toContain('NODE_COMPILE_CACHE=/home/clerk/.cache/docket');
  expect(await start(1000, ['status'], ['XDG_CACHE_HOME=/fast'])).toContain('NODE_COMPILE_CACHE=/fast/docket');
});

it.each([
  [['keys', 'replace', '--backup', '/mnt/disk/docket']],
  [['camera', 'add', 'BC01']],
  [['dock', '/media/card']],
  [['verify']],
])('lets root act as the user of the service on the station of this machine: %j', async (args) => {
  expect(await start(0, args)).toEqual([`as docket: env SUDO_USER=root ${machine.at('launcher')} ${args.join(' ')}`]);
  expect(await start(0, args, ['SUDO_USER=chen'])).toEqual([
    `as docket: env SUDO_USER=chen ${machine.at('launcher')} ${args.join(' ')}`,
  ]);
});

it.each([
  [['init', '/srv/station']],
  [['item', 'fetch', 'X', '--out', '/root/copy']],
  [['backup', '/mnt/disk']],
  [['restore', '/mnt/disk/backup']],
  [['status', '--config', '/srv/docket.toml']],
  [['--config=/srv/docket.toml', 'status']],
])('leaves root root where another station is meant, or a copy is made: %j', async (args) => {
  expect(await start(0, args)).toContain(`as itself: ${args.join(' ')}`);
});

it('leaves root root where a station is named by the environment', async () => {
  expect(await start(0, ['status'], ['DOCKET_CONFIG=/srv/docket.toml'])).toContain('as itself: status');
});
