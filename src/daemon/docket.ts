// Entry point of the command line. Composes and runs; the exit code is the answer.
import { userInfo } from 'node:os';
import { runCli } from '../cli/index.ts';
import { Failure } from '../evidence/index.ts';
import { systemClock } from '../platform/index.ts';
import { makeDoors } from './doors.ts';
import { softwareVersion } from './version.ts';

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => interrupted.abort(new Failure('cancelled', 'interrupted')));

/** The person at the keyboard: who called sudo, else the user. */
function actorName(): string {
  return process.env['SUDO_USER'] ?? userInfo().username;
}

process.exitCode = await runCli(process.argv.slice(2), {
  doors: makeDoors(softwareVersion()),
  out: process.stdout,
  err: process.stderr,
  keys: process.stdin,
  clock: systemClock,
  environment: process.env,
  actor: actorName(),
  version: softwareVersion(),
  signal: interrupted.signal,
});
