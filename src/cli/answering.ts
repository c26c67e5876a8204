// What every command has in common: its options, the station it opens, the answer it prints, its exit code.
// Never prints talk on stdout.
import type { Command } from 'commander';
import { EXIT, type ExitCode, Failure } from '../evidence/index.ts';
import type { Clock } from '../platform/index.ts';
import { startProgress, type TextOut } from './progress.ts';
import type { KeysIn } from './screen-terminal.ts';
import type { Doors, OnWork, UseCases } from './use-cases.ts';

/** What the command line runs on. */
export interface CliPorts {
  readonly doors: Doors;
  readonly out: TextOut;
  readonly err: TextOut;
  /** The keyboard, for what takes over a whole terminal. */
  readonly keys?: KeysIn | undefined;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Who is at the keyboard, as the machine knows them; stands in ledger entries. */
  readonly actor: string;
  readonly version: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options of every command. */
export interface Common {
  readonly config?: string;
  readonly json?: boolean;
}

/** A command’s end: its exit code, and what it prints. */
export interface Answer {
  readonly exit?: ExitCode;
  readonly json: unknown;
  readonly text: string;
}

/** A command over an open station. */
export type Run = (useCases: UseCases, onWork: OnWork) => Promise<Answer>;

/** Where a command leaves its exit code. */
export type End = (code: ExitCode) => void;

/** Options that every command takes. */
export function common(command: Command): Command {
  return command
    .option('--config <file>', 'the station\u2019s docket.toml (or environment DOCKET_CONFIG)')
    .option('--json', 'print the facts as JSON on stdout')
    .exitOverride();
}

/** Columns of the terminal; undefined where lines may be of any length. */
export function widthOf(ports: CliPorts): number | undefined {
  return ports.out.isTTY === true ? (ports.out.columns ?? 80) : undefined;
}

/** Opens the station, runs the command, prints its answer. */
export function withStation(ports: CliPorts, options: Common, end: End, run: Run): Promise<void> {
  return withProgress(ports, options, end, async (onWork) => {
    await using useCases = await ports.doors.open(configOf(options, ports));
    return await run(useCases, onWork);
  });
}

/** Runs a command that needs no station, prints its answer. */
export async function withProgress(
  ports: CliPorts,
  options: Common,
  end: End,
  run: (onWork: OnWork) => Promise<Answer>,
): Promise<void> {
  const progress = startProgress(ports.err, ports.clock);
  try {
    const answer = await run(progress.onWork);
    progress.end();
    print(ports, options, answer.json, answer.text);
    end(answer.exit ?? EXIT.ok);
  } finally {
    progress.end();
  }
}

/** The configuration a command names. Throws Failure 'config-missing'. */
export function configOf(options: Common, ports: CliPorts): string {
  const file = options.config ?? ports.environment['DOCKET_CONFIG'];
  if (file === undefined || file === '') throw new Failure('config-missing', 'no station is named');
  return file;
}

/** Facts on stdout: JSON when asked for, else text. */
export function print(ports: CliPorts, options: Common, json: unknown, text: string): void {
  ports.out.write(options.json === true ? `${JSON.stringify(json, null, 2)}\n` : `${text}\n`);
}
