// docket case, find, item: what is on record.
// Never changes anything.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FindOrder } from '../custody/index.ts';
import { ITEM_KINDS } from '../evidence/index.ts';
import { type CliPorts, type Common, common, type End, widthOf, withStation } from './answering.ts';
import { showCase, showFound, showItem } from './show.ts';

/** Adds the commands that read. */
export function addReadCommands(program: Command, ports: CliPorts, end: End): void {
  const caseCommand = program.command('case').description('cases');
  common(
    caseCommand.command('show').argument('<number>').description('everything of a case, text and video together'),
  ).action((number: string, options: Common) =>
    withStation(ports, options, end, async (useCases) => {
      const view = await useCases.showCase(number);
      return { json: view, text: showCase(view, widthOf(ports)) };
    }),
  );
  common(
    program
      .command('find')
      .argument('[text]', 'words; two Chinese characters are enough')
      .description('search items by words, case, camera, officer, time, kind'),
  )
    .option('--case <number>')
    .option('--camera <serial>')
    .option('--officer <name>')
    .option('--from <date>', '2026-11-21 or 2026-11-21T08:00, station time')
    .option('--to <date>')
    .addOption(new Option('--kind <kind>').choices([...ITEM_KINDS]))
    .option('--limit <n>', 'most results', parseLimit, 50)
    .action((text: string | undefined, options: Common & Omit<FindOrder, 'text'>) =>
      withStation(ports, options, end, async (useCases) => {
        const { case: caseNumber, camera, officer, from, to, kind, limit } = options;
        const found = await useCases.find({ text, case: caseNumber, camera, officer, from, to, kind, limit });
        return { json: found, text: showFound(found, widthOf(ports)) };
      }),
    );
  addItemCommands(program, ports, end);
}

function addItemCommands(program: Command, ports: CliPorts, end: End): void {
  const item = program.command('item').description('single items');
  common(item.command('show').argument('<id>').description('one item: facts, manifest, proof')).action(
    (id: string, options: Common) =>
      withStation(ports, options, end, async (useCases) => {
        const detail = await useCases.showItem(id);
        return { json: detail, text: showItem(detail) };
      }),
  );
  common(
    item
      .command('fetch')
      .argument('<id>')
      .description('copy an item\u2019s bytes out, checking the digest while writing'),
  )
    .requiredOption('--out <file>', 'file to make; must not exist')
    .action((id: string, options: Common & { out: string }) =>
      withStation(ports, options, end, async (useCases, onWork) => {
        const fetched = await useCases.fetchItem({ item: id, out: options.out }, onWork, ports.signal);
        return {
          json: fetched,
          text: `${fetched.out}: ${fetched.sizeBytes} bytes, sha256 ${fetched.sha256} as on record`,
        };
      }),
    );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 10000.');
  return limit;
}
