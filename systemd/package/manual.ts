// The manual pages: docket(1) from its commands, docket.toml(5) from README, docketd(8) from the text beside this file.
// Never says anything that stands in neither.
import type { DescribedCommand } from './commands.ts';
import { formatEntry, formatMarkdown, formatText, formatTitle } from './roff.ts';

/** What the pages are made of. */
export interface ManualSources {
  readonly version: string;
  /** `2026-11-21`. */
  readonly date: string;
  readonly commands: readonly DescribedCommand[];
  readonly readme: string;
  readonly docketd: string;
}

/** The pages by their file name. */
export function formatManual({ version, date, commands, readme, docketd }: ManualSources): ReadonlyMap<string, string> {
  const title = (name: string, section: number): string => formatTitle({ name, section, date, version });
  return new Map([
    ['docket.1', title('docket', 1) + formatCommandPage(commands, sectionOf(readme, '### Exit codes'))],
    ['docket.toml.5', title('docket.toml', 5) + formatConfigPage(sectionOf(readme, '## Configuration'))],
    ['docketd.8', title('docketd', 8) + formatMarkdown(docketd)],
  ]);
}

/** What stands below a heading of README, up to the next one of its level or above. Throws when there is none. */
export function sectionOf(markdown: string, heading: string): string {
  const start = `\n${markdown}`.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`README has no "${heading}"`);
  const body = markdown.slice(start + heading.length);
  const level = heading.indexOf(' ');
  const end = body.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? body : body.slice(0, end);
}

function formatCommandPage(commands: readonly DescribedCommand[], exitCodes: string): string {
  const [program, ...rest] = commands;
  if (program === undefined) throw new Error('there are no commands');
  return [
    `.SH NAME\ndocket \\- command line of a body\\-camera evidence station\n`,
    `.SH SYNOPSIS\n.B docket\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n`,
    `.SH DESCRIPTION\n${formatText(program.about)}\nFacts go to standard output, talk and progress to standard error. Commands that write go through a running\n.BR docketd (8),\nor do the work themselves when none runs.\n`,
    `.SH OPTIONS\n${formatOptions(program)}`,
    `.SH COMMANDS\n${rest
      .filter((each) => each.commands.length === 0)
      .map(formatCommand)
      .join('')}`,
    `.SH EXIT STATUS\n${formatMarkdown(exitCodes)}`,
    `.SH ENVIRONMENT\n${formatEntry('\\fBDOCKET_CONFIG\\fR', 'Configuration of the station, where \\fB\\-\\-config\\fR names none. Default: /etc/docket/docket.toml.')}`,
    `.SH NOTES\nRoot acts on the station of this machine as the user docket, so that\n.BR docketd (8)\ncan write to what was made. Only init, restore, backup and item fetch, and a command with\n\\fB\\-\\-config\\fR, run as root. Users in the group docket may use the station while docketd runs.\n`,
    `.SH FILES\n${formatEntry('/etc/docket/docket.toml', 'Configuration of the station of this machine; see \\fBdocket.toml\\fR(5).')}`,
    `.SH SEE ALSO\n.BR docketd (8),\n.BR docket.toml (5)\n`,
  ].join('');
}

function formatCommand(command: DescribedCommand): string {
  return `.SS ${formatText(command.usage)}\n${formatText(command.about)}\n${formatOptions(command)}`;
}

function formatOptions({ options }: DescribedCommand): string {
  return options.map(({ flags, about }) => formatEntry(`\\fB${formatText(flags)}\\fR`, formatText(about))).join('');
}

function formatConfigPage(section: string): string {
  return [
    `.SH NAME\ndocket.toml \\- configuration of a docket station\n`,
    `.SH SYNOPSIS\n/etc/docket/docket.toml\n`,
    `.SH DESCRIPTION\n${formatMarkdown(section)}`,
    `.SH SEE ALSO\n.BR docket (1),\n.BR docketd (8)\n`,
  ].join('');
}
