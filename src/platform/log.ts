// Diagnostics: JSON lines on stderr, in the journal each with its priority. Not the ledger: nothing here is evidence.
// Never logs payload bytes, keys or credentials.
import { type DestinationStream, pino } from 'pino';
import { isFailure } from '../evidence/index.ts';
import { isJournal, type Priority, prioritised } from './journal.ts';

/** Facts of one line; plain values. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** Where the rooms report what people running the station need to know. */
export interface Log {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

/** What may be said, from most to least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
/** One of LOG_LEVELS. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log whose level may be changed while it is in use. */
export interface AdjustableLog extends Log {
  level: LogLevel;
}

/** A log to stderr (file descriptor 2), written synchronously so that the last line before a crash is there. */
export function openLog(level: LogLevel, name: string): AdjustableLog {
  const out = pino({ level, name, base: { pid: process.pid } }, isJournal() ? journalLines() : stderr());
  let now = level;
  return {
    get level() {
      return now;
    },
    set level(to) {
      now = to;
      out.level = to;
    },
    debug: (message, facts = {}) => out.debug(facts, message),
    info: (message, facts = {}) => out.info(facts, message),
    warn: (message, facts = {}) => out.warn(facts, message),
    error: (message, facts = {}) => out.error(facts, message),
  };
}

const stderr = (): DestinationStream => pino.destination({ dest: 2, sync: true });

/** Lines as the journal wants them. Pino tells whoever bears its mark of which level the next line is. */
function journalLines(): DestinationStream {
  const out = stderr();
  const lines = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write: (line: string): void => out.write(prioritised(line, priorityOf(lines.lastLevel))),
  };
  return lines;
}

/** Levels of pino are 10 (trace) to 60 (fatal). */
function priorityOf(level: number): Priority {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

/** A log that says nothing, for one-shot commands, which report on the terminal instead. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Longest cause in a log line, in characters; a cause may hold what a store or a file said. */
const MAX_CAUSE_CHARS = 300;

/** One line of bounded length, without characters that a terminal obeys. */
function oneLine(text: string): string {
  const shown = text.length <= MAX_CAUSE_CHARS ? text : `${text.slice(0, MAX_CAUSE_CHARS - 1)}…`;
  return shown.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ');
}

/** Error facts for a log line: code and sentence of a Failure, stack of a defect, and the chain of causes. */
export function errorFacts(error: unknown): LogFacts {
  const causes: string[] = [];
  for (
    let at: unknown = error instanceof Error ? error.cause : undefined;
    at instanceof Error && causes.length < 5;
    at = at.cause
  )
    causes.push(oneLine(at.message));
  if (isFailure(error))
    return { code: error.code, reason: error.message, ...error.facts, ...(causes.length > 0 ? { causes } : {}) };
  return { defect: error instanceof Error ? (error.stack ?? error.message) : String(error), causes };
}
