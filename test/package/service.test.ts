// The service of the package: how exposed its unit is, and that what it needs works inside its sandbox.
// The real sandbox is tried by chroot.sh, which takes minutes: with DOCKET_PACKAGE=all.
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../../src/evidence/index.ts';
import { readConfig } from '../../src/platform/index.ts';
import { ROOT } from '../architecture/rooms.ts';
import { run, runCode, sourceUrl } from '../child.ts';
import { makeTempFolder } from '../temp-folder.ts';

const UNIT = join(ROOT, 'systemd/docketd.service');
/** Most exposure of each unit. What mounts for the whole machine may see all of it; it has one capability and few system calls. */
const MAX_EXPOSURE = {
  'docketd.service': 2,
  'docket-admission.service': 4,
  'docket-mount@.service': 5,
  'docket-screen.service': 2,
};
const ALL = process.env['DOCKET_PACKAGE'] === 'all';

it.each(Object.entries(MAX_EXPOSURE))('%s is little exposed, as systemd counts it', async (name, most) => {
  const unit = join(ROOT, 'systemd', name);
  const { stdout, stderr } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
  const exposure = /Overall exposure level for \S+: (\d+\.\d+)/.exec(stdout)?.[1] ?? expect.fail(stderr);
  expect(Number(exposure)).toBeLessThanOrEqual(most);
});

// Each of these gives a service a mount namespace of its own: what it mounts there nobody else would see.
const OWN_MOUNTS =
  /^(ProtectSystem|ProtectHome|ProtectProc|ProcSubset|ProtectKernel\w+|ProtectControlGroups|Private(Tmp|Devices|Mounts|Users|Network|IPC)|(ReadOnly|ReadWrite|Inaccessible|Exec|NoExec|Bind|BindReadOnly)Paths|TemporaryFileSystem|Root\w+|MountFlags|DynamicUser|LogNamespace)=/m;

it('mounts for the whole machine to see', async () => {
  expect(await readFile(UNIT, 'utf8')).toMatch(OWN_MOUNTS);
  expect(await readFile(join(ROOT, 'systemd/docket-mount@.service'), 'utf8')).not.toMatch(OWN_MOUNTS);
});

it('is made of units that systemd understands to the last line', async () => {
  const units = (await readdir(join(ROOT, 'systemd'))).filter((name) => /\.(?:service|path)$/.test(name));
  const args = ['verify', '--man=no', '--recursive-errors=no', ...units.map((name) => join(ROOT, 'systemd', name))];
  const { stderr } = await run('systemd-analyze', args);
  // That the programs of the package are not installed is said without a line number.
  expect(stderr.split('\n').filter((line) => /^\S+:\d+: /.test(line))).toEqual([]);
});

it('is started again for as long as what keeps it from starting may pass, and never where only a person can help', async () => {
  const unit = await readFile(UNIT, 'utf8');
  expect(unit).toMatch(/^StartLimitIntervalSec=0$/m);
  expect(unit).toMatch(/^Restart=on-failure$/m);
  expect(unit).toMatch(new RegExp(`^RestartPreventExitStatus=${EXIT.usage} ${EXIT.refused} ${EXIT.integrity}$`, 'm'));
});

it('goes on when the kernel has ended what looks inside a file for want of memory', async () => {
  expect(await readFile(UNIT, 'utf8')).toMatch(/^OOMPolicy=continue$/m);
});

it('has what was plugged in before there was a station looked at once there is one', async () => {
  const rule = await readFile(join(ROOT, 'systemd/docket.udev'), 'utf8');
  const guards = rule.split('\n').filter((line) => line.startsWith('TEST!="/etc/docket/docket.toml"'));
  expect(guards).toEqual(Array(2).fill('TEST!="/etc/docket/docket.toml", ENV{DOCKET_WAITS}="1", GOTO="docket_end"'));
  const service = await readFile(join(ROOT, 'systemd/docket-admission.service'), 'utf8');
  expect(service).toMatch(/^ExecStart=-\S+udevadm trigger --action=add .*--property-match=DOCKET_WAITS=1$/m);
});

it('never lets systemd remove the folder below which cameras are mounted', async () => {
  expect(await readFile(UNIT, 'utf8')).not.toContain('RuntimeDirectory');
});

it('gives the screen a console font with half blocks, of which Chinese words are drawn', async () => {
  const unit = await readFile(join(ROOT, 'systemd/docket-screen.service'), 'utf8');
  const [, font] = /^ExecStartPre=-\+\/usr\/bin\/setfont -C \/dev\/tty1 (\S+)$/m.exec(unit) ?? [];
  // Of the families of Debian's console-setup-linux in letters of 16 by 32 pixels, these have them; Lat15, Lat2, Uni2 and others have not.
  expect(font).toMatch(/^(?:CyrKoi|FullCyrAsia|FullCyrSlav|FullGreek|Vietnamese)-TerminusBold32x16$/);
});

it('looks into media also where setpriv may not set capabilities', async () => {
  await using machine = await makeTempFolder();
  await writeFile(machine.at('setpriv'), '#!/bin/sh\nexit 127\n');
  await chmod(machine.at('setpriv'), 0o755);
  const limited = join(ROOT, 'src/media/limited.sh');
  const path = `PATH=${machine.path}:/usr/sbin:/usr/bin:/sbin:/bin`;
  const limits = ['1073741824', '10', 'sh', '-c', 'ulimit -n'];
  expect(await run('env', [path, limited, ...limits])).toMatchObject({ status: 0, stdout: '64\n' });
});

it('finds the station when its configuration is a link, as in /etc/docket', async () => {
  await using machine = await makeTempFolder();
  await mkdir(machine.at('etc'));
  const init = `import { initStation } from '${sourceUrl('src/daemon/init.ts')}';
    await initStation({ directory: ${JSON.stringify(machine.at('station'))}, actor: 'test', version: '1.2.3' });`;
  expect(await runCode(init)).toMatchObject({ status: 0 });
  await symlink(machine.at('station/docket.toml'), machine.at('etc/docket.toml'));
  const config = await readConfig(machine.at('etc/docket.toml'));
  expect(config).toMatchObject({
    file: machine.at('station/docket.toml'),
    paths: { state: machine.at('station/state'), key: machine.at('station/station.key') },
  });
  await expect(readConfig(machine.at('etc/other.toml'))).rejects.toMatchObject({ code: 'config-missing' });
});

it('installs, upgrades, is removed and purged on a bare Debian (with DOCKET_PACKAGE=all; else its script is only read)', {
  timeout: 900_000,
}, async () => {
  const script = join(ROOT, 'test/package/chroot.sh');
  const ended = await run('bash', ALL ? [script] : ['-n', script]);
  expect(ended, ended.stdout + ended.stderr).toMatchObject({ status: 0 });
  expect(ended.stdout).toContain(ALL ? 'the package stands' : '');
});
