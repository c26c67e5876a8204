// The station of a running guest verified on this machine: its disk is copied as it stands between two writes, and this checkout's docket
// reads the copy. In the guest the start of a command alone takes longer than all of this. Never looks into the guest's memory.
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run } from '../child.ts';
import type { Vm } from './rig.ts';

const HOME = '/var/lib/docket';
const DOCKET = join(import.meta.dirname, '../../src/daemon/docket.ts');

/** What `docket verify --json` prints of the station. A store is one on this machine, which the guest reaches by another address. */
export async function verifyCopy(vm: Vm): Promise<unknown> {
  const [image, folder] = [join(vm.folder, 'verified.img'), join(vm.folder, 'verified')];
  await mkdir(folder);
  try {
    await vm.copyStation(image);
    await promisify(execFile)('debugfs', ['-R', `rdump / ${folder}`, image], {
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    });
    const config = join(folder, 'docket.toml');
    const text = (await readFile(config, 'utf8')).replaceAll('//10.0.2.2:', '//127.0.0.1:').replaceAll(HOME, folder);
    await writeFile(config, text);
    const { stdout, stderr } = await run(process.execPath, [DOCKET, 'verify', '--json', '--config', config]);
    if (stdout === '') throw new Error(`docket verify printed nothing: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(image, { force: true });
  }
}
