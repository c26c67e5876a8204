// Disks that are full, read-only or not there: what is on the camera stays there, what is in the spool waits there, and when there is
// room again the next command goes on, without the camera where it can.
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { listCard } from '../../src/acquire/index.ts';
import { openCard, TAKE_EVERYTHING } from '../../src/camera/index.ts';
import type { DockResult, StatusView } from '../../src/cli/index.ts';
import type { VerifyResult } from '../../src/custody/index.ts';
import { makeAcquisitionId } from '../../src/evidence/index.ts';
import { type MountRoom, openMountRoom } from './mounts.ts';
import { bytesOf, layOut, sha256Of, temporaryPlace } from './places.ts';
import { startDaemon } from './services.ts';
import { ACTOR, copyStation, makeStation, never, openIt } from './stations.ts';
import type { Ended } from './syscalls.ts';

const MIB = 1_048_576;
const SIZES = { 'a.mp4': 2 * MIB, 'b.mp4': 12 * MIB, 'c.mp4': MIB };

let place: string;
let template: string;
let camera: string;

beforeAll(async () => {
  place = temporaryPlace('disk');
  template = await makeStation(join(place, 'template'));
  const files = Object.entries(SIZES).map(([name, size], k) => [name, bytesOf(k + 1, size)] as const);
  camera = layOut(join(place, 'camera'), Object.fromEntries(files));
});

function outcomes(ended: Ended & { readonly said: unknown }): Record<string, string> {
  const { files } = ended.said as DockResult; // printed by docket dock --json
  return Object.fromEntries(files.map(({ path, outcome }) => [path, outcome]));
}

function reasonOf(ended: Ended & { readonly said: unknown }, path: string): string {
  return (ended.said as DockResult).files.find((file) => file.path === path)?.reason ?? ''; // printed by docket dock --json
}

async function expectVerified(room: MountRoom, config: string): Promise<void> {
  const { code, said, stderr } = await room.docket('verify', '--config', config);
  expect([code, (said as VerifyResult | undefined)?.findings, stderr.match(/defect/)]).toEqual([0, [], null]); // printed by docket verify --json
}

async function itemsOn(room: MountRoom, config: string): Promise<string[]> {
  const { said } = await room.docket('find', '--config', config);
  return (said as { items: { path: string }[] }).items.map(({ path }) => path).sort(); // printed by docket find --json
}

/** Facts of the camera's files that any writing to them would change. */
function facts(): unknown {
  return readdirSync(camera).map((name) => {
    const { size, mtimeMs, ctimeMs, mode, nlink } = statSync(join(camera, name));
    return { name, size, mtimeMs, ctimeMs, mode, nlink };
  });
}

describe('a spool disk without room', () => {
  it('takes what fits, says what did not and why, leaves the camera alone, and has it all once there is room', async () => {
    const config = copyStation(template, join(place, 'spool-full'));
    const spool = join(config, '../state/spool');
    await using room = await openMountRoom();
    mkdirSync(spool, { recursive: true });
    await room.mount('-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', spool);
    const before = facts();
    const first = await room.docket('dock', camera, '--config', config);
    expect(first.code).toBe(6);
    expect(outcomes(first)).toEqual({ 'a.mp4': 'recorded', 'b.mp4': 'failed', 'c.mp4': 'recorded' });
    expect(reasonOf(first, 'b.mp4')).toMatch(/room in the spool/);
    expect(facts()).toEqual(before);
    await expectVerified(room, config);
    await room.mount('-o', 'remount,size=32m', spool);
    const second = await room.docket('dock', camera, '--config', config);
    expect(outcomes(second)).toEqual({ 'a.mp4': 'already-recorded', 'b.mp4': 'recorded', 'c.mp4': 'already-recorded' });
    expect([second.code, (second.said as DockResult).notes]).toEqual([0, []]); // printed by docket dock --json
    await expectVerified(room, config);
    expect(facts()).toEqual(before);
  });

  it('filled by somebody else while a file is copied: that file waits on the camera, nothing is torn', async () => {
    const config = copyStation(template, join(place, 'spool-filled'));
    const state = join(config, '../state');
    await using room = await openMountRoom();
    await moveInto(room, state, '30m');
    // Photos that end in a ledger and a catalog that cannot grow: the ballast leaves 400 KiB.
    const photos = join(place, 'photos');
    layOut(photos, Object.fromEntries(Array.from({ length: 120 }, (_, k) => [`p${k}.jpg`, bytesOf(k, 3000)])));
    expect((await room.run('dd', ['if=/dev/zero', `of=${state}/ballast`, 'bs=1k', 'count=40000'])).code).not.toBe(0);
    await room.run('truncate', ['-s', '-400K', `${state}/ballast`]);
    const full = await room.docket('dock', photos, '--config', config);
    expect(full.stderr).not.toMatch(/defect/);
    expect([6, 7]).toContain(full.code);
    await room.run('rm', [`${state}/ballast`]);
    const again = await room.docket('dock', photos, '--config', config);
    expect(again.code).toBe(0);
    expect(await itemsOn(room, config)).toHaveLength(50); // a page
    await expectVerified(room, config);
  });
});

describe('a docketd', () => {
  it('whose disk is full while a vault goes away stays, whatever it has in hand, and goes on when both are right again', async () => {
    const config = copyStation(template, join(place, 'both'));
    const [state, second] = [join(config, '../state'), join(config, '../second')];
    const left = await leavePart(config);
    await using room = await openMountRoom();
    await moveInto(room, state, '30m');
    mkdirSync(second);
    const tables = '[[vault]]\nkind = "directory"\nname = "second"\npath = "second"\n\n[copies]\nrequired = 1\n';
    writeFileSync(config, `${readFileSync(config, 'utf8').replace('[vault]', '[[vault]]')}\n${tables}`);
    await using daemon = await startDaemon(config, room);
    expect((await room.docket('dock', camera, '--config', config)).code).toBe(0);
    await fill(room, state);
    await room.run('mv', [`${state}/left/${left}`, `${state}/spool`]);
    renameSync(second, `${second}-away`);
    await daemon.says(/a vault is away[\s\S]*could not be written down/);
    await daemon.says(/spool-full.*\.part".*an acquisition waits in the spool/);
    expect((await room.docket('status', '--config', config)).code).toBe(0);
    await room.run('rm', [`${state}/ballast`]);
    renameSync(`${second}-away`, second);
    await daemon.says(/a vault answers again/);
    await daemon.says(/an acquisition was finished from the spool/);
    expect((await room.run('ls', [`${state}/spool/parts`])).stdout).toMatch(/\.part$/m);
    await fill(room, state);
    const { code, said } = await daemon.stop();
    expect(code).toBe(0);
    // Said once while the first trouble lasted, and once more where a round still met the second.
    expect([1, 2]).toContain(said.match(/how far each vault has got could not/g)?.length);
    expect(said).toMatch(/where the rolling check stands could not/);
    await room.run('rm', [`${state}/ballast`]);
    await expectVerified(room, config);
  });
});

describe('a state disk that is full before anything is opened', () => {
  it('is what is told, however little is left, and the same command goes on once there is room', async () => {
    const config = copyStation(template, join(place, 'state-full'));
    const state = join(config, '../state');
    await using room = await openMountRoom();
    await moveInto(room, state, '8m');
    const ballast = `${state}/ballast`;
    const add = (): ReturnType<MountRoom['docket']> => room.docket('camera', 'add', 'BC01', '--config', config);
    for (const left of [0, 8, 16, 32, 48]) {
      expect((await room.run('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k'])).code).not.toBe(0);
      await room.run('truncate', ['-s', `-${left}K`, ballast]);
      const { code, stderr } = await add();
      expect([left, code]).toEqual([left, 7]);
      expect(stderr).toMatch(/no (?:space|room)[^]*Free space/);
    }
    await room.run('rm', [ballast]);
    expect((await add()).code).toBe(0);
    await expectVerified(room, config);
  });
});

describe('a vault disk', () => {
  it('without room: items wait in the spool, and the next command stores them without the camera', async () => {
    const config = copyStation(template, join(place, 'vault-full'));
    await using room = await openMountRoom();
    const vault = join(config, '../vault');
    await moveInto(room, vault, '8m');
    const first = await room.docket('dock', camera, '--config', config);
    expect(first.code).toBe(6);
    expect((first.said as DockResult).onRecord).toBe(false); // printed by docket dock --json
    expect(outcomes(first)).toEqual({ 'a.mp4': 'recorded', 'b.mp4': 'interrupted', 'c.mp4': 'recorded' });
    expect(reasonOf(first, 'b.mp4')).toMatch(/safe in the spool/);
    expect(((await room.docket('status', '--config', config)).said as StatusView).queue).toMatchObject({
      spoolFiles: 1,
    }); // printed by docket status --json
    await expectVerified(room, config);
    await room.mount('-o', 'remount,size=64m', vault);
    renameSync(camera, `${camera}-away`);
    try {
      expect((await room.docket('camera', 'add', 'X1', '--config', config)).code).toBe(0);
    } finally {
      renameSync(`${camera}-away`, camera);
    }
    expect(await itemsOn(room, config)).toEqual(['a.mp4', 'b.mp4', 'c.mp4']);
    expect(((await room.docket('status', '--config', config)).said as StatusView).queue).toMatchObject({
      // printed by docket status --json
      spoolFiles: 0,
      acquisitionsWaiting: 0,
    });
    await expectVerified(room, config);
  });

  it('of its own, on which a copy was killed: what that left is cleared away by the next copy of the same bytes', async () => {
    const config = copyStation(template, join(place, 'vault-other'));
    await using room = await openMountRoom();
    const vault = join(config, '../vault');
    await moveInto(room, vault, '64m');
    const digest = sha256Of(bytesOf(1, SIZES['a.mp4']));
    const folder = join(vault, 'payload/sha256', digest.slice(0, 2));
    const left = join(folder, `.docket-tmp-${digest}-0123456789abcdef`);
    await room.run('mkdir', ['-p', folder]);
    await room.run('cp', [join(camera, 'b.mp4'), left]);
    expect((await room.docket('dock', camera, '--config', config)).code).toBe(0);
    expect((await room.run('ls', ['-A', folder])).stdout).toBe(`${digest}\n`);
    await expectVerified(room, config);
  });

  it('that became read-only: the same', async () => {
    const config = copyStation(template, join(place, 'vault-ro'));
    await using room = await openMountRoom();
    const vault = join(config, '../vault');
    await moveInto(room, vault, '64m');
    await room.mount('-o', 'remount,ro', vault);
    const first = await room.docket('dock', camera, '--config', config);
    expect(first.code).toBe(6);
    expect((first.said as DockResult).onRecord).toBe(false); // printed by docket dock --json
    await room.mount('-o', 'remount,rw', vault);
    expect((await room.docket('camera', 'add', 'X1', '--config', config)).code).toBe(0);
    expect(await itemsOn(room, config)).toEqual(['a.mp4', 'b.mp4', 'c.mp4']);
    await expectVerified(room, config);
  });

  it('that is not mounted: nothing is written into the bare mount point, and nothing is lost', async () => {
    const config = copyStation(template, join(place, 'vault-away'));
    await using room = await openMountRoom();
    const vault = join(config, '../vault');
    const real = `${vault}-disk`;
    renameSync(vault, real);
    mkdirSync(vault);
    await room.mount('--bind', real, vault);
    expect((await room.docket('dock', camera, '--config', config)).code).toBe(0);
    await room.unmount(vault);
    const ends = [
      [6, 'dock', camera], // a camera is taken all the same: its receipt waits in the spool
      [7, 'camera', 'add', 'X1'],
      [7, 'rebuild'],
      [8, 'rebuild', '--from-vault'],
    ] as const;
    for (const [exit, ...command] of ends) {
      const { code, stderr } = await room.docket(...command, '--config', config);
      expect([command, code]).toEqual([command, exit]);
      expect(stderr).not.toMatch(/defect/);
      expect(readdirSync(vault)).toEqual([]);
    }
    expect((await room.docket('verify', '--config', config)).code).toBe(1);
    await room.mount('--bind', real, vault);
    expect(outcomes(await room.docket('dock', camera, '--config', config))['a.mp4']).toBe('already-recorded');
    await expectVerified(room, config);
  });
});

/** Takes all the room there is. */
async function fill(room: MountRoom, folder: string): Promise<void> {
  const { code } = await room.run('dd', ['if=/dev/zero', `of=${folder}/ballast`, 'bs=1k', 'count=40000']);
  expect(code, 'the disk is full').not.toBe(0);
}

/** What a docking leaves that was killed half way through its first file; it lies in state/left. Returns its name. */
async function leavePart(config: string): Promise<string> {
  await using station = await openIt(config);
  const { ports } = station;
  const identity = { way: 'folder' as const, folder: camera };
  await using card = await openCard({ root: camera, identity, profile: TAKE_EVERYTHING, limits: ports.cardLimits });
  const docking = {
    acquisition: makeAcquisitionId(ports.clock.now(), '0123abcd'),
    camera: identity,
    actor: ACTOR,
    cameraOffsetMs: 'unknown' as const,
  };
  const listing = await listCard(docking, card.list(never()), { startedAtMs: ports.clock.now(), boot: ports.boot });
  const folder = await ports.spool.begin(listing);
  writeFileSync(folder.partPath(1), bytesOf(1, MIB));
  mkdirSync(join(config, '../state/left'));
  renameSync(folder.path, join(config, '../state/left', listing.acquisition));
  return listing.acquisition;
}

/** Puts a small file system in the place of a folder, with what was in it. */
async function moveInto(room: MountRoom, folder: string, size: string): Promise<void> {
  const aside = `${folder}-before`;
  renameSync(folder, aside);
  mkdirSync(folder);
  writeFileSync(`${folder}.size`, size);
  await room.mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder);
  const { code, stderr } = await room.run('cp', ['-a', `${aside}/.`, folder]);
  if (code !== 0) throw new Error(stderr);
}
