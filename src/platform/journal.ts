// Whether standard error is the journal of systemd, and how urgent a line is there: sd-daemon(3), SyslogLevelPrefix= in systemd.exec(5).
// Never speaks to journald itself: it reads what a service says.
import { fstatSync } from 'node:fs';

const STDERR = 2;

/** Priorities of syslog. */
export type Priority = 2 | 3 | 4 | 6 | 7;

/** True where standard error leads into the journal: JOURNAL_STREAM alone is inherited also by what writes elsewhere. */
export function isJournal(environment: NodeJS.ProcessEnv = process.env): boolean {
  const stream = environment['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(STDERR, { bigint: true });
  return stream === `${dev}:${ino}`;
}

/** Text with its priority before each line that says something; journald takes it off again. */
export function prioritised(text: string, priority: Priority): string {
  return text.replaceAll(/^(?=.)/gm, `<${priority}>`);
}

/** Writes text to standard error as what went wrong. */
export function complain(text: string): void {
  process.stderr.write(isJournal() ? prioritised(text, 3) : text);
}
