// What stands on the disk of a directory vault: one read-only file per object, never half of one, never in another disk's place,
// and what somebody else planted there is seen, not followed.
import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { parseSha256, type Sha256 } from '../../src/evidence/index.ts';
import { openDigestPool, TEMP_PREFIX } from '../../src/platform/index.ts';
import { openDirectoryVault, type Vault } from '../../src/vault/index.ts';
import { run, runCode, sourceUrl } from '../child.ts';
import { expectRejection } from '../expect-failure.ts';
import { makeTempFolder, type TempFolder } from '../temp-folder.ts';
import { OTHER_FILE_SYSTEM } from './places.ts';

interface Opened extends AsyncDisposable {
  readonly vault: Vault;
  readonly folder: TempFolder;
  readonly root: string;
}

async function open(base?: string): Promise<Opened> {
  const folder = await makeTempFolder(base);
  const digests = openDigestPool(1);
  const root = folder.at('vault');
  await mkdir(root);
  const vault = await openDirectoryVault({ path: root, digests });
  return {
    vault,
    folder,
    root,
    [Symbol.asyncDispose]: async () => {
      await vault.close();
      await digests.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function shaOf(text: string | Buffer): Sha256 {
  return parseSha256(createHash('sha256').update(text).digest('hex'));
}
const small = (text: string) => ({ bytes: Buffer.from(text), sha256: shaOf(text), sizeBytes: Buffer.byteLength(text) });
const LOCKED = { locked: true } as const;

async function everyName(root: string): Promise<readonly string[]> {
  return (await readdir(root, { recursive: true })).sort();
}

describe('a file of the spool', () => {
  it('on the same file system gets a second name: no byte is copied, and nobody may write to it any more', async () => {
    await using opened = await open();
    const { vault, folder, root } = opened;
    await writeFile(folder.at('spooled'), 'footage', { mode: 0o640 });
    await vault.putOnce('payload/x', { file: folder.at('spooled'), sha256: shaOf('footage'), sizeBytes: 7 }, LOCKED);
    const [ours, theirs] = [await stat(`${root}/payload/x`), await stat(folder.at('spooled'))];
    expect([ours.ino, ours.dev]).toEqual([theirs.ino, theirs.dev]);
    expect([ours.mode & 0o777, theirs.mode & 0o777]).toEqual([0o444, 0o444]);
  });

  it('on another file system is copied, whole and read-only', async () => {
    await using source = await makeTempFolder();
    await using opened = await open(OTHER_FILE_SYSTEM);
    const bytes = Buffer.alloc(3_000_001, 'footage');
    await writeFile(source.at('spooled'), bytes, { mode: 0o640 });
    const put = () =>
      opened.vault.putOnce(
        'payload/x',
        { file: source.at('spooled'), sha256: shaOf(bytes), sizeBytes: bytes.length },
        LOCKED,
      );
    await put();
    const [ours, theirs] = [await stat(`${opened.root}/payload/x`), await stat(source.at('spooled'))];
    expect(ours.dev).not.toBe(theirs.dev);
    expect([ours.mode & 0o777, ours.nlink]).toEqual([0o444, 1]);
    expect((await readFile(`${opened.root}/payload/x`)).equals(bytes)).toBe(true);
    await put();
    expect(await everyName(opened.root)).toEqual(['payload', 'payload/x']);
  });

  it('whose name in the vault is taken stays in the spool as it is', async () => {
    await using opened = await open();
    const { vault, folder } = opened;
    await vault.putOnce('payload/x', small('first'), LOCKED);
    await writeFile(folder.at('spooled'), 'other');
    await expectRejection(
      'vault-conflict',
      vault.putOnce('payload/x', { file: folder.at('spooled'), sha256: shaOf('other'), sizeBytes: 5 }, LOCKED),
    );
    expect(await readFile(folder.at('spooled'), 'utf8')).toBe('other');
    expect((await stat(folder.at('spooled'))).nlink).toBe(1);
  });
});

describe('bytes that rot', () => {
  it('in the vault are told by their digest, and never taken for the same again', async () => {
    await using opened = await open();
    const { vault, root } = opened;
    await vault.putOnce('payload/x', small('evidence'), LOCKED);
    await rm(`${root}/payload/x`);
    await writeFile(`${root}/payload/x`, 'evidencf', { mode: 0o444 });
    expect(await vault.digest('payload/x')).toEqual({ sha256: shaOf('evidencf'), sizeBytes: 8 });
    await expectRejection('vault-conflict', vault.putOnce('payload/x', small('evidence'), LOCKED));
    expect(await readFile(`${root}/payload/x`, 'utf8')).toBe('evidencf');
  });
});

describe('what somebody else put into the vault', () => {
  it('as a link in place of an object is not followed, neither to read nor to write', async () => {
    await using opened = await open();
    const { vault, folder, root } = opened;
    await writeFile(folder.at('secret'), 'secret', { mode: 0o600 });
    await mkdir(`${root}/payload`);
    await symlink(folder.at('secret'), `${root}/payload/x`);
    await symlink('nowhere', `${root}/payload/y`);
    for (const key of ['payload/x', 'payload/y']) {
      await expectRejection('vault-conflict', vault.putOnce(key, small('secret'), LOCKED));
      await expectRejection('vault-conflict', vault.digest(key));
      await expectRejection('vault-conflict', vault.readSmall(key, 100));
      await expectRejection('vault-conflict', buffer(vault.read(key)));
      expect(await vault.stat(key)).toMatchObject({ key, sealed: false });
    }
    expect((await Array.fromAsync(vault.list(''))).map(({ key, sealed }) => [key, sealed])).toEqual([
      ['payload/x', false],
      ['payload/y', false],
    ]);
    expect((await stat(folder.at('secret'))).mode & 0o777).toBe(0o600);
  });

  it('as a pipe holds nobody up', async () => {
    await using opened = await open();
    const { vault, root } = opened;
    await run('mkfifo', [`${root}/pipe`]);
    await expectRejection('vault-conflict', buffer(vault.read('pipe')));
    await expectRejection('vault-conflict', vault.digest('pipe'));
    await expectRejection('vault-conflict', vault.readSmall('pipe', 10));
    await expectRejection('vault-conflict', vault.putOnce('pipe', small('x'), LOCKED));
    expect(await vault.stat('pipe')).toMatchObject({ sealed: false });
  });

  it('as a folder where an object should be is a conflict, not a reason to try for ever', async () => {
    await using opened = await open();
    await mkdir(`${opened.root}/payload/x`, { recursive: true });
    await expectRejection('vault-conflict', opened.vault.putOnce('payload/x', small('x'), LOCKED));
  });

  it('is listed, unsealed where it may be written to; files in the making never are', async () => {
    await using opened = await open();
    const { vault, root } = opened;
    await vault.putOnce('payload/x', small('x'), LOCKED);
    await writeFile(`${root}/payload/stray`, 'stray');
    await writeFile(`${root}/payload/${TEMP_PREFIX}0123-x`, 'half');
    await writeFile(`${root}/${TEMP_PREFIX}4567`, '');
    await link(`${root}/payload/x`, `${root}/payload/z`);
    expect(await Array.fromAsync(vault.list(''))).toEqual([
      { key: 'payload/stray', sizeBytes: 5, sealed: false },
      { key: 'payload/x', sizeBytes: 1, sealed: true },
      { key: 'payload/z', sizeBytes: 1, sealed: true },
    ]);
    await chmod(`${root}/payload/x`, 0o464);
    expect(await vault.stat('payload/x')).toEqual({ key: 'payload/x', sizeBytes: 1, sealed: false });
  });

  it('is listed however deep it lies and whatever it is called', async () => {
    await using opened = await open();
    const deep = Array.from({ length: 6 }, (_, k) => String(k).repeat(200)).join('/');
    await mkdir(`${opened.root}/${deep}`, { recursive: true });
    await writeFile(`${opened.root}/${deep}/stray`, '');
    await writeFile(Buffer.concat([Buffer.from(`${opened.root}/`), Buffer.from([0xff, 0xfe])]), '12');
    const listed = await Array.fromAsync(opened.vault.list(''));
    expect(listed).toHaveLength(2);
    expect(listed[0]?.key).toBe(`${deep}/stray`);
    expect(listed[1]).toMatchObject({ sealed: false });
  });
});

describe('a vault that is away', () => {
  it('is said to be so, and nothing is made in its place', async () => {
    await using folder = await makeTempFolder();
    await using digests = openDigestPool(1);
    await expectRejection('vault-unreachable', openDirectoryVault({ path: folder.at('vault'), digests }));
    await writeFile(folder.at('file'), '');
    await expectRejection('vault-unreachable', openDirectoryVault({ path: folder.at('file'), digests }));
    await symlink(folder.path, folder.at('link'));
    await expectRejection('vault-unreachable', openDirectoryVault({ path: folder.at('link'), digests }));
    expect((await readdir(folder.path)).sort()).toEqual(['file', 'link']);
  });

  it('while docket runs takes nothing until it is back', async () => {
    await using opened = await open();
    const { vault, root, folder } = opened;
    await vault.putOnce('payload/aa/x', small('x'), LOCKED);
    await rename(root, folder.at('elsewhere'));
    for (const work of [
      () => vault.putOnce('payload/aa/y', small('y'), LOCKED),
      () => vault.putOnce('payload/bb/y', small('y'), LOCKED),
      () => vault.replaceCheckpoint('ledgers/station-7/checkpoint', Buffer.from('x')),
      () => Array.fromAsync(vault.list('')),
      () => vault.stat('payload/aa/x'),
      () => vault.digest('payload/aa/x'),
      () => vault.readSmall('payload/aa/x', 10),
      () => buffer(vault.read('payload/aa/x')),
    ])
      await expectRejection('vault-unreachable', work());
    expect(await readdir(folder.path)).toEqual(['elsewhere']);
    await rename(folder.at('elsewhere'), root);
    await vault.putOnce('payload/aa/y', small('y'), LOCKED);
    await vault.putOnce('payload/bb/y', small('y'), LOCKED);
  });

  it('of which a folder was taken away makes it again', async () => {
    await using opened = await open();
    const { vault, root } = opened;
    await vault.putOnce('payload/aa/x', small('x'), LOCKED);
    await rm(`${root}/payload`, { recursive: true });
    await expectRejection('vault-unreachable', vault.putOnce('payload/aa/y', small('y'), LOCKED)); // the folder was known
    await vault.putOnce('payload/aa/y', small('y'), LOCKED);
    expect(await everyName(root)).toEqual(['payload', 'payload/aa', 'payload/aa/y']);
  });
});

/** Runs code with a tmpfs of 1 MiB mounted at `disk`, seen by that process only; it ends with it. */
async function onSmallDisk(folder: TempFolder, code: string): Promise<unknown> {
  await mkdir(folder.at('disk'));
  const script = 'mount -t tmpfs -o size=1m none "$0" && shift 0 && exec "$@"';
  const imports = `import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
    import { spawnSync } from 'node:child_process';
    import { createHash } from 'node:crypto';
    import { openDigestPool } from ${JSON.stringify(sourceUrl('src/platform/index.ts'))};
    import { openDirectoryVault } from ${JSON.stringify(sourceUrl('src/vault/index.ts'))};
    const disk = ${JSON.stringify(folder.at('disk'))};
    const spooled = ${JSON.stringify(folder.at('spooled'))};
    const root = disk + '/vault';
    await mkdir(root);
    const digests = openDigestPool(1);
    const vault = await openDirectoryVault({ path: root, digests });
    const source = (bytes) => ({ bytes, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length });
    const put = (key, from) => vault.putOnce(key, from, { locked: true }).then(() => 'stored', (error) => error.code);
    const names = async () => (await readdir(root, { recursive: true })).sort();`;
  const ended = await runCode(`${imports}\n${code}\nawait digests.close();`, [
    'unshare',
    '-rm',
    'sh',
    '-c',
    script,
    folder.at('disk'),
  ]);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(ended.stdout);
}

describe('a disk', () => {
  it('that is full takes nothing by halves, and goes on when there is room', async () => {
    await using folder = await makeTempFolder();
    const seen = await onSmallDisk(
      folder,
      `const large = Buffer.alloc(3 << 20, 'x');
       await writeFile(spooled, large);
       const outcomes = [await put('payload/bytes', source(large)), await put('payload/file', { ...source(large), bytes: undefined, file: spooled })];
       const left = await names();
       outcomes.push(await put('payload/small', source(Buffer.from('small'))));
       const checkpoint = await vault.replaceCheckpoint('ledgers/s/checkpoint', Buffer.from('old')).then(() => vault.replaceCheckpoint('ledgers/s/checkpoint', large)).catch((error) => error.code);
       const kept = String(await vault.readSmall('ledgers/s/checkpoint', 100));
       console.log(JSON.stringify({ outcomes, left, checkpoint, kept, names: await names() }));`.replace(
        'bytes: undefined, ',
        '',
      ),
    );
    expect(seen).toEqual({
      outcomes: ['vault-full', 'vault-full', 'stored'],
      left: ['payload'],
      checkpoint: 'vault-full',
      kept: 'old',
      names: ['ledgers', 'ledgers/s', 'ledgers/s/checkpoint', 'payload', 'payload/small'],
    });
  });

  it('that turned read-only is away, not full and not broken', async () => {
    await using folder = await makeTempFolder();
    const seen = await onSmallDisk(
      folder,
      `const before = await put('payload/aa/x', source(Buffer.from('x')));
       const { status } = spawnSync('mount', ['-o', 'remount,ro', disk]);
       console.log(JSON.stringify([status, before, await put('payload/aa/y', source(Buffer.from('y'))), await put('payload/bb/y', source(Buffer.from('y')))]));`,
    );
    expect(seen).toEqual([0, 'stored', 'vault-unreachable', 'vault-unreachable']);
  });

  it('that was unmounted is not filled in its mount point’s place', async () => {
    await using folder = await makeTempFolder();
    const seen = await onSmallDisk(
      folder,
      `const direct = await openDirectoryVault({ path: disk, digests });
       const put2 = (key) => direct.putOnce(key, source(Buffer.from(key)), { locked: true }).then(() => 'stored', (error) => error.code);
       const before = await put2('payload/aa/x');
       const { status } = spawnSync('umount', [disk]);
       const outcomes = [await put2('payload/bb/y'), await put2('payload/aa/y'), await put2('new/x')]; // the parent of the first is known
       const listed = await Array.fromAsync(direct.list('')).catch((error) => error.code);
       console.log(JSON.stringify([status, before, ...outcomes, listed, await readdir(disk)]));`,
    );
    expect(seen).toEqual([0, 'stored', ...Array.from({ length: 4 }, () => 'vault-unreachable'), []]);
  });
});
