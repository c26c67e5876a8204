// Temporary folders for tests that break things, on the fast disk or on the real one, and small files to put there.
// Never writes outside a folder it made itself; what it made is removed when the tests of the file are over.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { fillMade } from '../../src/camera/simulated-content.ts';

/** Memory instead of a disk: hundreds of stations are made and broken here. */
const FAST = '/dev/shm';

const made: string[] = [];

afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A new folder: 'fast' lies in memory where the machine has such a place, 'disk' under the system's temporary folder. */
export function temporaryPlace(where: 'fast' | 'disk' = 'fast'): string {
  const path = mkdtempSync(join(where === 'fast' && existsSync(FAST) ? FAST : tmpdir(), 'docket-fault-'));
  made.push(path);
  return path;
}

/** Bytes that look like nothing else, the same for the same seed. */
export function bytesOf(seed: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  fillMade(seed, bytes, 0);
  return bytes;
}

/** Hexadecimal SHA-256. */
export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The moment all files of the tests were last written, in seconds since 1970, unless a test says another. */
const WRITTEN_S = 1_767_225_600;

/** Lays files out in a folder by name; returns the folder. */
export function layOut(folder: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    utimesSync(path, WRITTEN_S, WRITTEN_S);
  }
  return folder;
}
