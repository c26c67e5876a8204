// The machine's mounts, from /proc/self/mountinfo (see proc_pid_mountinfo(5)). Reads one file; keeps nothing open.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One mount. */
export interface Mount {
  /** Unique among mounts present now; a card taken out and put in again has another. */
  readonly id: number;
  readonly mountPoint: string;
  /** `major:minor` of the file system's device. */
  readonly device: string;
  readonly fileSystem: string;
  /** As given to mount, for example /dev/sdb1. */
  readonly source: string;
  readonly readOnly: boolean;
  /** Of a FUSE mount: number of the user whose program answers for it. */
  readonly userId?: number | undefined;
}

/** Text of mountinfo; errors are errno errors. */
export async function readMountinfo(procRoot = '/proc'): Promise<string> {
  return readFile(join(procRoot, 'self/mountinfo'), 'latin1');
}

/** Every mount, in mountinfo's order: where two share a mount point the later one is on top. */
export async function readMounts(procRoot = '/proc'): Promise<readonly Mount[]> {
  return parseMountinfo(await readMountinfo(procRoot));
}

/** Parses mountinfo as read in latin1; lines in another form are left out. */
export function parseMountinfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [id, , device, , mountPoint, options] = fields;
    if (dash < 0 || id === undefined || device === undefined || mountPoint === undefined || options === undefined)
      return [];
    const [fileSystem = '', source = '', superOptions = ''] = fields.slice(dash + 1);
    const readOnly = [...options.split(','), ...superOptions.split(',')].includes('ro');
    const userId = /(?:^|,)user_id=(\d+)(?:,|$)/.exec(superOptions)?.[1];
    return [
      {
        id: Number(id),
        mountPoint: unescapeOctal(mountPoint),
        device,
        fileSystem,
        source: unescapeOctal(source),
        readOnly,
        ...(userId === undefined ? {} : { userId: Number(userId) }),
      },
    ];
  });
}

/** `\040` and the like, then the bytes as UTF-8. */
function unescapeOctal(text: string): string {
  const raw = text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return Buffer.from(raw, 'latin1').toString('utf8');
}
