// The bash completion, asked by bash itself: every command and option of the command line is offered, so none can be forgotten.
// Its expectations come from the command line, not from what the completion is made of.
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { buildProgram, type CliPorts } from '../../src/cli/index.ts';
import { describeCommands } from '../../systemd/package/commands.ts';
import { formatCompletion } from '../../systemd/package/completion.ts';
import { run } from '../child.ts';
import { makeTempFolder } from '../temp-folder.ts';

const SCRIPT = formatCompletion(describeCommands('1.2.3'));
const program = buildProgram({ version: '1.2.3', out: {}, err: {} } as unknown as CliPorts, () => undefined); // is only looked at
const everyCommand = walk(program, []);

function walk(
  command: Command,
  path: readonly string[],
): { readonly command: Command; readonly path: readonly string[] }[] {
  return [{ command, path }, ...command.commands.flatMap((each) => walk(each, [...path, each.name()]))];
}

/** What bash offers after each of these lines, whose last word is being typed. */
async function offered(lines: readonly (readonly string[])[], cwd = '/'): Promise<readonly (readonly string[])[]> {
  const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  const asks = lines.map(
    (words) =>
      `COMP_WORDS=(docket ${words.map(quote).join(' ')}); COMP_CWORD=${words.length}; _docket; printf '%s\\t' "\${COMPREPLY[@]}"; echo`,
  );
  const { stdout, stderr } = await run('bash', ['--norc', '-c', [`cd ${quote(cwd)}`, SCRIPT, ...asks].join('\n')]);
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').filter((word) => word !== ''));
}

it('offers the commands below every group', async () => {
  const groups = everyCommand.filter(({ command }) => command.commands.length > 0);
  expect(groups.length).toBeGreaterThan(5);
  const answers = await offered(groups.map(({ path }) => [...path, '']));
  expect(answers).toEqual(groups.map(({ command }) => [...command.commands.map((each) => each.name()), 'help']));
});

it('offers every option of every command', async () => {
  const answers = await offered(everyCommand.map(({ path }) => [...path, '-']));
  const missing = everyCommand.flatMap(({ command, path }, at) =>
    [...command.options.map(({ long }) => long ?? ''), '--help']
      .filter((option) => answers[at]?.includes(option) !== true)
      .map((option) => [...path, option].join(' ')),
  );
  expect(missing).toEqual([]);
});

it('offers the words of an option that knows its words, also after =', async () => {
  expect(
    await offered([
      ['find', '--kind', 'p'],
      ['find', '--kind', '=', 'doc'],
      ['init', '--mode', ''],
    ]),
  ).toEqual([['photo'], ['document'], ['compliance', 'governance']]);
});

it('begins with what is typed, and knows where it is behind options and their values', async () => {
  expect(
    await offered([['ver'], ['--config', 'item', 'case', 's'], ['--json', 'item', 'f'], ['status', 'find', '']]),
  ).toEqual([['verify'], ['show'], ['fetch'], []]);
});

it('offers files and folders, Chinese names with spaces too, and nothing for what it would have to look up', async () => {
  await using folder = await makeTempFolder();
  await run('mkdir', [folder.at('卡 一')]);
  await run('touch', [folder.at('询问 笔录.pdf'), folder.at('docket.toml')]);
  const lines = [
    ['dock', ''],
    ['document', 'add', '询'],
    ['verify', '--config', 'd'],
    ['item', 'show', ''],
    ['find', '--case', ''],
  ];
  expect(await offered(lines, folder.path)).toEqual([['卡 一'], ['询问 笔录.pdf'], ['docket.toml'], [], []]);
});
