// docket init, config, status: the station itself.
// Never writes to a station that stands.
import type { Command } from 'commander';
import { type CliPorts, type Common, common, configOf, type End, print, withStation } from './answering.ts';
import { showStatus } from './show.ts';
import { harmless } from './text.ts';
import { type AddressOptions, addressed, addressOf } from './vault-commands.ts';

/** Adds the commands about the station. */
export function addStationCommands(program: Command, ports: CliPorts, end: End): void {
  addressed(
    common(
      program
        .command('init')
        .argument('[dir]', 'folder of the new station', '.')
        .description(
          'make a station: configuration, key, empty ledger, and a directory vault unless an S3 vault is named',
        )
        .option('--name <station>', 'name of the station, for good (default: host name and four digits)'),
    ),
  ).action(async (directory: string, options: Common & AddressOptions & { name?: string }) => {
    const order = { directory, actor: ports.actor, name: options.name, vault: addressOf(options) };
    const made = await ports.doors.init(order);
    print(
      ports,
      options,
      made,
      [
        `Station ${made.station} stands in ${made.folder}`,
        `  configuration  ${made.config}`,
        `  public key     ${made.keyLine}`,
        ...made.warnings.map((each) => `  Warning: ${harmless(each)}`),
        '  Write the public key down somewhere else, and back up station.key: without it nothing can be sealed.',
        `Next: docket --help, or: docket dock FOLDER --config ${made.config}`,
      ].join('\n'),
    );
  });
  const config = program.command('config').description('the configuration');
  common(config.command('check').description('check the configuration and say what is wrong with it')).action(
    async (options: Common) => {
      const checked = await ports.doors.checkConfig(configOf(options, ports));
      print(
        ports,
        options,
        checked,
        [
          `${checked.file} is in order (station ${checked.station}).`,
          ...checked.warnings.map((each) => `Warning: ${each}`),
        ].join('\n'),
      );
    },
  );
  common(program.command('status').description('station, docks, queue, ledger, last problems')).action(
    (options: Common) =>
      withStation(ports, options, end, async (useCases) => {
        const status = await useCases.status();
        return { json: status, text: showStatus(status) };
      }),
  );
}
