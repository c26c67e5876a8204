// docket verify, rebuild: proof and repair of what can be made again.
// Never repairs evidence.
import { type Command, Option } from 'commander';
import { EXIT } from '../evidence/index.ts';
import { type CliPorts, type Common, common, type End, withStation } from './answering.ts';
import { showVerify } from './show.ts';

/** Adds the commands that take care of the archive. */
export function addCareCommands(program: Command, ports: CliPorts, end: End): void {
  common(program.command('verify').description('prove that everything on record is there and unaltered'))
    .addOption(new Option('--case <number>', 'only this case').conflicts('item'))
    .option('--item <id>', 'only this item')
    .option('--quick', 'all proofs and signatures, without reading payload bytes', false)
    .action((options: Common & { case?: string; item?: string; quick: boolean }) =>
      withStation(ports, options, end, async (useCases, onWork) => {
        const result = await useCases.verify(
          { case: options.case, item: options.item, quick: options.quick },
          onWork,
          ports.signal,
        );
        return { json: result, text: showVerify(result), exit: result.ok ? EXIT.ok : EXIT.findings };
      }),
    );
  common(program.command('rebuild').description('make the catalog again from the ledger'))
    .option('--from-vault', 'make the ledger head again from the vault too', false)
    .action((options: Common & { fromVault: boolean }) =>
      withStation(ports, options, end, async (useCases, onWork) => {
        const done = await useCases.rebuild({ fromVault: options.fromVault, actor: ports.actor }, onWork, ports.signal);
        const aside = done.setAside.map((each) => `Kept aside: ${each}`);
        return {
          json: done,
          text: [
            `Rebuilt: ledger of ${done.ledgerSize} entries, catalog of ${done.catalogApplied}${done.adopted > 0 ? `, ${done.adopted} record(s) taken up again from the vault` : ''}.`,
            ...aside,
            'Next: docket verify',
          ].join('\n'),
        };
      }),
    );
}
