// Programs that measurements compare with. Missing ones are named with the Debian package that brings them; nothing is installed.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program, and the Debian package that brings it. */
const PACKAGES = { aws: 'awscli', borg: 'borgbackup', openssl: 'openssl', rclone: 'rclone', time: 'time' } as const;

/** A program that is not part of every Debian. */
export type Program = keyof typeof PACKAGES;

/** Packages that bring what is missing of these programs. */
export function missingPackages(programs: readonly Program[]): readonly string[] {
  return [...new Set(programs.filter((each) => !isThere(each)).map((each) => PACKAGES[each]))];
}

function isThere(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
}
