// Temporary places for the camera tests, and short ways to say what lies in them.
// Never writes outside a directory it made itself.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { Card, SimulatedFile } from '../../src/camera/index.ts';
import { contentSize, readContent } from '../../src/camera/simulated-content.ts';
import { parseByteCount, parseEpochMs, type SourceFile } from '../../src/evidence/index.ts';

const made: string[] = [];

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A new directory, removed after the test. */
export function temporaryPlace(): string {
  const path = mkdtempSync(join(tmpdir(), 'docket-camera-'));
  made.push(path);
  return path;
}

/** Writes a file and its folders; paths may be bytes. */
export function put(root: string, path: string | Buffer, bytes: Buffer | string = ''): void {
  const whole = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path as Buffer)]);
  mkdirSync(Buffer.from(dirname(whole.toString('latin1')), 'latin1'), { recursive: true });
  writeFileSync(whole, bytes);
}

/** Lays simulated files out as a real folder. */
export function layOut(root: string, files: readonly SimulatedFile[]): void {
  for (const { path, content = Buffer.alloc(0), modifiedAtMs = 0 } of files) {
    const bytes = Buffer.alloc(contentSize(content));
    readContent(content, bytes, 0, bytes.length, 0);
    put(root, path, bytes);
    utimesSync(
      Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path as Buffer)]),
      modifiedAtMs / 1000,
      modifiedAtMs / 1000,
    );
  }
}

/** Everything a card lists. */
export async function listAll(card: Card, signal?: AbortSignal): Promise<SourceFile[]> {
  return Array.fromAsync(card.list(signal));
}

/** The listed file of that path. */
export async function fileAt(card: Card, path: string): Promise<SourceFile> {
  const found = (await listAll(card)).find((file) => file.path.text === path);
  if (found === undefined) throw new Error(`the card does not list ${path}`);
  return found;
}

/** A file as if it had been listed. */
export function listed(path: string): SourceFile {
  return {
    path: { text: path },
    type: 'file',
    sizeBytes: parseByteCount(0),
    modifiedAtMs: parseEpochMs(0),
    kind: 'other',
    keyMark: false,
    verdict: { take: true },
  };
}

/** All bytes of a file, read in steps. */
export async function readAll(card: Card, file: SourceFile, stepBytes = 1000): Promise<Buffer> {
  await using source = await card.open(file);
  const parts: Buffer[] = [];
  for (let position = 0; ; ) {
    const buffer = Buffer.alloc(stepBytes + 7);
    const got = await source.read(buffer, 7, stepBytes, position);
    if (got === 0) return Buffer.concat(parts);
    parts.push(buffer.subarray(7, 7 + got));
    position += got;
  }
}
