// The guest that every test of the project vm goes on from: built and saved by ready.sh before the first test, or found in the cache.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestProject } from 'vitest/node';

/** Prepares the guest; what takes long is told on stderr. */
export async function setup(project: TestProject): Promise<void> {
  const child = spawn('bash', [join(import.meta.dirname, 'ready.sh')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [printed, status] = await Promise.all([text(child.stdout), ended]);
  if (status !== 0)
    throw new Error(`the guest of the tests could not be prepared: ready.sh ended with ${String(status)}`);
  project.provide('vm', printed.trim());
}
