// Durable writes keep the promise of their names: whole or not at all, never over another's bytes, and fsynced in the order that
// makes it so. The order is read from the system calls of a process of its own.
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  createExclusive,
  ensureDirectory,
  exists,
  linkDurable,
  moveDurable,
  removeDurable,
  replaceFile,
  wrapWriteError,
} from '../../src/platform/index.ts';
import { runCode, sourceUrl } from '../child.ts';
import { makeTempFolder } from '../temp-folder.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const errno = (code: string): Error => Object.assign(new Error(code), { code });

describe('createExclusive', () => {
  it('never overwrites: not a file, not a link, not a folder', async () => {
    await using folder = await makeTempFolder();
    await writeFile(folder.at('file'), 'old');
    await symlink('nowhere', folder.at('link'));
    await mkdir(folder.at('folder'));
    for (const name of ['file', 'link', 'folder'])
      await expect(createExclusive(folder.at(name), bytes('new'))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(folder.at('file'), 'utf8')).toBe('old');
    expect((await readdir(folder.path)).sort()).toEqual(['file', 'folder', 'link']);
  });

  it('lets one of many writers win, whole', async () => {
    await using folder = await makeTempFolder();
    const texts = Array.from({ length: 8 }, (_, k) => String(k).repeat(100_000));
    const ended = await Promise.allSettled(texts.map((text) => createExclusive(folder.at('x'), bytes(text))));
    const won = ended.flatMap((each, k) => (each.status === 'fulfilled' ? [texts[k]] : []));
    expect(won).toEqual([await readFile(folder.at('x'), 'utf8')]);
    expect(await readdir(folder.path)).toEqual(['x']);
  });

  it('gives the mode that was asked for', async () => {
    await using folder = await makeTempFolder();
    await createExclusive(folder.at('key'), bytes('secret'), 0o600);
    expect((await stat(folder.at('key'))).mode & 0o777).toBe(0o600);
  });
});

describe('replaceFile', () => {
  it('shows a reader the old bytes or the new ones, whole, never anything else', async () => {
    await using folder = await makeTempFolder();
    const path = folder.at('checkpoint');
    await replaceFile(path, bytes('0'.repeat(200_000)));
    const writer = { done: false };
    const writing = (async () => {
      for (let k = 1; k < 30; k += 1) await replaceFile(path, bytes(String(k % 10).repeat(200_000)));
      writer.done = true;
    })();
    let seen = 0;
    while (!writer.done) {
      const text = await readFile(path, 'latin1');
      expect(text).toHaveLength(200_000);
      expect(new Set(text).size).toBe(1);
      seen += 1;
    }
    await writing;
    expect(seen).toBeGreaterThan(0);
    expect(await readdir(folder.path)).toEqual(['checkpoint']);
  });

  it('leaves what was there, and nothing beside it, when the new bytes cannot be placed', async () => {
    await using folder = await makeTempFolder();
    await mkdir(folder.at('taken', 'inner'), { recursive: true });
    await expect(replaceFile(folder.at('taken'), bytes('x'))).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(replaceFile(folder.at('none', 'x'), bytes('x'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(folder.path)).toEqual(['taken']);
  });
});

describe('names', () => {
  it('are moved over what stood there, linked only where nothing stands, and removed though missing', async () => {
    await using folder = await makeTempFolder();
    await writeFile(folder.at('a'), 'a');
    await writeFile(folder.at('b'), 'b');
    await moveDurable(folder.at('a'), folder.at('b'));
    expect(await readFile(folder.at('b'), 'utf8')).toBe('a');
    await writeFile(folder.at('c'), 'c');
    await expect(linkDurable(folder.at('b'), folder.at('c'))).rejects.toMatchObject({ code: 'EEXIST' });
    await linkDurable(folder.at('b'), folder.at('d'));
    expect((await stat(folder.at('d'))).nlink).toBe(2);
    await removeDurable(folder.at('d'));
    await removeDurable(folder.at('d'));
    expect([await exists(folder.at('d')), await exists(folder.at('c')), await exists(folder.at('c', 'x'))]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it.each(['x/y/z', 'x//y/z', 'x/./y/../y/z/'])('of folders are made however the path is written: %s', async (path) => {
    await using folder = await makeTempFolder();
    await ensureDirectory(`${folder.path}/${path}`, 0o700);
    await ensureDirectory(`${folder.path}/${path}`);
    expect((await stat(folder.at('x', 'y', 'z'))).mode & 0o777).toBe(0o700);
  });

  it('of a folder are not made in place of a file', async () => {
    await using folder = await makeTempFolder();
    await writeFile(folder.at('x'), '');
    await expect(ensureDirectory(folder.at('x', 'y'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await chmod(folder.path, 0o700);
  });
});

/** System calls on names below `root`, one per line: the call and the paths, from `root`. */
function callsBelow(root: string, trace: string): readonly string[] {
  return trace.split('\n').flatMap((line) => {
    const [, call = '', rest = ''] = /^(?:\d+ +)?(\w+)\((.*)$/.exec(line) ?? [];
    const paths = [...rest.matchAll(/["<]([^">]*)[">]/g)]
      .map(([, path = '']) => path)
      .filter((path) => path.startsWith(root));
    if (paths.length === 0 || !line.endsWith(' = 0')) return [];
    return [
      [
        call.replace(/(?:at|at2)$/, ''),
        ...paths.map((path) => (path.slice(root.length) || '/').replace(/\.docket-tmp-[^/]*/, 'TEMP')),
      ].join(' '),
    ];
  });
}

async function traceOf(root: string, work: string, inject: readonly string[] = []): Promise<readonly string[]> {
  const trace = `${root}.strace`;
  const code = `import * as durable from ${JSON.stringify(sourceUrl('src/platform/durable.ts'))};
    const at = (name: string) => ${JSON.stringify(`${root}/`)} + name;
    const bytes = Buffer.from('bytes');
    ${work}`;
  const calls = 'trace=mkdir,mkdirat,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat';
  const ended = await runCode(code, ['strace', '-f', '-y', '-s', '4096', '-o', trace, '-e', calls, ...inject, '--']);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return callsBelow(root, await readFile(trace, 'utf8'));
}

describe('the order on the disk', () => {
  it('is: bytes, then name, then the folder that holds the name', async () => {
    await using folder = await makeTempFolder();
    const root = folder.at('root');
    await mkdir(root);
    const calls = await traceOf(
      root,
      `await durable.ensureDirectory(at('a/b/c'));
       await durable.ensureDirectory(at('a/b/c'));
       await durable.createExclusive(at('new'), bytes);
       await durable.replaceFile(at('new'), bytes);
       await durable.linkDurable(at('new'), at('a/second'));
       await durable.moveDurable(at('a/second'), at('a/b/third'));
       await durable.moveDurable(at('a/b/third'), at('a/b/fourth'));
       await durable.removeDurable(at('a/b/fourth'));`,
    );
    const groups = [
      'fsync /a/b, fsync /a, fsync /',
      'fsync /TEMP, link /TEMP /new, unlink /TEMP, fsync /',
      'fsync /TEMP, rename /TEMP /new, fsync /',
      'link /new /a/second, fsync /a',
      'rename /a/second /a/b/third, fsync /a/b, fsync /a',
      'rename /a/b/third /a/b/fourth, fsync /a/b',
      'unlink /a/b/fourth, fsync /a/b',
    ];
    expect(calls.filter((call) => !call.startsWith('mkdir')).join(', ')).toBe(groups.join(', '));
    expect(calls.filter((call) => call.startsWith('mkdir'))).toEqual(['mkdir /a', 'mkdir /a/b', 'mkdir /a/b/c']);
  });

  it('gives no name to bytes the disk did not take', async () => {
    await using folder = await makeTempFolder();
    const root = folder.at('root');
    await mkdir(root);
    await writeFile(folder.at('root', 'old'), 'old');
    const calls = await traceOf(
      root,
      `for (const work of [durable.createExclusive(at('new'), bytes), durable.replaceFile(at('old'), bytes)])
         await work.then(() => process.exit(7), (error) => { if (error.code !== 'EIO') throw error; });`,
      ['-e', 'inject=fsync:error=EIO'],
    );
    expect(calls).toEqual(['unlink /TEMP', 'unlink /TEMP']);
    expect(await readdir(root)).toEqual(['old']);
    expect(await readFile(folder.at('root', 'old'), 'utf8')).toBe('old');
  });
});

describe('a failed write', () => {
  it.each([
    ['ENOSPC', 'spool-full', 'vault-full'],
    ['EDQUOT', 'spool-full', 'vault-full'],
    ['EFBIG', 'spool-full', 'vault-full'],
    ['EROFS', 'disk-failed', 'vault-unreachable'],
    ['EACCES', 'disk-failed', 'vault-unreachable'],
    ['EIO', 'disk-failed', 'disk-failed'],
  ])('%s is %s in the spool and %s in the vault, with its cause', (code, spool, vault) => {
    const cause = errno(code);
    expect(wrapWriteError(cause, 'it', 'spool-full')).toMatchObject({ code: spool, cause });
    expect(wrapWriteError(cause, 'it', 'vault-full')).toMatchObject({ code: vault, cause });
    const wrapped = wrapWriteError(cause, 'it', 'spool-full');
    expect(wrapWriteError(wrapped, 'again', 'vault-full')).toBe(wrapped);
  });

  it('that is no error of the system is a defect, and not blamed on the disk', () => {
    for (const defect of [new RangeError('stack'), errno('ERR_INVALID_ARG_TYPE')])
      expect(wrapWriteError(defect, 'it', 'vault-full')).toBe(defect);
  });
});
