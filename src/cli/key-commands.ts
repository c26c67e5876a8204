// docket keys show, replace: the keys a station seals with.
// Never prints a private key.
import type { Command } from 'commander';
import { EXIT } from '../evidence/index.ts';
import { type CliPorts, type Common, common, type End, withStation } from './answering.ts';
import type { KeysView, KeyView, ReplacedKey } from './key-views.ts';
import { showVerify } from './show.ts';
import { harmless } from './text.ts';

/** Adds the commands about keys. */
export function addKeyCommands(program: Command, ports: CliPorts, end: End): void {
  const keys = program.command('keys').description('the keys that the station seals with');
  common(keys.command('show').description('the public keys: C2SP verifier key line and PEM')).action(
    (options: Common) =>
      withStation(ports, options, end, async (useCases) => {
        const shown = await useCases.showKeys();
        return { json: shown, text: showKeys(shown) };
      }),
  );
  common(
    keys
      .command('replace')
      .description('go on with a new key; docketd must be stopped. Cut off anywhere, the same command goes on')
      .requiredOption('--reason <text>', 'why; it is put on record')
      .option(
        '--backup <dir>',
        'back the station up there first, with the new key: without such a backup nothing is replaced',
      ),
  ).action((options: Common & { reason: string; backup?: string }) =>
    withStation(ports, options, end, async (useCases, onWork) => {
      const { reason, backup } = options;
      const done = await useCases.replaceKey({ reason, backup, actor: ports.actor }, onWork, ports.signal);
      return { json: done, text: showReplaced(done), exit: done.verified.ok ? EXIT.ok : EXIT.findings };
    }),
  );
}

/** One key that was never replaced is shown as it always was: its line and PEM, for a pipe. */
function showKeys({ keyLine, pem, keys }: KeysView): string {
  if (keys === null || keys.length === 1) return `${keyLine}\n${pem}`.trimEnd();
  return keys.map(showKey).join('\n\n');
}

function showKey({ keyLine, pem, from, to, replacedAt, reason }: KeyView): string {
  const range = to === null ? `from ledger entry ${from} on` : `ledger entries ${from} to ${to}`;
  const until = replacedAt === null ? 'in force' : `replaced ${replacedAt}: ${harmless(reason ?? '')}`;
  return `${range}; ${until}\n${keyLine}\n${pem}`.trimEnd();
}

function showReplaced(done: ReplacedKey): string {
  return [
    done.resumed
      ? `The replacement that was cut off is finished: entry ${done.index}, ${harmless(done.reason)}`
      : `The key is replaced: entry ${done.index}, ${harmless(done.reason)}`,
    `  before  ${done.old}`,
    `  now     ${done.new}`,
    ...(done.backup === null ? [] : [`  backup  ${done.backup}`]),
    'Write the new key line down beside the first one. station.public_key in docket.toml stays the first key.',
    'Older backups do not hold the new key: keep them locked away, the old key is in them.',
    '',
    showVerify(done.verified),
    'That was the quick check. Next: start docketd, and docket verify when there is time to read everything.',
  ].join('\n');
}
