// Checks a directory vault: there, writable the way docket writes, with room left. Says plainly that it cannot lock.
// Leaves nothing behind: what it writes is a temporary file, which is no object.
import { randomBytes } from 'node:crypto';
import { link, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../evidence/index.ts';
import { createExclusive, freeBytes, linkDurable, TEMP_PREFIX } from '../platform/index.ts';
import { type Check, doubtful, failed, passed } from './check.ts';

const GIB = 1024 ** 3;
/** About a day of one camera: less is soon none. */
const LITTLE_BYTES = 32 * GIB;
const CANARY_BYTES = 64;

/** Checks a directory vault, line by line; stops behind the first line that makes the rest pointless. */
export async function* checkDirectoryVault(path: string): AsyncIterable<Check> {
  const there = await checkFolder(path);
  yield there;
  if (there.state === 'fail') return;
  const writes = await checkWriting(path);
  yield writes;
  if (writes.state === 'fail') return;
  yield await checkSpace(path);
  yield doubtful(
    'lock',
    'none: file modes stop mistakes, not root; a change is noticed by docket verify, not prevented',
    'Keep a second copy where nobody can delete: an S3 vault with Object Lock',
  );
}

async function checkFolder(path: string): Promise<Check> {
  try {
    if ((await stat(path)).isDirectory()) return passed('folder', `${path} is there`);
    return failed('folder', `${path} is no folder`, 'Name the folder of the vault as vault.path');
  } catch (error) {
    return failed(
      'folder',
      `${path} cannot be entered (${reason(error)})`,
      'Mount the disk of the vault, or make the folder',
    );
  }
}

/** A file is written, fsynced, given a second name and read back, as every object is. */
async function checkWriting(path: string): Promise<Check> {
  const at = join(path, `${TEMP_PREFIX}canary-${randomBytes(8).toString('hex')}`);
  const names = [at, `${at}-2`] as const;
  const bytes = randomBytes(CANARY_BYTES);
  try {
    await createExclusive(at, bytes);
    await linkDurable(...names);
    const back = await readFile(names[1]);
    if (!back.equals(bytes))
      return failed(
        'write',
        'a file was written and other bytes came back',
        'Replace the disk before it holds evidence',
      );
    return (await refusesSecondLink(names))
      ? passed('write', 'a file was written, fsynced, linked and read back; a name that is taken is refused')
      : failed(
          'write',
          'a name that is taken was given away again',
          'Use a file system with hard links: ext4, xfs, zfs',
        );
  } catch (error) {
    return failed(
      'write',
      `a file cannot be written, fsynced and linked there (${reason(error)})`,
      errnoOf(error) === 'EPERM' || errnoOf(error) === 'ENOTSUP'
        ? 'Use a file system with hard links: ext4, xfs, zfs'
        : 'Let the user of docketd write there, and look at the disk: dmesg, smartctl',
    );
  } finally {
    for (const name of names) await unlink(name).catch(() => undefined); // it may not have been made
  }
}

async function refusesSecondLink([from, to]: readonly [string, string]): Promise<boolean> {
  try {
    await link(from, to);
    return false;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return true;
    throw error;
  }
}

async function checkSpace(path: string): Promise<Check> {
  const free = await freeBytes(path);
  const gib = `${(free / GIB).toFixed(1)} GiB are free`;
  return free < LITTLE_BYTES
    ? doubtful('space', gib, 'Give the vault more space; footage waits in the spool when it is full')
    : passed('space', gib);
}

function reason(error: unknown): string {
  return errnoOf(error) ?? String(error);
}
