// docket verify, scrub, rebuild: proof and repair of what can be made again.
// Never repairs evidence.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { VerifyResult } from '../custody/index.ts';
import { EXIT, Failure } from '../evidence/index.ts';
import { type Answer, type CliPorts, type Common, common, type End, withProgress, withStation } from './answering.ts';
import { showScrub, showVerify } from './show.ts';
import { type AddressOptions, addressed, addressOf } from './vault-commands.ts';

/** Adds the commands that take care of the archive. */
export function addCareCommands(program: Command, ports: CliPorts, end: End): void {
  addVerify(program, ports, end);
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

function addVerify(program: Command, ports: CliPorts, end: End): void {
  addressed(
    common(program.command('verify').description('prove that everything on record is there and unaltered'))
      .addOption(new Option('--case <number>', 'only this case').conflicts('item'))
      .option('--item <id>', 'only this item')
      .addOption(
        new Option('--quick', 'all proofs and signatures, and what the vault tells of payloads without their bytes')
          .default(false)
          .conflicts('full'),
      )
      .option('--full', 'every byte, read back by the version on record (the default)', false)
      .addOption(
        new Option(
          '--public-key <line or file>',
          'without a station, on any machine: the vault that is named, by the first key line of its station',
        ).conflicts(['case', 'item', 'config']),
      ),
    'with --public-key: a folder, s3://BUCKET or s3://BUCKET/PREFIX',
  ).action((options: VerifyOptions) => {
    const { publicKey, quick } = options;
    if (publicKey === undefined) return verifyHere(options, ports, end);
    const vault = addressOf(options);
    if (vault === undefined)
      throw new Failure('invalid', '--public-key needs the vault too: --vault FOLDER or --vault s3://BUCKET');
    return withProgress(ports, options, end, async (onWork) =>
      answerOf(await ports.doors.verifyOutside({ publicKey, vault, quick }, onWork, ports.signal)),
    );
  });
}

type VerifyOptions = Common &
  AddressOptions & {
    readonly case?: string;
    readonly item?: string;
    readonly quick: boolean;
    readonly publicKey?: string;
  };

function verifyHere(options: VerifyOptions, ports: CliPorts, end: End): Promise<void> {
  if (addressOf(options) !== undefined)
    throw new Failure('invalid', '--vault belongs to --public-key: a station verifies the vaults of its configuration');
  const { case: caseNumber, item, quick } = options;
  return withStation(ports, options, end, async (useCases, onWork) =>
    answerOf(await useCases.verify({ case: caseNumber, item, quick }, onWork, ports.signal)),
  );
}

function answerOf(result: VerifyResult): Answer {
  return { json: result, text: showVerify(result), exit: result.ok ? EXIT.ok : EXIT.findings };
}

function parseGib(text: string): number {
  const gib = Number(text);
  if (!Number.isFinite(gib) || gib <= 0)
    throw new InvalidArgumentError('expected a number of GiB above 0, for example 20.');
  return gib;
}
