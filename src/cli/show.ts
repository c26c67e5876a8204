// Results as people read them, on stdout. With --json the same facts are printed as they are, and nothing here is used.
// Never decides anything: exit codes come from results in program.ts.
import type { CaseView, ItemDetail, ItemView, VerifyResult } from '../custody/index.ts';
import { type Finding, OPEN_OUTCOMES, WAITS_TEXT } from '../evidence/index.ts';
import { durationText, harmless, sizeText, table, timeText } from './text.ts';
import type { CameraView, DockResult, ScrubView, StatusView } from './use-cases.ts';

const OUTCOME_WORDS: Record<string, string> = {
  recorded: 'recorded',
  'already-recorded': 'already on record',
  interrupted: 'INTERRUPTED',
  'in-progress': 'still recording',
  skipped: 'skipped',
  refused: 'REFUSED',
  failed: 'FAILED',
};
/** Most findings and files printed one by one; --json has all. */
const MAX_LINES = 200;

/** A receipt: what became of every file. */
export function showReceipt(result: DockResult, columns?: number): string {
  const rows = result.files
    .slice(0, MAX_LINES)
    .map((file) => [
      harmless(file.path),
      sizeText(file.sizeBytes),
      file.kind + (file.keyMark ? ' *' : ''),
      outcomeText(file),
      file.reason === null ? '' : harmless(file.reason),
    ]);
  const counts = new Map<string, number>();
  for (const file of result.files) counts.set(outcomeText(file), (counts.get(outcomeText(file)) ?? 0) + 1);
  const total = [...counts].map(([outcome, n]) => `${n} ${outcome}`).join(', ');
  return [
    `Receipt ${result.acquisition}   camera ${harmless(result.camera.serial ?? result.camera.folder ?? 'none')}${result.camera.officer?.name === undefined ? '' : `   officer ${harmless(result.camera.officer.name)}`}${result.case === undefined ? '' : `   case ${result.case}`}`,
    '',
    table(['file', 'size', 'kind', 'outcome', ''], rows, columns),
    ...(result.files.length > MAX_LINES
      ? [`... and ${result.files.length - MAX_LINES} more files (docket dock --json lists all)`]
      : []),
    '',
    ...result.gaps.map(
      (gap) =>
        `Gap: ${gap.kind === 'time' ? durationText(gap.missing * 1000) : `${gap.missing} number(s)`} missing between ${harmless(gap.after)} and ${harmless(gap.before)}`,
    ),
    ...result.notes.map((note) => `Note: ${harmless(note)}`),
    `${total === '' ? 'no files' : total}.${result.files.some((file) => file.keyMark) ? '  (* key-marked by the officer)' : ''}`,
    ...(result.onRecord ? [] : waitingLines(result)),
  ].join('\n');
}

function outcomeText(file: DockResult['files'][number]): string {
  return file.waiting === true ? WAITS_TEXT : (OUTCOME_WORDS[file.outcome] ?? file.outcome);
}

/** Whether the camera may go is what an officer wants to know first. */
function waitingLines({ files }: DockResult): string[] {
  const open = files.some(
    ({ outcome, waiting }) => OPEN_OUTCOMES.has(outcome) && outcome !== 'in-progress' && waiting !== true,
  );
  return [
    'The receipt is safe in the spool and not yet in the vault; it is recorded as soon as the vault takes it.',
    open
      ? 'Not everything was copied: leave the camera docked, or dock it again.'
      : 'Everything is copied: the camera may be taken away.',
  ];
}

function itemRow(item: ItemView): string[] {
  const what = item.documentType ?? item.media ?? '';
  return [
    timeText(item.capturedAt),
    item.kind + (item.keyMark ? ' *' : ''),
    harmless(item.path),
    sizeText(item.sizeBytes),
    item.durationMs === null ? '' : durationText(item.durationMs),
    harmless(item.officer ?? item.camera ?? ''),
    harmless(item.readable === false ? `NOT PLAYABLE: ${item.problem ?? ''}` : what),
    item.itemId,
  ];
}

const ITEM_HEADER = ['captured', 'kind', 'file', 'size', 'length', 'officer', 'what', 'item'];

/** Narrower terminals get what belongs to an item on a second line, instead of a table that breaks. */
const WIDE_COLUMNS = 140;
/** Of an item's row: what and item id, the last two cells. */
const SECOND_LINE = 2;

/** Items as a table, with `cells` of the caller's own before each row. */
function itemTable(
  own: readonly string[],
  items: readonly ItemView[],
  cells: (item: ItemView) => string[],
  columns?: number,
): string {
  const header = [...own, ...ITEM_HEADER];
  const rows = items.map((item) => [...cells(item), ...itemRow(item)]);
  if (columns === undefined || columns >= WIDE_COLUMNS) return table(header, rows, columns);
  const [head, ...lines] = table(
    header.slice(0, -SECOND_LINE),
    rows.map((row) => row.slice(0, -SECOND_LINE)),
    columns,
  ).split('\n');
  return [
    head,
    ...lines.map((line, k) => `${line}\n    ${rows[k]?.slice(-SECOND_LINE).toReversed().join('  ').trimEnd() ?? ''}`),
  ].join('\n');
}

/** A case: text and video together. */
export function showCase(view: CaseView, columns?: number): string {
  const counts = Object.entries(view.counts)
    .map(([kind, n]) => `${n} ${kind}`)
    .join(', ');
  return [
    `Case ${view.case}: ${view.items.length} items (${counts}), ${sizeText(view.sizeBytes)}, ${durationText(view.durationMs)} of recording`,
    `captured ${timeText(view.firstCapturedAt)} to ${timeText(view.lastCapturedAt)}`,
    '',
    itemTable([], view.items, () => [], columns),
    ...(view.folder === null ? [] : ['', `In the vault: ${view.folder}`]),
    ...view.items
      .filter((item) => item.pictures.contactSheet !== null)
      .map((item) => `Contact sheet of ${harmless(item.path)}: ${item.pictures.contactSheet ?? ''}`),
  ].join('\n');
}

/** Search results. */
export function showFound(
  found: { readonly items: readonly ItemView[]; readonly more: boolean },
  columns?: number,
): string {
  if (found.items.length === 0) return 'Nothing found.';
  return [
    itemTable(['case'], found.items, (item) => [harmless(item.case ?? '-')], columns),
    ...(found.more ? ['', 'There is more: narrow the search, or raise --limit.'] : []),
  ].join('\n');
}

/** One item with everything known of it. */
export function showItem(item: ItemDetail): string {
  const rows: [string, string | null][] = [
    ['item', item.itemId],
    ['case', item.case],
    ['kind', item.kind + (item.keyMark ? ', key-marked' : '')],
    ['type', item.documentType],
    ['file', item.path],
    ['size', `${item.sizeBytes} bytes (${sizeText(item.sizeBytes)})`],
    [
      'captured',
      `${timeText(item.capturedAt)} (from the file's ${item.capturedFrom === 'name' ? 'name' : 'modification time'}, the camera's clock)`,
    ],
    ['recorded', timeText(item.recordedAt)],
    ['camera', item.camera],
    ['officer', item.officer],
    ['length', item.durationMs === null ? null : durationText(item.durationMs)],
    ['media', item.media],
    ['place', item.location],
    ['readable', item.readable === null ? 'not looked into' : item.readable ? 'yes' : `no: ${item.problem ?? ''}`],
    ['sha256', item.sha256],
    ['sm3', item.sm3],
    ['keep until', `${item.retainUntil} (${item.retentionClass})`],
    ['acquisition', item.acquisition],
    ['ledger entry', `${item.ledgerIndex}${item.proof === null ? ' (not yet published)' : ' (proof with --json)'}`],
    ['payload', item.payloadKey],
    ['copies', item.copies.map(copyText).join('; ')],
    ['manifest', item.manifestKey],
    ['poster', item.pictures.poster],
    ['contact sheet', item.pictures.contactSheet],
  ];
  return table(
    ['', ''],
    rows.flatMap(([name, value]) => (value === null ? [] : [[name, harmless(value)]])),
  ).replace(/^\n/, '');
}

function copyText({ vault, lock, retainUntil, legalHold }: ItemDetail['copies'][number]): string {
  const until = retainUntil === undefined ? '' : ` until ${retainUntil.slice(0, 10)}`;
  return `${vault}${lock === 'none' ? '' : ` (locked${until}${legalHold === true ? ', legal hold' : ''})`}`;
}

/** Registered cameras. */
export function showCameras(cameras: readonly CameraView[], columns?: number): string {
  if (cameras.length === 0) return 'No cameras are registered. Register one: docket camera add SERIAL --officer NAME';
  return table(
    ['serial', 'model', 'profile', 'officer', 'certificate', 'unit', 'registered', ''],
    cameras.map((each) => [
      harmless(each.serial),
      harmless(each.model ?? ''),
      each.profile ?? '',
      harmless(each.officer.name ?? ''),
      harmless(each.officer.certificate ?? ''),
      harmless(each.unit ?? ''),
      timeText(each.registeredAt),
      each.removed ? 'removed' : '',
    ]),
    columns,
  );
}

/** What verification looked at and found. */
export function showVerify(result: VerifyResult): string {
  const checked = Object.entries(result.checked)
    .map(([what, n]) => (what === 'bytes' ? `${sizeText(n)} read` : `${n} ${what}`))
    .join(', ');
  if (result.ok) return `Everything is in order: ${checked}.`;
  const lines = result.findings
    .slice(0, MAX_LINES)
    .map((each: Finding) => `  ${each.code}  ${harmless(each.where)}\n      ${harmless(each.what)}`);
  return [
    `NOT in order: ${result.findings.length} finding(s). Checked ${checked}.`,
    ...lines,
    ...(result.findings.length > MAX_LINES
      ? [`  ... and ${result.findings.length - MAX_LINES} more (--json lists all)`]
      : []),
  ].join('\n');
}

function showVaultLine({ name, where, awaySince, why, behind }: StatusView['vaults'][number]): string {
  const away = awaySince === null ? '' : `; AWAY since ${timeText(awaySince)}: ${harmless(why ?? '')}`;
  return `Vault ${name} (${harmless(where)}): ${behind === 0 ? 'up to date' : `${behind} entries behind`}${away}`;
}

/** What was read back now, and what of it was wrong. */
export function showScrub(view: ScrubView): string {
  const { ok, items, bytes, findings, complete, next, size } = view;
  const where = complete ? 'The end of the ledger was reached' : `${next} of ${size} ledger entries are read back`;
  const lines = findings
    .slice(0, MAX_LINES)
    .map((each) => `  ${each.code}  ${harmless(each.where)}\n      ${harmless(each.what)}`);
  return [
    `${ok ? 'In order' : `NOT in order: ${findings.length} finding(s)`}: ${items} items, ${sizeText(bytes)} read back. ${where}.`,
    ...lines,
    ...(findings.length > MAX_LINES ? [`  ... and ${findings.length - MAX_LINES} more (--json lists all)`] : []),
  ].join('\n');
}

function showScrubLine(scrub: StatusView['scrub']): string {
  const last = scrub.lastCycleAt === null ? 'never complete yet' : `last complete ${timeText(scrub.lastCycleAt)}`;
  const now = scrub.cycleStartedAt === null ? 'resting' : `at entry ${scrub.next} of ${scrub.size}`;
  const today = `${sizeText(scrub.bytesToday)} of ${sizeText(scrub.budgetBytes)} today`;
  return [
    `Rolling check: ${last}, ${now}, ${today}`,
    ...(scrub.enabled ? [] : ['switched OFF']),
    ...(scrub.overdue ? ['OVERDUE'] : []),
    ...(scrub.findings > 0 ? [`${scrub.findings} FINDING(S): docket verify names them`] : []),
  ].join(', ');
}

/** The station at a glance. */
export function showStatus(status: StatusView): string {
  const items = Object.entries(status.catalog.items)
    .map(([kind, n]) => `${n} ${kind}`)
    .join(', ');
  return [
    `Station ${status.station}: docketd is ${status.daemon ? 'running' : 'NOT running'}`,
    ...(status.docks.length === 0
      ? ['Docks: no camera is being copied']
      : [
          'Docks:',
          table(
            ['  camera', 'officer', 'state', 'files', 'bytes', 'left'],
            status.docks.map((dock) => [
              `  ${harmless(dock.camera)}`,
              harmless(dock.officer ?? ''),
              dock.state,
              `${dock.filesDone}/${dock.filesTotal}`,
              `${sizeText(dock.bytesDone)} of ${sizeText(dock.bytesTotal)}`,
              dock.secondsLeft === null ? '' : durationText(dock.secondsLeft * 1000),
            ]),
          ),
        ]),
    `Queue: ${status.queue.spoolFiles} files (${sizeText(status.queue.spoolBytes)}) in the spool, ${status.queue.keptParts} interrupted file(s) kept to be continued, ${status.queue.acquisitionsWaiting} acquisition(s) waiting for the vault`,
    `Ledger: ${status.ledger.size} entries, ${status.ledger.published} published to the vault, root ${status.ledger.root.slice(0, 16)}...`,
    `Catalog: ${status.catalog.applied} entries applied; ${items === '' ? 'no items yet' : items}; ${status.catalog.cases} case(s), ${status.catalog.cameras} camera(s), ${sizeText(status.catalog.sizeBytes)}`,
    ...status.vaults.map(showVaultLine),
    showScrubLine(status.scrub),
    `Free: ${sizeText(status.free.spoolBytes)} for the spool${status.free.vaultBytes === null ? '' : `, ${sizeText(status.free.vaultBytes)} for the vault`}`,
    ...(status.recent.length === 0
      ? []
      : [
          'Last receipts:',
          table(
            ['  receipt', 'camera', 'finished', 'recorded', 'open'],
            status.recent.map((each) => [
              `  ${each.acquisition}`,
              harmless(each.camera),
              timeText(each.finishedAt),
              String(each.recorded),
              String(each.open),
            ]),
          ),
        ]),
    ...(status.problems.length === 0
      ? ['No problems.']
      : [
          'Last problems:',
          ...status.problems.map((each) => `  ${timeText(each.at)}  ${harmless(each.what)}\n      ${each.next}`),
        ]),
  ].join('\n');
}
