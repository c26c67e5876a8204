// The command line: commander's tree of commands over the use cases. Facts on stdout, talk on stderr, one table of exit codes.
// Never touches a ledger, a vault or a camera itself.
import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode, firstError, isFailure } from '../evidence/index.ts';
import type { CliPorts, End } from './answering.ts';
import { addCareCommands } from './care-commands.ts';
import { addIntakeCommands } from './intake-commands.ts';
import { addKeyCommands } from './key-commands.ts';
import { addOperationsCommands } from './operations-commands.ts';
import { addReadCommands } from './read-commands.ts';
import { addScreenCommand } from './screen.ts';
import { addStationCommands } from './station-commands.ts';
import { harmless } from './text.ts';
import { addVaultCommands } from './vault-commands.ts';

/** Runs one command line (without node and script) and returns the exit code. Never throws. */
export async function runCli(argv: readonly string[], ports: CliPorts): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const end: End = (code) => {
    exit = code;
  };
  try {
    await buildProgram(ports, end).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has already said what is wrong
    return reportFailure(ports, firstError(error), argv.includes('--json'));
  }
  return exit;
}

/** The tree of commands; `end` is told the exit code of the one that ran. */
export function buildProgram(ports: CliPorts, end: End): Command {
  const program = new Command('docket')
    .description('Keeps a case\u2019s text and video records together and safe from unnoticed change.')
    .version(ports.version)
    .option('--config <file>', 'the station\u2019s docket.toml; may also stand after the command')
    .option('--json', 'print the facts as JSON; may also stand after the command')
    .hook('preAction', (all, command) => {
      for (const name of ['config', 'json']) {
        const given: unknown = all.getOptionValue(name);
        if (given !== undefined && command.getOptionValue(name) === undefined) command.setOptionValue(name, given);
      }
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => ports.out.write(text),
      writeErr: (text) => ports.err.write(text.replace(/^error: /, 'docket: ')),
    })
    .showHelpAfterError('(docket --help shows the commands; docket COMMAND --help its options)')
    .addHelpText(
      'after',
      `\nExit codes: 0 in order; 1 verification found something; 2 usage or configuration; 3 not found; 4 refused;\n5 busy; 6 not everything was recorded (see the receipt); 7 disk or vault; 8 integrity; 9 cancelled; 70 a defect in docket.`,
    );
  addStationCommands(program, ports, end);
  addKeyCommands(program, ports, end);
  addIntakeCommands(program, ports, end);
  addReadCommands(program, ports, end);
  addCareCommands(program, ports, end);
  addVaultCommands(program, ports, end);
  addOperationsCommands(program, ports, end);
  addScreenCommand(program, ports, end);
  return program;
}

function reportFailure(ports: CliPorts, error: unknown, json: boolean): ExitCode {
  if (!isFailure(error)) {
    ports.err.write(
      `docket: a defect in docket: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nPlease report this text; nothing on record was changed by it.\n`,
    );
    return EXIT.defect;
  }
  ports.err.write(`docket: ${harmless(error.message)}\n  ${error.next}\n`);
  if (json)
    ports.out.write(
      `${JSON.stringify({ error: { code: error.code, message: error.message, next: error.next, facts: error.facts } }, null, 2)}\n`,
    );
  return error.exit;
}
