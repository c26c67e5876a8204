// docket backup, restore, doctor, log: running a station over years.
// Never prints a secret; never restores over anything.
import { Argument, type Command } from 'commander';
import { EXIT } from '../evidence/index.ts';
import { LOG_LEVELS } from '../platform/index.ts';
import { type CliPorts, type Common, common, configOf, type End, print, withStation } from './answering.ts';
import { harmless, pad, widthOf } from './text.ts';
import type { BackupView, DoctorView, RestoreView } from './use-cases.ts';

/** Adds the commands that operate a station. */
export function addOperationsCommands(program: Command, ports: CliPorts, end: End): void {
  addBackup(program, ports, end);
  common(
    program
      .command('doctor')
      .description('check the whole installation: a checklist that says what to do; exit 1 when something fails'),
  ).action(async (options: Common) => {
    const view = await ports.doors.doctor(configOf(options, ports), ports.signal);
    print(ports, options, view, showDoctor(view));
    end(view.ok ? EXIT.ok : EXIT.findings);
  });
  const log = program.command('log').description('what docketd says');
  common(
    log
      .command('level')
      .description('change how much a running docketd says, until its next start or reload')
      .addArgument(new Argument('<level>').choices(LOG_LEVELS)),
  ).action((level: string, options: Common) =>
    withStation(ports, options, end, async (useCases) => {
      const done = await useCases.setLogLevel(level);
      return { json: done, text: `docketd says ${done.level} and above (before: ${done.before}).` };
    }),
  );
}

function addBackup(program: Command, ports: CliPorts, end: End): void {
  common(
    program
      .command('backup')
      .argument('<dir>', 'an existing folder, best on a disk that is kept elsewhere')
      .description('copy what the vault cannot give back: key, configuration, ledger head; beside a running docketd'),
  ).action((dir: string, options: Common) =>
    withStation(ports, options, end, async (useCases) => {
      const made = await useCases.backup(dir);
      return { json: made, text: showBackup(made) };
    }),
  );
  common(
    program
      .command('restore')
      .argument('<backup>', 'a folder that docket backup made')
      .requiredOption('--to <dir>', 'folder of the station: empty, or with nothing but its vault')
      .description('make a station again from a backup, and say how it stands to the vault'),
  ).action(async (backup: string, options: Common & { to: string }) => {
    const restored = await ports.doors.restore({ backup, to: options.to });
    print(ports, options, restored, showRestore(restored));
  });
}

function showBackup({ folder, files, ledgerSize, notIncluded, warnings }: BackupView): string {
  return [
    `Backed up to ${folder}: ${files.length} files, ledger of ${ledgerSize} entries.`,
    'WHOEVER HAS THIS FOLDER CAN SEAL IN THE NAME OF THIS STATION: keep it locked away, and not beside the station.',
    ...notIncluded.map((each) => `Not included: ${harmless(each)}`),
    ...warnings.map((each) => `Warning: ${harmless(each)}`),
    'The evidence is in the vault, not here.',
  ].join('\n');
}

function showRestore(view: RestoreView): string {
  return [
    `Station ${view.station} restored to ${view.folder}:`,
    ...view.files.map((each) => `  ${each}`),
    ...view.missing.map((each) => `Not there: ${harmless(each)}`),
    ...standingLines(view),
    'Make sure that the old station does not run any more: two stations of one name contradict each other.',
    view.owner === null
      ? 'The files belong to you now: give them to the user that docketd runs as (chown -R).'
      : `The files belong to the user ${view.owner}, as the folder does.`,
  ].join('\n');
}

/** How the head stands to the vault, and the command that follows. */
function standingLines({ vault, ledgerSize, config, owner }: RestoreView): string[] {
  const as = owner === null ? '' : `runuser -u ${owner} -- `; // what root wrote there, that user could not write to later
  const next = (command: string): string => `Next: ${as}docket ${command} --config ${config}`;
  switch (vault.standing) {
    case 'ahead':
      return [
        `The vault knows more than this backup: ${vault.size ?? 'unknown'} ledger entries, the backup ${ledgerSize}. That is normal for an older backup.`,
        'Nothing can be recorded until the ledger is read from the vault.',
        next('rebuild --from-vault'),
      ];
    case 'current':
    case 'new':
      return [`The ledger of ${ledgerSize} entries continues what stands in the vault.`, next('rebuild')];
    case 'behind':
      return [
        `The vault shows ${vault.size ?? 'unknown'} ledger entries, fewer than were published there: is it an old copy of the vault?`,
        next('verify'),
      ];
    case 'missing':
      return ['The vault holds nothing of this ledger, and did: is it the right disk?', next('doctor')];
    case 'away':
      return [
        `NOT COMPARED with the vault: ${harmless(vault.why ?? '')}`,
        'Connect the vault before you start docketd.',
        next('doctor'),
      ];
    case 'contradicts':
      return [`The vault does not fit this backup: ${harmless(vault.why ?? '')}`, next('rebuild --from-vault')];
  }
}

const STATE_WORDS = { ok: 'ok', warn: 'WARN', fail: 'FAIL' } as const;

/** The checklist; what to do stands below its line. */
function showDoctor({ checks }: DoctorView): string {
  const wide = Math.max(...checks.map(({ check }) => widthOf(check)), 0);
  const lines = checks.flatMap(({ check, state, what, next }) => [
    `${pad(STATE_WORDS[state], 4)}  ${pad(check, wide)}  ${harmless(what)}`,
    ...(next === undefined ? [] : [`${' '.repeat(wide + 8)}-> ${harmless(next)}`]),
  ]);
  const count = (state: string): number => checks.filter((each) => each.state === state).length;
  const [fails, warnings] = [count('fail'), count('warn')];
  const verdict = fails === 0 ? 'Nothing fails' : `${fails} of ${checks.length} checks FAIL`;
  return [...lines, '', `${verdict}${warnings === 0 ? '' : `; ${warnings} warning(s)`}.`].join('\n');
}
