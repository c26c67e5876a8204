// The commands of docket as data, read off the command line itself: manual and completion are made from it, so neither can lag behind.
// Never runs a command.
import type { Argument, Command, Option } from 'commander';
import { buildProgram, type CliPorts } from '../../src/cli/index.ts';
import { systemClock } from '../../src/platform/index.ts';

/** What may stand where a value is expected: a name of the file system, one of a few words, or anything. */
export type Value =
  | { readonly kind: 'file' | 'folder' | 'any' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

/** An option of a command. */
export interface DescribedOption {
  /** As help shows it: `--config <file>`. */
  readonly flags: string;
  /** Its spellings, without the value: `-V`, `--version`. */
  readonly names: readonly string[];
  /** Absent for one that takes none. */
  readonly value?: Value;
  readonly about: string;
}

/** A command, or a group of commands; the program itself has the empty path. */
export interface DescribedCommand {
  readonly path: readonly string[];
  /** As help shows it: `docket case show [options] <number>`. */
  readonly usage: string;
  readonly about: string;
  /** Names of the commands below it. */
  readonly commands: readonly string[];
  readonly options: readonly DescribedOption[];
  /** What its arguments are; absent when it takes none. */
  readonly operand?: Value;
}

/** Every command, groups before what is in them, in the order of help. */
export function describeCommands(version: string): readonly DescribedCommand[] {
  return describe(
    buildProgram(unused(version), () => undefined),
    [],
  );
}

/** The program is only looked at: nothing of it runs. */
function unused(version: string): CliPorts {
  const out = { write: () => true };
  const refuse = (): Promise<never> => Promise.reject(new Error('defect: no command runs here'));
  const vaults = { check: refuse, init: refuse, policy: refuse };
  return {
    doors: {
      open: refuse,
      init: refuse,
      checkConfig: refuse,
      restore: refuse,
      doctor: refuse,
      verifyOutside: refuse,
      vaults,
    },
    out,
    err: out,
    clock: systemClock,
    environment: {},
    actor: '',
    version,
    signal: new AbortController().signal,
  };
}

function describe(command: Command, path: readonly string[]): DescribedCommand[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command);
  const operand = path.at(-1) === 'help' ? undefined : command.registeredArguments.map(valueOfArgument)[0];
  return [
    {
      path,
      usage: help.commandUsage(command),
      about: command.description(),
      commands: below.map((each) => each.name()),
      options: help.visibleOptions(command).map((option) => ({
        flags: option.flags,
        names: [option.short, option.long].filter((name) => name !== undefined),
        about: help.optionDescription(option),
        ...(option.required || option.optional ? { value: valueOfOption(option) } : {}),
      })),
      ...(operand === undefined ? {} : { operand }),
    },
    ...below.flatMap((each) => describe(each, [...path, each.name()])),
  ];
}

function valueOfOption(option: Option): Value {
  return valueOf(/<(.+)>|\[(.+)\]/.exec(option.flags)?.slice(1).join('') ?? '', option.argChoices);
}

function valueOfArgument(argument: Argument): Value {
  return valueOf(argument.name(), argument.argChoices);
}

/** The house names values by what they are: `<file>`, `<path>`, `[dir]`. */
function valueOf(name: string, choices: readonly string[] | undefined): Value {
  if (choices !== undefined) return { kind: 'words', words: choices };
  if (/file/.test(name)) return { kind: 'file' };
  if (/path|dir|folder/.test(name)) return { kind: 'folder' };
  return { kind: 'any' };
}
