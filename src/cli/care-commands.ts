// docket verify, scrub, rebuild: proof and repair of what can be made again.
// Never repairs evidence.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../evidence/index.ts';
import { type CliPorts, type Common, common, type End, withStation } from './answering.ts';
import { showScrub, showVerify } from './show.ts';

/** Adds the commands that take care of the archive. */
export function addCareCommands(program: Command, ports: CliPorts, end: End): void {
  common(program.command('verify').description('prove that everything on record is there and unaltered'))
    .addOption(new Option('--case <number>', 'only this case').conflicts('item'))
    .option('--item <id>', 'only this item')
    .addOption(
      new Option('--quick', 'all proofs and signatures, and what the vault tells of payloads without their bytes')
        .default(false)
        .conflicts('full'),
    )
    .option('--full', 'every byte, read back by the version on record (the default)', false)
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
  common(
    program
      .command('scrub')
      .description('read back now a part of what is on record, from where the rolling check stands'),
  )
    .option('--budget-gib <n>', 'how much to read at most (default: scrub.gib_per_day)', parseGib)
    .action((options: Common & { budgetGib?: number }) =>
      withStation(ports, options, end, async (useCases, onWork) => {
        const view = await useCases.scrub({ budgetGib: options.budgetGib }, onWork, ports.signal);
        return { json: view, text: showScrub(view), exit: view.ok ? EXIT.ok : EXIT.findings };
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

function parseGib(text: string): number {
  const gib = Number(text);
  if (!Number.isFinite(gib) || gib <= 0)
    throw new InvalidArgumentError('expected a number of GiB above 0, for example 20.');
  return gib;
}
